/* SPDX-License-Identifier: BSD-3-Clause */
/** An lcore of specular-load with a world's sessions, on a port made of rings; the reflector answers between its turns. */
#ifndef SPECULAR_BENCH_LOAD_CORE_H
#define SPECULAR_BENCH_LOAD_CORE_H

#include "lcore.h"
#include "traffic.h"

struct load_core {
	struct world *world;
	struct traffic *traffic; /**< its reflector answers */
	struct load_config config;
	struct load_sessions sessions;
	struct load_session **order; /**< in which they send */
	struct load_flight *flights;
	struct lcore lcore;
};

/** Once a process, after the EAL. 0 or ERROR_SYSTEM. */
int load_core_port(struct error *error);

/** One at a time uses the port. */
int load_core_create(const struct world_settings *settings, uint16_t payload, unsigned burst,
                     struct load_core **core, struct error *error);
void load_core_destroy(struct load_core *core);

/** So many packets are due now. */
void load_core_due(struct load_core *core);
/** Answers what the lcore has sent; what is not answered ends the program. */
void load_core_answer(struct load_core *core);
/** Whether every packet so far was answered rightly. */
bool load_core_is_right(const struct load_core *core);

#endif
