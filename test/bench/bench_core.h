/* SPDX-License-Identifier: BSD-3-Clause */
/** The EAL for bench programs, and a worker with a world's sessions, as the appliance starts them. */
#ifndef SPECULAR_BENCH_CORE_H
#define SPECULAR_BENCH_CORE_H

#include "reflect/worker.h"
#include "traffic.h"

/**
 * Starts the EAL without hugepages and devices on the last CPUs that this process may use: the main lcore on the last but one with
 * helpers = 1, where lcore 1 has the last; with none on the last. With too few CPUs lcores share one. 0 or ERROR_SYSTEM.
 */
int bench_eal_start(unsigned helpers, struct error *error);

/** A worker and what it works with. */
struct bench_core {
	struct world *world;
	struct traffic *traffic; /**< seals requests; its reflector is the worker's */
	struct worker *worker;
	void *ahead_memory; /**< NULL: nothing is computed ahead of time */
};

/** ahead: compute ahead of time for that many sessions; 0: not at all. */
int bench_core_create(struct bench_core *core, const struct world_settings *settings,
                      unsigned ahead, struct error *error);
void bench_core_destroy(struct bench_core *core);

#endif
