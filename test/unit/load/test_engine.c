/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The engine on ports made of rings, with the datapath or a forwarder at the other end. No hugepages, no root. The machine may be as slow
 * as it likes: slots may be sent ten seconds late where a test does not say otherwise.
 */
#include "engine.h"

#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine_peer.h"
#include "unit.h"

#define MBUFS            8191u
#define RING_SIZE        4096u
#define SMALL_RING_SIZE  64u /**< room for one less */
#define KERNEL_RING_SIZE 64u
#define MS               UINT64_C(1000000)
#define SECOND           (1000 * MS)
#define WAIT_US          200u
#define WAIT_ROUNDS      300000u

static struct rte_mempool *pool;
static struct rte_ring *to_kernel, *from_kernel;
static struct engine_peer wide, narrow; /**< two queues; one, with small rings */
static struct load_world world;
static struct load_config config;
static struct engine_settings settings;
static struct engine *engine;
static uint64_t tsc_hz;

static void ports_start(void)
{
	engine_peer_open(&wide, "wide", 2, RING_SIZE, pool);
	engine_peer_open(&narrow, "narrow", 1, SMALL_RING_SIZE, pool);
}

static void set_up(enum suite_kind kind, const struct engine_peer *peer)
{
	struct clock_sample sample = clock_sample_take();

	load_world_set_up(&world, kind);
	tsc_clock_init(&world.world.clock, tsc_hz, &sample);
	memset(&config, 0, sizeof(config));
	config.run = LOAD_RUN_RATE;
	config.rate.packets = 200000;
	config.timeout_ns = 10 * SECOND;
	config.late_slot_ns = 10 * SECOND;
	config.send_burst = 32;
	settings = (struct engine_settings){.port_id = peer->port_id,
	                                    .queues = (uint16_t)peer->queues,
	                                    .mtu = 1500,
	                                    .pool = pool,
	                                    .to_kernel = to_kernel,
	                                    .from_kernel = from_kernel,
	                                    .sessions = &world.sessions,
	                                    .suite_kind = kind,
	                                    .clock = &world.world.clock,
	                                    .tsc_hz = tsc_hz,
	                                    .config = &config};
}

static void add(const struct load_world_group *group, uint32_t share)
{
	struct load_group *to = &config.groups[config.group_count++];

	(void)snprintf(to->name, sizeof(to->name), "group %u", config.group_count);
	to->count = group->count;
	to->share = share;
	config.peer = group->peer;
	load_world_add(&world, group);
}

static void add_modes(unsigned count)
{
	const struct load_world_group groups[] = {
	        {4, TEST_UNAUTHENTICATED, 0, false, 0, {14, 41, 200}, 3, count, false},
	        {6, TEST_AUTHENTICATED, 0, false, 1, {48, 112}, 2, count, false},
	        {4, TEST_ENCRYPTED, 0, true, 2, {112, 1400}, 2, count, false}};

	for (unsigned i = 0; i < 3; i++)
		add(&groups[i], i + 1);
}

static void launch(void)
{
	struct error error = {.text = ""};

	load_world_complete(&world);
	CU_ASSERT_EQUAL_FATAL(engine_create(&settings, &engine, &error), 0);
	CU_ASSERT_EQUAL_FATAL(engine_launch(engine, &error), 0);
}

static void begin(const struct trial_order *order)
{
	struct error error = {.text = ""};
	int status = engine_begin(engine, order, &error);

	if (status != 0)
		(void)fprintf(stderr, "%s\n", error.text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
}

static void finish(struct trial_result *result)
{
	unsigned i = 0;

	while (!engine_finished(engine) && i++ < WAIT_ROUNDS)
		(void)usleep(WAIT_US);
	CU_ASSERT_FATAL(engine_finished(engine));
	engine_collect(engine, result);
}

static void run(const struct trial_order *order, struct trial_result *result)
{
	begin(order);
	finish(result);
}

/** No buffer got lost. */
static void tear_down(struct engine_peer *peer)
{
	void *mbuf;

	engine_destroy(engine);
	engine_peer_stop(peer);
	while (rte_ring_dequeue(to_kernel, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), MBUFS);
	load_world_tear_down(&world);
}

static uint64_t faults_of(const struct trial_result *result)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++)
		sum += result->measures.faults[i];
	return sum;
}

