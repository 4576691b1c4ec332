/* SPDX-License-Identifier: BSD-3-Clause */
#include "heartbeats.h"

#include <string.h>

#define NANOSECONDS_IN_SECOND 1000000000ull

void heartbeats_init(struct heartbeats *heartbeats, unsigned stuck_after_seconds)
{
	memset(heartbeats, 0, sizeof(*heartbeats));
	heartbeats_configure(heartbeats, stuck_after_seconds);
}

void heartbeats_configure(struct heartbeats *heartbeats, unsigned stuck_after_seconds)
{
	heartbeats->stuck_after_ns = stuck_after_seconds * NANOSECONDS_IN_SECOND;
}

void heartbeats_begin(struct heartbeats *heartbeats, uint64_t now_ns)
{
	uint64_t elapsed = heartbeats->looked_ns == 0 ? 0 : now_ns - heartbeats->looked_ns;

	heartbeats->looked_ns = now_ns;
	heartbeats->step_ns = elapsed < HEARTBEAT_STEP_MAX_NS ? elapsed : HEARTBEAT_STEP_MAX_NS;
}

enum heartbeat_change heartbeats_look(struct heartbeats *heartbeats, unsigned core, uint64_t polls,
                                      uint64_t *silent_ns)
{
	struct heartbeat *heartbeat = &heartbeats->cores[core];
	bool was_stuck = heartbeat->stuck;

	if (polls != heartbeat->polls) {
		*silent_ns = heartbeat->silent_ns;
		*heartbeat = (struct heartbeat){.polls = polls};
	} else {
		heartbeat->silent_ns += heartbeats->step_ns;
		*silent_ns = heartbeat->silent_ns;
		heartbeat->stuck |= heartbeat->silent_ns >= heartbeats->stuck_after_ns;
	}
	if (heartbeat->stuck == was_stuck)
		return HEARTBEAT_SAME;
	if (was_stuck)
		heartbeats->stuck--;
	else
		heartbeats->stuck++;
	return was_stuck ? HEARTBEAT_RECOVERED : HEARTBEAT_STUCK;
}
