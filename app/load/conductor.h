/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A run, as the configuration's mode says: one trial with a series of seconds, a search and its latencies, a ramp, rounds of bursts. Each
 * trial runs on the engine while the event loop turns. Main thread.
 */
#ifndef SPECULAR_LOAD_CONDUCTOR_H
#define SPECULAR_LOAD_CONDUCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "engine.h"
#include "opening.h"
#include "progress.h"
#include "result.h"

struct event_base;
struct series;

struct conductor {
	/* The caller's. */
	const struct load_config *config;
	struct event_base *base;
	struct engine *engine;
	struct opening *opening; /**< NULL: nobody to watch */
	struct progress *progress;
	struct run_result
	        *result; /**< trials, search, burst, interrupted and resident memory are filled */
	uint64_t link_rate; /**< bits a second; 0: not known */
	const bool *
	        interrupt; /**< set by a signal's event: the running trial is ended, no other begins */
	/* Its own. */
	struct series *series;
};

/**
 * 0 when the run came to its end, or was interrupted. Otherwise why not: ERROR_UNAVAILABLE (a control connection closed), or the engine's
 * error. What was measured until then is in the result all the same.
 */
int conductor_run(struct conductor *conductor, struct error *error);

#endif
