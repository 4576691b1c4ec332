/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The running load: the process's one context, an explicit ordered list of start stages, the run between them, and their reverse unwind.
 * Main thread only.
 */
#ifndef SPECULAR_LOAD_LOAD_H
#define SPECULAR_LOAD_LOAD_H

#include <stdbool.h>

#include "base/error.h"
#include "bridge.h"
#include "clock/tsc_clock.h"
#include "eal.h"
#include "engine.h"
#include "evidence.h"
#include "exception.h"
#include "opening.h"
#include "port.h"
#include "progress.h"
#include "result.h"
#include "stats/counters.h"

struct event;

/** SIGINT, SIGTERM, and SIGHUP unless it is ignored. */
#define LOAD_SIGNALS 3u

/** Fields in the order in which the stages fill them. */
struct load {
	const struct load_config *config;
	struct run_result *result;
	struct progress progress;
	enum suite_kind suite_kind;
	struct suite *suite; /**< expands keys for every lcore */
	uint64_t tsc_hz;
	struct tsc_clock clock;
	struct event_base *base;
	int interrupt_fd; /**< readable once a person wants to stop; stays so */
	bool interrupt;   /**< the same */
	struct event *clock_timer;
	struct event *link_timer; /**< while there is an engine */
	bool link_up;
	struct event *signals[LOAD_SIGNALS];
	struct eal eal;
	struct port port;
	struct control_counters counters;
	struct exception_path *exception;
	struct bridge bridge;
	uint8_t next_hops[LOAD_GROUPS_MAX][FRAME_MAC_SIZE];
	struct opening *opening;
	struct load_sessions sessions;
	struct evidence *evidence;
	struct engine *engine;
};

/**
 * Starts everything, runs as configured, and takes everything down again. config, result (its config set) and progress are the caller's,
 * the rest zero. Returns 0 also when a signal ended the run; else why it could not run, or not to its end.
 */
int load_run(struct load *load, struct error *error);

#endif
