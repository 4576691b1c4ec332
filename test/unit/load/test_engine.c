/* SPDX-License-Identifier: BSD-3-Clause */
/** The engine's trials: every mode, many sessions, the kernel's frames, interruptions. */
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine_stand.h"
#include "unit.h"

static struct engine_stand stand;

static const struct peer_faults no_faults;

static void a_forwarder_that_swaps(void)
{
	const struct load_world_group groups[] = {
	        {4, TEST_UNAUTHENTICATED, LOAD_PEER_SWAP, false, 0, {64, 512}, 2, 7, true},
	        {6, TEST_UNAUTHENTICATED, LOAD_PEER_SWAP, false, 0, {41}, 1, 2, true}};
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 50000, .duration_ns = 100 * MS};
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.narrow);
	engine_stand_add(&stand, &groups[0], 3);
	engine_stand_add(&stand, &groups[1], 1);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.narrow, NULL, &no_faults);
	for (unsigned trial = 1; trial <= 3; trial++) {
		engine_stand_run(&stand, &order, &result);
		CU_ASSERT(result.sent >= 4999 && result.sent <= 5001);
		engine_stand_expect_whole(&result, result.sent);
		CU_ASSERT(result.duration_ns >= 99 * MS && result.duration_ns <= 101 * MS);
		CU_ASSERT(result.sent_rate > 49900 && result.sent_rate < 50100);
		CU_ASSERT_EQUAL(result.answered_rate, result.sent_rate);
		CU_ASSERT_EQUAL(stand.world.sessions.sessions[0].group, 0);
		uint64_t first = 0, second = 0;
		for (unsigned i = 0; i < 9; i++)
			*(i < 7 ? &first : &second) +=
			        stand.world.sessions.sessions[i].next_sequence;
		CU_ASSERT(first >= 3749 * trial && first <= 3751 * trial);
		CU_ASSERT(second >= 1249 * trial && second <= 1251 * trial);
	}
	engine_stand_tear_down(&stand, &stand.narrow);
}

static void every_mode_on_two_lcores(void)
{
	const struct peer_faults elsewhere = {.other_queue = true};
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 60000, .warm_up_ns = 20 * MS, .duration_ns = 100 * MS};
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.wide);
	engine_stand_add_modes(&stand, 5);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.wide, &stand.world, &elsewhere);
	for (unsigned trial = 0; trial < 2; trial++) {
		engine_stand_run(&stand, &order, &result);
		/* Each lcore has its own schedule, of which the last slot may be the other's first. */
		CU_ASSERT(result.sent >= 5998 && result.sent <= 6002);
		engine_stand_expect_whole(&result, result.sent);
		CU_ASSERT(result.measures.handed_over > 100);
		CU_ASSERT_EQUAL(result.measures.distributions[LOAD_TURNAROUND].count, result.sent);
		CU_ASSERT(result.duration_ns >= 99 * MS && result.duration_ns <= 101 * MS);
	}
	uint64_t sent[3] = {0};
	for (unsigned i = 0; i < stand.world.sessions.count; i++)
		sent[stand.world.sessions.sessions[i].group] +=
		        stand.world.sessions.sessions[i].next_sequence;
	uint64_t all = sent[0] + sent[1] + sent[2];
	CU_ASSERT(all >= 14390 && all <= 14410);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT(llabs((long long)sent[i] - (long long)((i + 1) * all / 6)) <= 12);
	engine_stand_tear_down(&stand, &stand.wide);
	CU_ASSERT_EQUAL(stand.wide.foreign, 0);
	CU_ASSERT_EQUAL(stand.wide.taken, all);
}

/** Every phase of two trials and the time between them; what arrives meanwhile is seen late, which is counted. */
static void lcores_that_sleep(void)
{
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 2000, .warm_up_ns = 10 * MS, .duration_ns = 100 * MS};
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.wide);
	stand.config.host.eal.idle = IDLE_SLEEP;
	stand.config.host.eal.idle_sleep_us = 1000;
	engine_stand_add_modes(&stand, 2);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.wide, &stand.world, &no_faults);
	for (unsigned trial = 0; trial < 2; trial++) {
		engine_stand_run(&stand, &order, &result);
		CU_ASSERT(result.sent >= 198 && result.sent <= 202);
		engine_stand_expect_whole(&result, result.sent);
		CU_ASSERT(result.measures.nap_maximum_ns > 0);
	}
	engine_stand_tear_down(&stand, &stand.wide);
}

