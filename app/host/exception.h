/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The exception path: what is not test traffic goes by ring from the polling lcores to a kernel TAP with the port's MAC and the
 * appliance's addresses, and back. One TAP a port, one more for each of its VLANs ("NAME.ID", "NAME.OUTER.ID"), which sees
 * frames without their tags. Slow path only but for the rings.
 *
 * Frames from the kernel wake the event loop. Frames to the kernel are polled by a timer, since a polling lcore makes no system
 * call: fast while there are some, slowly when idle.
 */
#ifndef SPECULAR_HOST_EXCEPTION_H
#define SPECULAR_HOST_EXCEPTION_H

#include "base/error.h"
#include "port.h"
#include "stats/counters.h"

struct event_base;
struct rte_ring;
struct exception_path;

/** Makes TAPs and rings for every port whose exception is tap; ports outlive the path. Nothing stays behind on an error. */
int exception_create(struct event_base *base, const struct port *ports, unsigned port_count,
                     struct control_counters *counters, struct exception_path **path,
                     struct error *error);
/** The polling lcores must have stopped. Frees what is still in the rings. path may be NULL. */
void exception_destroy(struct exception_path *path);

/** Rings of the port at index: many lcores fill to_kernel, one empties from_kernel; NULL for a port without TAP. */
struct rte_ring *exception_to_kernel(const struct exception_path *path, unsigned index);
struct rte_ring *exception_from_kernel(const struct exception_path *path, unsigned index);

#endif
