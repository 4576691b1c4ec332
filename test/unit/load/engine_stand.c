/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_stand.h"

#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

#define RING_SIZE        4096u
#define SMALL_RING_SIZE  64u /**< room for one less */
#define KERNEL_RING_SIZE 64u

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

	return rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments);
}

static bool start(struct engine_stand *stand)
{
	if (eal_start() < 0)
		return false;
	stand->pool = rte_pktmbuf_pool_create("pool", STAND_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
	                                      SOCKET_ID_ANY);
	stand->to_kernel = rte_ring_create("to_kernel", KERNEL_RING_SIZE, SOCKET_ID_ANY, 0);
	stand->from_kernel = rte_ring_create("from_kernel", KERNEL_RING_SIZE, SOCKET_ID_ANY, 0);
	stand->tsc_hz = tsc_frequency_hz();
	if (stand->pool == NULL || stand->to_kernel == NULL || stand->from_kernel == NULL)
		return false;
	return engine_peer_open(&stand->wide, "wide", 2, RING_SIZE, stand->pool) &&
	       engine_peer_open(&stand->narrow, "narrow", 1, SMALL_RING_SIZE, stand->pool);
}

int engine_stand_test(struct engine_stand *stand, const char *name, CU_TestInfo tests[])
{
	if (!start(stand)) {
		(void)fprintf(stderr, "%s: EAL or ports do not start\n", name);
		return EXIT_FAILURE;
	}
	int result = unit_run(name, tests);
	(void)rte_eal_cleanup();
	return result;
}

void engine_stand_set_up(struct engine_stand *stand, const struct engine_peer *peer)
{
	struct clock_sample sample = clock_sample_take();
	struct load_config *config = &stand->config;

	load_world_set_up(&stand->world, SUITE_IPSEC_MB);
	tsc_clock_init(&stand->world.world.clock, stand->tsc_hz, &sample);
	memset(config, 0, sizeof(*config));
	config->run = LOAD_RUN_RATE;
	config->rate.packets = 200000;
	config->timeout_ns = 10 * SECOND;
	config->late_slot_ns = 10 * SECOND;
	config->send_burst = 32;
	stand->settings = (struct engine_settings){.port_id = peer->port_id,
	                                           .queues = (uint16_t)peer->queues,
	                                           .mtu = 1500,
	                                           .pool = stand->pool,
	                                           .to_kernel = stand->to_kernel,
	                                           .from_kernel = stand->from_kernel,
	                                           .sessions = &stand->world.sessions,
	                                           .suite_kind = SUITE_IPSEC_MB,
	                                           .clock = &stand->world.world.clock,
	                                           .tsc_hz = stand->tsc_hz,
	                                           .config = config,
	                                           .linger_ns = MS};
}

void engine_stand_add(struct engine_stand *stand, const struct load_world_group *group,
                      uint32_t share)
{
	struct load_group *to = &stand->config.groups[stand->config.group_count++];

	(void)snprintf(to->name, sizeof(to->name), "group %u", stand->config.group_count);
	to->count = group->count;
	to->share = share;
	stand->config.peer = group->peer;
	load_world_add(&stand->world, group);
}

void engine_stand_add_modes(struct engine_stand *stand, unsigned count)
{
	const struct load_world_group groups[] = {
	        {4, TEST_UNAUTHENTICATED, 0, false, 0, {14, 41, 200}, 3, count, false},
	        {6, TEST_AUTHENTICATED, 0, false, 1, {48, 112}, 2, count, false},
	        {4, TEST_ENCRYPTED, 0, true, 2, {112, 1400}, 2, count, false}};

	for (unsigned i = 0; i < 3; i++)
		engine_stand_add(stand, &groups[i], i + 1);
}

void engine_stand_launch(struct engine_stand *stand)
{
	struct error error = {.text = ""};

	load_world_complete(&stand->world);
	CU_ASSERT_EQUAL_FATAL(engine_create(&stand->settings, &stand->engine, &error), 0);
	CU_ASSERT_EQUAL_FATAL(engine_launch(stand->engine, &error), 0);
}

void engine_stand_begin(struct engine_stand *stand, const struct trial_order *order)
{
	struct error error = {.text = ""};
	int status = engine_begin(stand->engine, order, &error);

	if (status != 0)
		(void)fprintf(stderr, "%s\n", error.text);
	CU_ASSERT_EQUAL_FATAL(status, 0);
}

void engine_stand_finish(struct engine_stand *stand, struct trial_result *result)
{
	unsigned i = 0;

	while (!engine_finished(stand->engine) && i++ < STAND_WAIT_ROUNDS)
		(void)usleep(STAND_WAIT_US);
	CU_ASSERT_FATAL(engine_finished(stand->engine));
	engine_collect(stand->engine, result);
}

void engine_stand_run(struct engine_stand *stand, const struct trial_order *order,
                      struct trial_result *result)
{
	engine_stand_begin(stand, order);
	engine_stand_finish(stand, result);
}

void engine_stand_tear_down(struct engine_stand *stand, struct engine_peer *peer)
{
	void *mbuf;

	engine_destroy(stand->engine);
	engine_peer_stop(peer);
	while (rte_ring_dequeue(stand->to_kernel, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(stand->pool), STAND_MBUFS);
	load_world_tear_down(&stand->world);
}

uint64_t engine_stand_faults_of(const struct trial_result *result)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++)
		sum += result->measures.faults[i];
	return sum;
}

void engine_stand_expect_whole(const struct trial_result *result, uint64_t slots)
{
	const struct load_measures *measures = &result->measures;

	CU_ASSERT_EQUAL(measures->scheduled, slots);
	CU_ASSERT_EQUAL(measures->missed, 0);
	CU_ASSERT_EQUAL(measures->sent, slots);
	CU_ASSERT_EQUAL(measures->answered, slots);
	CU_ASSERT_EQUAL(measures->distributions[LOAD_RTT].count, slots);
	CU_ASSERT_EQUAL(result->sent, slots);
	CU_ASSERT_EQUAL(result->lost, 0);
	CU_ASSERT_EQUAL(engine_stand_faults_of(result), 0);
	CU_ASSERT_EQUAL(result->limits, 0);
	CU_ASSERT_FALSE(result->interrupted);
}