static void interrupted(void)
{
	const struct trial_order orders[] = {
	        {.kind = TRIAL_PACED, .rate = 10000, .duration_ns = 3600 * SECOND},
	        {.kind = TRIAL_PACED,
	         .rate = 10000,
	         .warm_up_ns = 3600 * SECOND,
	         .duration_ns = SECOND},
	};
	struct load_measures measures;
	struct trial_result result;
	struct error error;

	engine_stand_set_up(&stand, &stand.wide);
	engine_stand_add_modes(&stand, 2);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.wide, &stand.world, &no_faults);
	engine_stand_begin(&stand, &orders[0]);
	CU_ASSERT_EQUAL(engine_begin(stand.engine, &orders[0], &error), ERROR_ARGUMENT);
	do {
		(void)usleep(STAND_WAIT_US);
		engine_look(stand.engine, &measures);
	} while (measures.answered < 500);
	CU_ASSERT(measures.sent >= 500);
	CU_ASSERT(measures.distributions[LOAD_RTT].count >= 1);
	engine_interrupt(stand.engine);
	engine_stand_finish(&stand, &result);
	CU_ASSERT_TRUE(result.interrupted);
	CU_ASSERT(result.sent >= 500);
	CU_ASSERT_EQUAL(result.lost, 0);
	CU_ASSERT_EQUAL(result.measures.answered, result.sent);
	/* In the warm-up: nothing counts, nor is the last trial seen before the lcores have begun this one. */
	engine_stand_begin(&stand, &orders[1]);
	engine_look(stand.engine, &measures);
	CU_ASSERT_EQUAL(measures.sent, 0);
	CU_ASSERT_EQUAL(measures.answered, 0);
	CU_ASSERT_EQUAL(measures.distributions[LOAD_RTT].count, 0);
	(void)usleep(50000);
	engine_interrupt(stand.engine);
	engine_stand_finish(&stand, &result);
	CU_ASSERT_TRUE(result.interrupted);
	CU_ASSERT_EQUAL(result.sent, 0);
	CU_ASSERT_EQUAL(result.measures.answered, 0);
	CU_ASSERT_EQUAL(result.lost, 0);
	/* At once. */
	engine_stand_begin(&stand, &orders[0]);
	engine_interrupt(stand.engine);
	engine_stand_finish(&stand, &result);
	CU_ASSERT_TRUE(result.interrupted);
	CU_ASSERT_EQUAL(result.lost, 0);
	CU_ASSERT_EQUAL(result.measures.answered, result.sent);
	engine_interrupt(stand.engine);
	engine_stand_tear_down(&stand, &stand.wide);
}

static struct rte_mbuf *mbuf_of(const uint8_t *octets, uint16_t length)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(stand.pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, length), octets, length);
	return mbuf;
}

/** Between trials, in a trial, and while a burst's replies are kept. */
static void the_kernels_frames(void)
{
	static const uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
	                                0,    0,    0,    0,    1,    0x08, 0x06};
	const struct trial_order orders[] = {
	        {.kind = TRIAL_PACED, .rate = 10000, .duration_ns = 50 * MS},
	        {.kind = TRIAL_BURST, .frames = 500}};
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.wide);
	stand.config.burst_frames = 500;
	stand.config.run = LOAD_RUN_BURST;
	stand.config.judge = LOAD_JUDGE_AFTERWARDS;
	engine_stand_add_modes(&stand, 2);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.wide, &stand.world, &no_faults);
	for (unsigned i = 0; i < 3; i++) {
		if (i > 0)
			engine_stand_begin(&stand, &orders[i - 1]);
		CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(stand.wide.replies[0], mbuf_of(arp, 60)), 0);
		CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(stand.wide.replies[1], mbuf_of(arp, 60)), 0);
		CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(stand.from_kernel, mbuf_of(arp, 60)), 0);
		if (i > 0) {
			engine_stand_finish(&stand, &result);
			CU_ASSERT_EQUAL(result.lost, 0);
			CU_ASSERT(result.sent >= 499 && result.sent <= 501);
		}
		for (unsigned wait = 0; wait < STAND_WAIT_ROUNDS; wait++) {
			if (rte_ring_count(stand.to_kernel) == 2 * (i + 1))
				break;
			(void)usleep(STAND_WAIT_US);
		}
		CU_ASSERT_EQUAL(rte_ring_count(stand.to_kernel), 2 * (i + 1));
	}
	for (unsigned wait = 0; wait < STAND_WAIT_ROUNDS && rte_ring_count(stand.from_kernel) > 0;
	     wait++)
		(void)usleep(STAND_WAIT_US);
	(void)usleep(20000);
	engine_stand_tear_down(&stand, &stand.wide);
	CU_ASSERT_EQUAL(stand.wide.foreign, 3);
}

