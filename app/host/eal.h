/* SPDX-License-Identifier: BSD-3-Clause */
/** EAL's life: started once from the configuration, its own log turned into ours. Main thread only. */
#ifndef SPECULAR_HOST_EAL_H
#define SPECULAR_HOST_EAL_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"

/** What EAL was started with. */
struct eal {
	bool started;
	bool hugepages;
};

/**
 * Starts EAL: hugepages as configured (one warning for the fallback), lcores, devices. The calling thread becomes lcore 0 and is
 * pinned to eal.main_cpu. The process's exit removes EAL's folder of the prefix, when nobody else is in it. ERROR_UNAVAILABLE,
 * ERROR_SYSTEM with what EAL said last.
 */
int eal_start(const struct config *config, struct eal *eal, struct error *error);
void eal_stop(struct eal *eal);

#endif
