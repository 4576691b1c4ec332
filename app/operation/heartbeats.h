/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The polling lcores' heartbeats: which of them has not polled for so long that it is stuck. Pure: it is told the poll counters
 * and the time. Time that passed while nobody looked counts only up to HEARTBEAT_STEP_MAX_NS: when the whole machine slept, or
 * the slow path itself had no CPU, the lcores are given a chance before they are blamed.
 */
#ifndef SPECULAR_OPERATION_HEARTBEATS_H
#define SPECULAR_OPERATION_HEARTBEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/** How often to look. */
#define HEARTBEAT_LOOK_INTERVAL_MS 500u
/** What one look adds to a silent lcore's spell at most. */
#define HEARTBEAT_STEP_MAX_NS (2ull * HEARTBEAT_LOOK_INTERVAL_MS * 1000000u)

enum heartbeat_change { HEARTBEAT_SAME, HEARTBEAT_STUCK, HEARTBEAT_RECOVERED };

struct heartbeat {
	uint64_t polls;     /**< at the last look */
	uint64_t silent_ns; /**< for so long it has not polled */
	bool stuck;
};

struct heartbeats {
	uint64_t stuck_after_ns;
	uint64_t looked_ns; /**< monotonic time of the last look; 0: never */
	uint64_t step_ns;   /**< what this look adds to a silent spell */
	unsigned stuck;     /**< lcores */
	struct heartbeat cores[CONFIG_LCORES_MAX];
};

/** Nobody is stuck. stuck_after_seconds from 1. */
void heartbeats_init(struct heartbeats *heartbeats, unsigned stuck_after_seconds);

/** Another limit, from the next look on. */
void heartbeats_configure(struct heartbeats *heartbeats, unsigned stuck_after_seconds);

/** Begins a look at every lcore; now_ns is monotonic. The first one takes the counters down and judges nobody. */
void heartbeats_begin(struct heartbeats *heartbeats, uint64_t now_ns);

/** One lcore of this look; *silent_ns: for how long it has not polled, or had not until it recovered. */
enum heartbeat_change heartbeats_look(struct heartbeats *heartbeats, unsigned core, uint64_t polls,
                                      uint64_t *silent_ns);

#endif