static void some_sessions_then_more(void)
{
	static const uint32_t steps[] = {1, 4, 9, 5, 0};
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.wide);
	stand.config.run = LOAD_RUN_RAMP;
	stand.config.ramp_from = 1;
	stand.config.ramp_to = 9;
	stand.config.ramp_step = 1;
	stand.config.rate.packets = 20000;
	stand.config.timeout_ns = 2 * SECOND;
	engine_stand_add_modes(&stand, 3);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.wide, &stand.world, &no_faults);
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct trial_order order = {.kind = TRIAL_PACED,
		                                  .rate = 20000,
		                                  .sessions = steps[i],
		                                  .warm_up_ns = 5 * MS,
		                                  .duration_ns = 50 * MS};
		uint64_t before[9];

		for (unsigned k = 0; k < 9; k++)
			before[k] = stand.world.sessions.sessions[k].next_sequence;
		engine_stand_run(&stand, &order, &result);
		CU_ASSERT(result.sent >= 998 && result.sent <= 1002);
		engine_stand_expect_whole(&result, result.sent);
		for (unsigned k = 0; k < 9; k++)
			CU_ASSERT_EQUAL(stand.world.sessions.sessions[k].next_sequence > before[k],
			                steps[i] == 0 || k < steps[i]);
	}
	engine_stand_tear_down(&stand, &stand.wide);
}

static void what_can_not_be_is_refused(void)
{
	struct trial_order order = {.kind = TRIAL_PACED, .rate = 0, .duration_ns = MS};
	struct error error;

	engine_stand_set_up(&stand, &stand.wide);
	engine_stand_add_modes(&stand, 1);
	load_world_complete(&stand.world);
	stand.config.timeout_ns = 100 * MS;
	stand.settings.mtu = 1400;
	CU_ASSERT_EQUAL(engine_create(&stand.settings, &stand.engine, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "group 3"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "1428"));
	stand.settings.mtu = 1500;
	stand.config.rate.packets = UINT64_C(100000000000);
	CU_ASSERT_EQUAL(engine_create(&stand.settings, &stand.engine, &error), ERROR_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "lower the rate"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "timeout"));
	stand.config.rate.packets = 10000;
	CU_ASSERT_EQUAL_FATAL(engine_create(&stand.settings, &stand.engine, &error), 0);
	CU_ASSERT_EQUAL(engine_begin(stand.engine, &order, &error), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL_FATAL(engine_launch(stand.engine, &error), 0);
	CU_ASSERT_EQUAL(engine_begin(stand.engine, &order, &error), ERROR_ARGUMENT);
	order.rate = 1e9;
	CU_ASSERT_EQUAL(engine_begin(stand.engine, &order, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "in flight"));
	order = (struct trial_order){.kind = TRIAL_BURST, .frames = 20000};
	CU_ASSERT_EQUAL(engine_begin(stand.engine, &order, &error), ERROR_ARGUMENT);
	order.frames = 0;
	CU_ASSERT_EQUAL(engine_begin(stand.engine, &order, &error), ERROR_ARGUMENT);
	engine_destroy(stand.engine);
	load_world_tear_down(&stand.world);
}

int main(void)
{
	CU_TestInfo tests[] = {{"a forwarder that swaps", a_forwarder_that_swaps},
	                       {"every mode on two lcores", every_mode_on_two_lcores},
	                       {"lcores that sleep", lcores_that_sleep},
	                       {"interrupted", interrupted},
	                       {"the kernel's frames", the_kernels_frames},
	                       {"some sessions, then more", some_sessions_then_more},
	                       {"what can not be is refused", what_can_not_be_is_refused},
	                       CU_TEST_INFO_NULL};

	return engine_stand_test(&stand, "load-engine", tests);
}