/** Everything came back, and all counts say so. */
static void expect_whole(const struct trial_result *result, uint64_t slots)
{
	const struct load_measures *measures = &result->measures;

	CU_ASSERT_EQUAL(measures->scheduled, slots);
	CU_ASSERT_EQUAL(measures->missed, 0);
	CU_ASSERT_EQUAL(measures->sent, slots);
	CU_ASSERT_EQUAL(measures->answered, slots);
	CU_ASSERT_EQUAL(measures->distributions[LOAD_RTT].count, slots);
	CU_ASSERT_EQUAL(result->sent, slots);
	CU_ASSERT_EQUAL(result->lost, 0);
	CU_ASSERT_EQUAL(faults_of(result), 0);
	CU_ASSERT_EQUAL(result->limits, 0);
	CU_ASSERT_FALSE(result->interrupted);
}

static const struct peer_faults no_faults;

static void a_forwarder_that_swaps(void)
{
	const struct load_world_group groups[] = {
	        {4, TEST_UNAUTHENTICATED, LOAD_PEER_SWAP, false, 0, {64, 512}, 2, 7, true},
	        {6, TEST_UNAUTHENTICATED, LOAD_PEER_SWAP, false, 0, {41}, 1, 2, true}};
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 50000, .duration_ns = 100 * MS};
	struct trial_result result;

	set_up(SUITE_IPSEC_MB, &narrow);
	add(&groups[0], 3);
	add(&groups[1], 1);
	launch();
	engine_peer_start(&narrow, NULL, &no_faults);
	for (unsigned trial = 1; trial <= 3; trial++) {
		run(&order, &result);
		CU_ASSERT(result.sent >= 4999 && result.sent <= 5001);
		expect_whole(&result, result.sent);
		CU_ASSERT(result.duration_ns >= 99 * MS && result.duration_ns <= 101 * MS);
		CU_ASSERT(result.sent_rate > 49900 && result.sent_rate < 50100);
		CU_ASSERT_EQUAL(result.answered_rate, result.sent_rate);
		CU_ASSERT_EQUAL(world.sessions.sessions[0].group, 0);
		uint64_t first = 0, second = 0;
		for (unsigned i = 0; i < 9; i++)
			*(i < 7 ? &first : &second) += world.sessions.sessions[i].next_sequence;
		CU_ASSERT(first >= 3749 * trial && first <= 3751 * trial);
		CU_ASSERT(second >= 1249 * trial && second <= 1251 * trial);
	}
	tear_down(&narrow);
}

static void every_mode_on_two_lcores(void)
{
	const struct peer_faults elsewhere = {.other_queue = true};
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 60000, .warm_up_ns = 20 * MS, .duration_ns = 100 * MS};
	struct trial_result result;

	set_up(SUITE_IPSEC_MB, &wide);
	add_modes(5);
	launch();
	engine_peer_start(&wide, &world, &elsewhere);
	for (unsigned trial = 0; trial < 2; trial++) {
		run(&order, &result);
		/* Each lcore has its own schedule, of which the last slot may be the other's first. */
		CU_ASSERT(result.sent >= 5998 && result.sent <= 6002);
		expect_whole(&result, result.sent);
		CU_ASSERT(result.measures.handed_over > 100);
		CU_ASSERT_EQUAL(result.measures.distributions[LOAD_TURNAROUND].count, result.sent);
		CU_ASSERT(result.duration_ns >= 99 * MS && result.duration_ns <= 101 * MS);
	}
	uint64_t sent[3] = {0};
	for (unsigned i = 0; i < world.sessions.count; i++)
		sent[world.sessions.sessions[i].group] += world.sessions.sessions[i].next_sequence;
	uint64_t all = sent[0] + sent[1] + sent[2];
	CU_ASSERT(all >= 14390 && all <= 14410);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT(llabs((long long)sent[i] - (long long)((i + 1) * all / 6)) <= 12);
	tear_down(&wide);
	CU_ASSERT_EQUAL(wide.foreign, 0);
	CU_ASSERT_EQUAL(wide.taken, all);
}

static void loss_is_counted_exactly(void)
{
	const struct peer_faults faults = {.drop_request = 10, .drop_reply = 7};
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 30000, .duration_ns = 100 * MS};
	struct trial_result result;

	set_up(SUITE_IPSEC_MB, &wide);
	config.timeout_ns = 1500 * MS;
	add_modes(3);
	launch();
	engine_peer_start(&wide, &world, &faults);
	run(&order, &result);
	engine_stop(engine);
	engine_peer_pause(&wide, true);
	CU_ASSERT_EQUAL(result.sent, wide.taken);
	CU_ASSERT_EQUAL(result.lost, wide.dropped_requests + wide.dropped_replies);
	CU_ASSERT_EQUAL(result.lost,
	                result.lost_forward + result.lost_backward + result.lost_unknown);
	/* Only what is behind a session's last reply, or before its first, is unknown. */
	CU_ASSERT(result.lost_unknown <= 4u * world.sessions.count);
	CU_ASSERT(result.lost_forward <= wide.dropped_requests);
	CU_ASSERT(result.lost_backward <= wide.dropped_replies);
	CU_ASSERT_EQUAL(result.measures.answered, result.sent - result.lost);
	tear_down(&wide);
}

