/* SPDX-License-Identifier: BSD-3-Clause */
/** How many packets of a session are remembered: all that may be on their way, and the burst that is being built. */
#include "flights.h"

#include <string.h>

#include "sender.h"
#include "unit.h"

#define SECOND UINT64_C(1000000000)

static uint32_t entries(double rate, uint32_t frames, uint32_t share, uint64_t total,
                        unsigned sessions)
{
	const struct flights_need need = {.rate = rate, .frames = frames, .window_ns = SECOND};

	return flights_of_session(&need, share, total, sessions);
}

static void what_is_on_its_way_has_a_place(void)
{
	CU_ASSERT_EQUAL(SEND_BURST_MAX, 64);
	CU_ASSERT_EQUAL(entries(0, 0, 1, 1, 1), 128);
	CU_ASSERT_EQUAL(entries(1024 - 65, 0, 1, 1, 1), 1024);
	CU_ASSERT_EQUAL(entries(1024 - 64, 0, 1, 1, 1), 2048);
	CU_ASSERT_EQUAL(entries(0, 1024 - 65, 1, 1, 1), 1024);
	CU_ASSERT_EQUAL(entries(0, 1024 - 64, 1, 1, 1), 2048);
	/* Three quarters of the traffic, in two sessions. */
	CU_ASSERT_EQUAL(entries(8 * (1024 - 65) / 3.0, 0, 3, 4, 2), 1024);
	CU_ASSERT_EQUAL(entries(8 * (1024 - 64) / 3.0, 0, 3, 4, 2), 2048);
	/* Sequence numbers must tell a packet from one that is long gone. */
	CU_ASSERT_EQUAL(entries(1e15, 0, 1, 1, 1), UINT32_C(1) << 30);
}

static void too_many_are_refused_before_anything_is_sent(void)
{
	const struct flights_need need = {.rate = 1e9, .window_ns = SECOND};
	static struct flights flights;
	struct error error = {""};

	CU_ASSERT_EQUAL(flights_create(&flights, UINT64_C(1) << 40, &need, 7, &error), ERROR_LIMIT);
	CU_ASSERT(strstr(error.text, "1000000000 packets/s") != NULL);
	CU_ASSERT(strstr(error.text, "7 sessions within a timeout of 1000 ms") != NULL);
	CU_ASSERT(strstr(error.text, "33554432 MiB") != NULL);
	CU_ASSERT_PTR_NULL(flights.entries);
	flights_destroy(&flights);
	CU_ASSERT_EQUAL(flights_create(&flights, 100, &need, 1, &error), 0);
	CU_ASSERT_FATAL(flights.entries != NULL);
	CU_ASSERT_EQUAL(flights.entries[99].state, FLIGHT_NONE);
	flights_destroy(&flights);
}

static void what_was_there_is_forgotten(void)
{
	static struct load_flight places[4];
	static struct load_session session;

	memset(places, 0xff, sizeof(places));
	flights_give(&session, places, 2);
	CU_ASSERT(session.flights == places && session.flight_mask == 1);
	CU_ASSERT(places[0].state == FLIGHT_NONE && places[1].state == FLIGHT_NONE);
	CU_ASSERT_EQUAL(places[2].state, 0xff);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"what is on its way has a place", what_is_on_its_way_has_a_place},
	        {"too many are refused", too_many_are_refused_before_anything_is_sent},
	        {"what was there is forgotten", what_was_there_is_forgotten},
	        CU_TEST_INFO_NULL};

	return unit_run("load-flights", tests);
}
