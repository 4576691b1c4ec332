/* SPDX-License-Identifier: BSD-3-Clause */
/** How long the port's link was down, looked at now and then. A flap between two looks is not seen. Main thread. */
#ifndef SPECULAR_LOAD_LINK_WATCH_H
#define SPECULAR_LOAD_LINK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/** Between two looks while an engine runs. */
#define LINK_WATCH_INTERVAL_MS 100u

/** Zero-initialised. */
struct link_watch {
	uint64_t last_tsc;   /**< of the last look; 0: none yet */
	uint64_t down_ticks; /**< so far; from each look that found it down to the next one */
	bool down;
};

/**
 * DPDK's word, and, of a port that is made of a kernel's interface (af_packet, whose link never changes), that interface's.
 */
bool link_is_up(uint16_t port_id);

/** Takes a look. */
void link_watch_look(struct link_watch *watch, uint16_t port_id);

#endif