static void a_device_that_takes_no_more(void)
{
	const struct peer_faults paused = {.pause = true};
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 20000, .duration_ns = 300 * MS};
	struct trial_result result;

	set_up(SUITE_IPSEC_MB, &narrow);
	config.late_slot_ns = 5 * MS;
	add_modes(2);
	launch();
	engine_peer_start(&narrow, &world, &paused);
	begin(&order);
	(void)usleep(150000);
	engine_peer_pause(&narrow, false);
	finish(&result);
	const struct load_measures *measures = &result.measures;
	CU_ASSERT(measures->scheduled >= 5999 && measures->scheduled <= 6001);
	CU_ASSERT(measures->missed >= 500);
	CU_ASSERT(measures->transmit_full > 0);
	CU_ASSERT_EQUAL(measures->sent, measures->scheduled - measures->missed);
	CU_ASSERT_EQUAL(result.sent, measures->sent);
	CU_ASSERT_EQUAL(result.lost, 0);
	/* Half of the time there was nothing to do but wait. */
	CU_ASSERT(measures->held_back_ns >= 100 * MS && measures->held_back_ns <= 300 * MS);
	CU_ASSERT_EQUAL(result.limits, TRIAL_LIMIT_TRANSMIT);
	CU_ASSERT(measures->lag_maximum_ns >= 100 * MS);
	CU_ASSERT_FALSE(trial_offered(&result));
	tear_down(&narrow);
}

static void no_buffers(void)
{
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 20000, .duration_ns = 200 * MS};
	static struct rte_mbuf *held[MBUFS];
	struct trial_result result;

	set_up(SUITE_IPSEC_MB, &wide);
	config.late_slot_ns = 5 * MS;
	add_modes(2);
	launch();
	engine_peer_start(&wide, &world, &no_faults);
	unsigned count = 0;
	while (count < MBUFS && (held[count] = rte_pktmbuf_alloc(pool)) != NULL)
		count++;
	begin(&order);
	(void)usleep(100000);
	rte_pktmbuf_free_bulk(held, count);
	finish(&result);
	CU_ASSERT(result.measures.no_buffer > 0);
	CU_ASSERT(result.measures.missed > 0);
	CU_ASSERT_EQUAL(result.measures.sent, result.measures.scheduled - result.measures.missed);
	CU_ASSERT_EQUAL(result.lost, 0);
	CU_ASSERT_EQUAL(result.limits, TRIAL_LIMIT_SCHEDULE | TRIAL_LIMIT_BUFFERS);
	tear_down(&wide);
}

static void bursts(void)
{
	for (unsigned run_number = 0; run_number < 4; run_number++) {
		struct engine_peer *peer = run_number % 2 == 0 ? &wide : &narrow;
		struct trial_order order = {.kind = TRIAL_BURST, .frames = 1500};
		struct trial_result result;

		set_up(SUITE_IPSEC_MB, peer);
		config.run = LOAD_RUN_BURST;
		config.burst_frames = 1500;
		config.judge = run_number / 2 == 0 ? LOAD_JUDGE_AFTERWARDS : LOAD_JUDGE_AT_ONCE;
		add_modes(7);
		launch();
		engine_peer_start(peer, &world, &no_faults);
		for (unsigned round = 0; round < 3; round++) {
			run(&order, &result);
			CU_ASSERT_EQUAL(result.sent, 1500);
			CU_ASSERT_EQUAL(result.lost, 0);
			CU_ASSERT_EQUAL(faults_of(&result), 0);
			CU_ASSERT_EQUAL(result.limits, 0);
			CU_ASSERT_EQUAL(result.burst.sent, 1500);
			CU_ASSERT_EQUAL(result.burst.received, 1500);
			CU_ASSERT(result.burst.send_ns > 0);
			CU_ASSERT(result.burst.arrival_ns > 0);
			CU_ASSERT(result.burst.reflector_ns > 0);
			CU_ASSERT(result.burst.reflector_ns < 60 * SECOND);
			CU_ASSERT(result.answered_rate > 0);
		}
		tear_down(peer);
	}
}

