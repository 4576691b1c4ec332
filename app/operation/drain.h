/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The end that gives test sessions time: nothing new is taken, and the event loop ends when no session is left or the deadline has passed.
 * Slow path only.
 */
#ifndef SPECULAR_OPERATION_DRAIN_H
#define SPECULAR_OPERATION_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct control_server;
struct drain;
struct event_base;
struct session_registry;

/** All outlive it. ERROR_MEMORY. */
int drain_create(struct event_base *base, const struct session_registry *sessions,
                 struct control_server *control, struct drain **drain, struct error *error);
/** NULL is allowed. */
void drain_destroy(struct drain *drain);

/** Begins, or goes on with another deadline, from now. Ends the loop soon, but never before this turn of it is over. */
void drain_begin(struct drain *drain, uint32_t seconds);
bool drain_has_begun(const struct drain *drain);

#endif
