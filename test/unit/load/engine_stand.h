/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The engine on ports made of rings, with the datapath or a forwarder at the other end. No hugepages, no root. The machine may be as slow
 * as it likes: slots may be sent ten seconds late where a test does not say otherwise.
 */
#ifndef SPECULAR_TEST_LOAD_ENGINE_STAND_H
#define SPECULAR_TEST_LOAD_ENGINE_STAND_H

#include <CUnit/CUnit.h>

#include "engine.h"
#include "engine_peer.h"

#define MS                UINT64_C(1000000)
#define SECOND            (1000 * MS)
#define STAND_MBUFS       8191u
#define STAND_WAIT_US     200u
#define STAND_WAIT_ROUNDS 300000u

struct engine_stand {
	struct rte_mempool *pool;
	struct rte_ring *to_kernel, *from_kernel;
	struct engine_peer wide, narrow; /**< two queues; one, with small rings */
	struct load_world world;
	struct load_config config;
	struct engine_settings settings;
	struct engine *engine;
	uint64_t tsc_hz;
};

/** Starts the EAL and the ports, and runs the tests; for main to return. */
int engine_stand_test(struct engine_stand *stand, const char *name, CU_TestInfo tests[]);

void engine_stand_set_up(struct engine_stand *stand, const struct engine_peer *peer);
void engine_stand_add(struct engine_stand *stand, const struct load_world_group *group,
                      uint32_t share);
/** A group of each mode, with shares of 1, 2 and 3. */
void engine_stand_add_modes(struct engine_stand *stand, unsigned count);
void engine_stand_launch(struct engine_stand *stand);
/** No buffer got lost. */
void engine_stand_tear_down(struct engine_stand *stand, struct engine_peer *peer);

void engine_stand_begin(struct engine_stand *stand, const struct trial_order *order);
void engine_stand_finish(struct engine_stand *stand, struct trial_result *result);
/** Both. */
void engine_stand_run(struct engine_stand *stand, const struct trial_order *order,
                      struct trial_result *result);

uint64_t engine_stand_faults_of(const struct trial_result *result);
/** Everything came back, and all counts say so. */
void engine_stand_expect_whole(const struct trial_result *result, uint64_t slots);

#endif