static void a_burst_with_losses_ends(void)
{
	const struct peer_faults faults = {.drop_reply = 1000};

	for (unsigned i = 0; i < 2; i++) {
		const struct trial_order order = {.kind = TRIAL_BURST, .frames = 1500};
		struct trial_result result;

		set_up(SUITE_IPSEC_MB, &wide);
		config.timeout_ns = 1500 * MS;
		config.burst_frames = 1500;
		config.run = LOAD_RUN_BURST;
		config.judge = i == 0 ? LOAD_JUDGE_AFTERWARDS : LOAD_JUDGE_AT_ONCE;
		add_modes(2);
		launch();
		engine_peer_start(&wide, &world, &faults);
		run(&order, &result);
		CU_ASSERT_EQUAL(result.sent, 1500);
		CU_ASSERT_EQUAL(result.lost, 1);
		CU_ASSERT_EQUAL(result.burst.received, 1499);
		CU_ASSERT_EQUAL(faults_of(&result), 0);
		tear_down(&wide);
	}
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

	set_up(SUITE_IPSEC_MB, &wide);
	add_modes(2);
	launch();
	engine_peer_start(&wide, &world, &no_faults);
	begin(&orders[0]);
	CU_ASSERT_EQUAL(engine_begin(engine, &orders[0], &error), ERROR_ARGUMENT);
	do {
		(void)usleep(WAIT_US);
		engine_look(engine, &measures);
	} while (measures.answered < 500);
	CU_ASSERT(measures.sent >= 500);
	CU_ASSERT(measures.distributions[LOAD_RTT].count >= 1);
	engine_interrupt(engine);
	finish(&result);
	CU_ASSERT_TRUE(result.interrupted);
	CU_ASSERT(result.sent >= 500);
	CU_ASSERT_EQUAL(result.lost, 0);
	CU_ASSERT_EQUAL(result.measures.answered, result.sent);
	/* In the warm-up: nothing counts. */
	begin(&orders[1]);
	(void)usleep(50000);
	engine_interrupt(engine);
	finish(&result);
	CU_ASSERT_TRUE(result.interrupted);
	CU_ASSERT_EQUAL(result.sent, 0);
	CU_ASSERT_EQUAL(result.measures.answered, 0);
	CU_ASSERT_EQUAL(result.lost, 0);
	/* At once. */
	begin(&orders[0]);
	engine_interrupt(engine);
	finish(&result);
	CU_ASSERT_TRUE(result.interrupted);
	CU_ASSERT_EQUAL(result.lost, 0);
	engine_interrupt(engine);
	tear_down(&wide);
}

static struct rte_mbuf *mbuf_of(const uint8_t *octets, uint16_t length)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

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

	set_up(SUITE_IPSEC_MB, &wide);
	config.burst_frames = 500;
	config.run = LOAD_RUN_BURST;
	config.judge = LOAD_JUDGE_AFTERWARDS;
	add_modes(2);
	launch();
	engine_peer_start(&wide, &world, &no_faults);
	for (unsigned i = 0; i < 3; i++) {
		if (i > 0)
			begin(&orders[i - 1]);
		CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(wide.replies[0], mbuf_of(arp, 60)), 0);
		CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(wide.replies[1], mbuf_of(arp, 60)), 0);
		CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(from_kernel, mbuf_of(arp, 60)), 0);
		if (i > 0) {
			finish(&result);
			CU_ASSERT_EQUAL(result.lost, 0);
			CU_ASSERT(result.sent >= 499 && result.sent <= 501);
		}
		for (unsigned wait = 0; wait < WAIT_ROUNDS; wait++) {
			if (rte_ring_count(to_kernel) == 2 * (i + 1))
				break;
			(void)usleep(WAIT_US);
		}
		CU_ASSERT_EQUAL(rte_ring_count(to_kernel), 2 * (i + 1));
	}
	for (unsigned wait = 0; wait < WAIT_ROUNDS && rte_ring_count(from_kernel) > 0; wait++)
		(void)usleep(WAIT_US);
	(void)usleep(20000);
	tear_down(&wide);
	CU_ASSERT_EQUAL(wide.foreign, 3);
}

