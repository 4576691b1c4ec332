/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Polls the port for the kernel's frames alone, before the engine does and after it: the control connections need them, and the engine is made
 * from the sessions that these negotiate. Lcores 1 to queues, one a queue.
 */
#ifndef SPECULAR_LOAD_BRIDGE_H
#define SPECULAR_LOAD_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

struct rte_ring;

struct bridge_queue {
	const struct bridge *bridge;
	uint16_t queue_id;
};

struct bridge {
	uint16_t port_id;
	uint16_t queues;
	struct rte_ring *to_kernel;   /**< NULL: received frames are dropped */
	struct rte_ring *from_kernel; /**< NULL: nothing comes; the first lcore dequeues */
	bool running;
	bool stop; /**< main thread writes, lcores read (relaxed) */
	struct bridge_queue argument[CONFIG_LCORES_MAX];
};

/** The port is started; nobody else polls it. */
int bridge_launch(struct bridge *bridge, struct error *error);
/** Returns when every lcore has left its loop. Does nothing when it does not run. */
void bridge_stop(struct bridge *bridge);

#endif
