/* SPDX-License-Identifier: BSD-3-Clause */
/** The polling lcores: each with its suite, counters, table and queues; launched and stopped together. Slow path. */
#ifndef SPECULAR_APP_WORKER_SET_H
#define SPECULAR_APP_WORKER_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "exception.h"
#include "port.h"
#include "reflect/worker.h"
#include "session/session_registry.h"

/** What the workers are made from; all of it outlives them. */
struct worker_environment {
	const struct config *config;
	const struct port *ports; /**< config->port_count of them, started */
	const struct exception_path *exception;
	struct session_registry *sessions;
	enum suite_kind suite_kind; /**< that expanded the sessions' keys */
	const struct tsc_clock *clock;
	uint64_t tsc_hz;
};

struct worker_set {
	struct reflector_settings settings;
	unsigned count;
	struct worker *workers[CONFIG_LCORES_MAX];
	bool launched;
};

/** Queue q of port p goes to worker (p + q) mod count. Nothing stays behind on an error. */
int worker_set_create(const struct worker_environment *environment, struct worker_set *set,
                      struct error *error);
void worker_set_destroy(struct worker_set *set);

/** Worker i runs on lcore i + 1. */
int worker_set_launch(struct worker_set *set, struct error *error);
/** Returns when every worker has left its loop. */
void worker_set_stop(struct worker_set *set);

/** Adds up one counter over the workers. */
uint64_t worker_set_counter(const struct worker_set *set, enum datapath_counter counter);

#endif
