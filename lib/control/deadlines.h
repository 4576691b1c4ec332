/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Times at which something of very many has to be looked at: REFWAIT and Timeout of test sessions. A timing wheel with one timer of the
 * event loop for all of them, so that 100,000 that pass together do so in portions, and others are served between them. Nothing passes
 * too early; it may pass DEADLINES_TICK_MS later than asked for, a second later when it is far away, and later still when there are more than
 * one portion of them. Slow path only.
 */
#ifndef SPECULAR_CONTROL_DEADLINES_H
#define SPECULAR_CONTROL_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define DEADLINES_TICK_MS 16u

struct event_base;
struct deadlines;

/** A member of what waits; zero-initialised it is not armed. */
struct deadline {
	bool is_armed;
	uint64_t tick; /**< at which it passes; monotonic */
	LIST_ENTRY(deadline) link;
};

/** It is not armed any more; may arm and disarm any, and free what has this one. */
typedef void (*deadline_passed)(struct deadline *deadline);

/** portion: how many are looked at in one turn of the event loop; *portion may change. NULL when memory fails. */
struct deadlines *deadlines_create(struct event_base *base, deadline_passed passed,
                                   const unsigned *portion);
/** What is still armed never passes. NULL is allowed. */
void deadlines_destroy(struct deadlines *deadlines);

/** Passes in so many milliseconds, whatever was asked for before. */
void deadline_arm(struct deadlines *deadlines, struct deadline *deadline, uint64_t milliseconds);
void deadline_disarm(struct deadlines *deadlines, struct deadline *deadline);

#endif
