/* SPDX-License-Identifier: BSD-3-Clause */
/** How busy each polling lcore was of late: the difference of two looks, CORE_LOAD_INTERVAL_MS apart. Slow path. */
#ifndef SPECULAR_OPERATION_CORE_LOAD_H
#define SPECULAR_OPERATION_CORE_LOAD_H

#include <stdint.h>

#include "status_source.h"

#define CORE_LOAD_INTERVAL_MS 1000

struct core_look {
	uint64_t tsc;
	uint64_t busy_ticks;
	uint64_t received;
};

/** Zero-initialised; looks[0] is older. */
struct core_load {
	struct core_look looks[CONFIG_LCORES_MAX][2];
};

/** Looks at every lcore; tsc is now's. */
void core_load_look(struct core_load *load, const struct status_source *source, uint64_t tsc);

/** Of the time between the last two looks, 0 to 1; negative while there were not two. */
double core_load_share(const struct core_load *load, unsigned core);
/** TSC ticks a received frame between them; negative when none came. */
double core_load_cycles_per_packet(const struct core_load *load, unsigned core);

#endif
