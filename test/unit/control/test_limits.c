/* SPDX-License-Identifier: BSD-3-Clause */
/** Counting of connections and sessions. */
#include "control/limits.h"

#include <stdlib.h>

#include "unit.h"

static struct config_control control;

static struct limits *make(void)
{
	const struct config_limits pool = {.connections = 300,
	                                   .connections_per_address = 2,
	                                   .sessions = 3,
	                                   .sessions_per_connection = 2,
	                                   .sessions_per_address = 3};

	control = (struct config_control){.unauthenticated = pool, .keyed = pool, .half_open = 500};
	return limits_create(&control, 42);
}

static struct address client(unsigned number)
{
	const uint8_t octets[4] = {10, 0, (uint8_t)(number >> 8), (uint8_t)number};

	return address_make(4, octets);
}

static void half_open_connections_count_at_once(void)
{
	struct limits *limits = make();
	struct address address = client(1);
	struct address_usage *usages[4];
	const char *reason = NULL;

	for (unsigned i = 0; i < 4; i++) {
		usages[i] = limits_take_connection(limits, &address, &reason);
		CU_ASSERT_PTR_NOT_NULL(usages[i]);
	}
	CU_ASSERT_PTR_NULL(limits_take_connection(limits, &address, &reason));
	CU_ASSERT_PTR_NOT_NULL(reason);
	CU_ASSERT_EQUAL(limits_half_open(limits), 4);
	CU_ASSERT_EQUAL(limits_half_open_of(usages[0]), 4);
	CU_ASSERT_TRUE(limits_address_is_full(limits, &address));
	CU_ASSERT_TRUE(limits_enter_pool(limits, usages[0], POOL_KEYED));
	CU_ASSERT_TRUE(limits_enter_pool(limits, usages[1], POOL_KEYED));
	CU_ASSERT_FALSE(limits_pool_has_room(limits, usages[2], POOL_KEYED));
	CU_ASSERT_FALSE(limits_enter_pool(limits, usages[2], POOL_KEYED));
	CU_ASSERT_TRUE(limits_enter_pool(limits, usages[2], POOL_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(limits_half_open(limits), 1);
	CU_ASSERT_EQUAL(limits_half_open_of(usages[0]), 1);
	limits_release_connection(limits, usages[0], POOL_KEYED);
	limits_release_connection(limits, usages[1], POOL_KEYED);
	limits_release_connection(limits, usages[2], POOL_UNAUTHENTICATED);
	CU_ASSERT_EQUAL(limits_addresses(limits), 1);
	CU_ASSERT_FALSE(limits_address_is_full(limits, &address));
	CU_ASSERT_PTR_EQUAL(limits_take_connection(limits, &address, &reason), usages[3]);
	CU_ASSERT_EQUAL(limits_half_open_of(usages[3]), 2);
	limits_release_connection(limits, usages[3], POOL_NONE);
	CU_ASSERT_EQUAL(limits_half_open_of(usages[3]), 1);
	limits_release_connection(limits, usages[3], POOL_NONE);
	CU_ASSERT_EQUAL(limits_addresses(limits), 0);
	CU_ASSERT_EQUAL(limits_half_open(limits), 0);
	limits_destroy(limits);
}

static void totals_count_every_address(void)
{
	struct limits *limits = make();
	struct address_usage *usages[500];
	struct address late = client(600);
	const char *reason = NULL;

	for (unsigned i = 0; i < 500; i++) {
		struct address address = client(i);

		usages[i] = limits_take_connection(limits, &address, &reason);
		CU_ASSERT_PTR_NOT_NULL_FATAL(usages[i]);
	}
	CU_ASSERT_EQUAL(limits_addresses(limits), 500);
	CU_ASSERT_PTR_NULL(limits_take_connection(limits, &late, &reason));
	for (unsigned i = 0; i < 300; i++)
		CU_ASSERT_TRUE(limits_enter_pool(limits, usages[i], POOL_KEYED));
	CU_ASSERT_FALSE(limits_enter_pool(limits, usages[300], POOL_KEYED));
	for (unsigned i = 0; i < 500; i++)
		limits_release_connection(limits, usages[i], i < 300 ? POOL_KEYED : POOL_NONE);
	CU_ASSERT_EQUAL(limits_addresses(limits), 0);
	limits_destroy(limits);
}

static void sessions_keep_their_address_after_the_connection(void)
{
	struct limits *limits = make();
	struct address address = client(1);
	struct address other = client(2);
	const char *reason = NULL;
	struct address_usage *usage = limits_take_connection(limits, &address, &reason);
	struct address_usage *second = limits_take_connection(limits, &other, &reason);

	CU_ASSERT_TRUE(limits_enter_pool(limits, usage, POOL_KEYED));
	CU_ASSERT_EQUAL(limits_take_session(limits, usage, POOL_KEYED, 0, &reason), ACCEPT_OK);
	CU_ASSERT_EQUAL(limits_take_session(limits, usage, POOL_KEYED, 1, &reason), ACCEPT_OK);
	CU_ASSERT_EQUAL(limits_take_session(limits, usage, POOL_KEYED, 2, &reason),
	                ACCEPT_PERMANENT_LIMIT);
	limits_release_connection(limits, usage, POOL_KEYED);
	CU_ASSERT_EQUAL(limits_addresses(limits), 2);
	/* The same entry is found again. */
	CU_ASSERT_PTR_EQUAL(limits_take_connection(limits, &address, &reason), usage);
	limits_release_connection(limits, usage, POOL_NONE);
	CU_ASSERT_EQUAL(limits_take_session(limits, second, POOL_KEYED, 0, &reason), ACCEPT_OK);
	CU_ASSERT_EQUAL(limits_take_session(limits, second, POOL_KEYED, 1, &reason),
	                ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(limits_take_session(limits, second, POOL_UNAUTHENTICATED, 1, &reason),
	                ACCEPT_OK);
	limits_release_session(limits, usage, POOL_KEYED);
	limits_release_session(limits, usage, POOL_KEYED);
	CU_ASSERT_EQUAL(limits_addresses(limits), 1);
	limits_destroy(limits);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"half-open connections count at once", half_open_connections_count_at_once},
	        {"totals count every address", totals_count_every_address},
	        {"sessions keep their address after the connection",
	         sessions_keep_their_address_after_the_connection},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-limits", tests);
}
