/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Looks at the polling lcores' heartbeats from the slow path: events core-stuck and core-recovered, the service manager's status
 * line, and its watchdog, which is fed only while every lcore polls and the loop runs. Slow path only.
 */
#ifndef SPECULAR_OPERATION_WATCHDOG_H
#define SPECULAR_OPERATION_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct config;
struct event_base;
struct session_registry;
struct watchdog;
struct worker;

/** What is watched; all of it outlives the watchdog. */
struct watchdog_environment {
	struct event_base *base;
	const struct config *config;
	struct worker *const *workers; /**< launched, or about to be */
	unsigned worker_count;
	const struct session_registry *sessions; /**< for the status line; may be NULL */
};

/** Looks from the first turn of the loop on. ERROR_MEMORY. */
int watchdog_create(const struct watchdog_environment *environment, struct watchdog **watchdog,
                    struct error *error);
/** NULL is allowed. */
void watchdog_destroy(struct watchdog *watchdog);

/** operation.stuck-after of its configuration is another one. */
void watchdog_configure(struct watchdog *watchdog);

bool watchdog_core_is_stuck(const struct watchdog *watchdog, unsigned core);
/** How many lcores are stuck. */
unsigned watchdog_stuck_count(const struct watchdog *watchdog);
/** For how long the lcore has not polled, as far as looks tell: 0 for one that polled since the last but one. */
uint64_t watchdog_core_silent_ns(const struct watchdog *watchdog, unsigned core);

#endif