static void some_sessions_then_more(void)
{
	static const uint32_t steps[] = {1, 4, 9, 5, 0};
	struct trial_result result;

	set_up(SUITE_IPSEC_MB, &wide);
	config.run = LOAD_RUN_RAMP;
	config.ramp_from = 1;
	config.ramp_to = 9;
	config.ramp_step = 1;
	config.rate.packets = 20000;
	config.timeout_ns = 2 * SECOND;
	add_modes(3);
	launch();
	engine_peer_start(&wide, &world, &no_faults);
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct trial_order order = {.kind = TRIAL_PACED,
		                                  .rate = 20000,
		                                  .sessions = steps[i],
		                                  .warm_up_ns = 5 * MS,
		                                  .duration_ns = 50 * MS};
		uint64_t before[9];

		for (unsigned k = 0; k < 9; k++)
			before[k] = world.sessions.sessions[k].next_sequence;
		run(&order, &result);
		CU_ASSERT(result.sent >= 998 && result.sent <= 1002);
		expect_whole(&result, result.sent);
		for (unsigned k = 0; k < 9; k++)
			CU_ASSERT_EQUAL(world.sessions.sessions[k].next_sequence > before[k],
			                steps[i] == 0 || k < steps[i]);
	}
	tear_down(&wide);
}

static void what_can_not_be_is_refused(void)
{
	struct trial_order order = {.kind = TRIAL_PACED, .rate = 0, .duration_ns = MS};
	struct error error;

	set_up(SUITE_IPSEC_MB, &wide);
	add_modes(1);
	load_world_complete(&world);
	config.timeout_ns = 100 * MS;
	settings.mtu = 1400;
	CU_ASSERT_EQUAL(engine_create(&settings, &engine, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "group 3"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "1428"));
	settings.mtu = 1500;
	config.rate.packets = UINT64_C(100000000000);
	CU_ASSERT_EQUAL(engine_create(&settings, &engine, &error), ERROR_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "lower the rate"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "timeout"));
	config.rate.packets = 10000;
	CU_ASSERT_EQUAL_FATAL(engine_create(&settings, &engine, &error), 0);
	CU_ASSERT_EQUAL(engine_begin(engine, &order, &error), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL_FATAL(engine_launch(engine, &error), 0);
	CU_ASSERT_EQUAL(engine_begin(engine, &order, &error), ERROR_ARGUMENT);
	order.rate = 1e9;
	CU_ASSERT_EQUAL(engine_begin(engine, &order, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "in flight"));
	order = (struct trial_order){.kind = TRIAL_BURST, .frames = 20000};
	CU_ASSERT_EQUAL(engine_begin(engine, &order, &error), ERROR_ARGUMENT);
	order.frames = 0;
	CU_ASSERT_EQUAL(engine_begin(engine, &order, &error), ERROR_ARGUMENT);
	engine_destroy(engine);
	load_world_tear_down(&world);
}

static int eal_start(void)
{
	/* Nothing is shared, so many may have the same prefix; its folder stays. */
	char *arguments[] = {(char[]){"test"},
	                     (char[]){"--no-huge"},
	                     (char[]){"-m"},
	                     (char[]){"128"},
	                     (char[]){"--no-pci"},
	                     (char[]){"--file-prefix=specular-test"},
	                     (char[]){"--lcores"},
	                     (char[]){"(0-2)@0"},
	                     (char[]){"--no-telemetry"},
	                     (char[]){"--no-shconf"},
	                     (char[]){"--log-level=4"},
	                     NULL};

	if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("pool", MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	to_kernel = rte_ring_create("to_kernel", KERNEL_RING_SIZE, 0, 0);
	from_kernel = rte_ring_create("from_kernel", KERNEL_RING_SIZE, 0, 0);
	tsc_hz = tsc_frequency_hz();
	return pool != NULL && to_kernel != NULL && from_kernel != NULL ? 0 : -1;
}

int main(void)
{
	CU_TestInfo tests[] = {{"ports of rings", ports_start},
	                       {"a forwarder that swaps", a_forwarder_that_swaps},
	                       {"every mode on two lcores", every_mode_on_two_lcores},
	                       {"loss is counted exactly", loss_is_counted_exactly},
	                       {"a device that takes no more", a_device_that_takes_no_more},
	                       {"no buffers", no_buffers},
	                       {"bursts", bursts},
	                       {"a burst with losses ends", a_burst_with_losses_ends},
	                       {"interrupted", interrupted},
	                       {"the kernel's frames", the_kernels_frames},
	                       {"some sessions, then more", some_sessions_then_more},
	                       {"what can not be is refused", what_can_not_be_is_refused},
	                       CU_TEST_INFO_NULL};

	if (eal_start() != 0) {
		(void)fprintf(stderr, "load-engine: EAL does not start\n");
		return EXIT_FAILURE;
	}
	int result = unit_run("load-engine", tests);
	(void)rte_eal_cleanup();
	return result;
}
