/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the appliance shows of itself: filled by app/specular, read by the commands of this folder. What it points to lives as
 * long as the operation, and is replaced on the slow path only. Lcores' memory is read with relaxed loads.
 */
#ifndef SPECULAR_OPERATION_STATUS_SOURCE_H
#define SPECULAR_OPERATION_STATUS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "clock/tsc_clock.h"
#include "config/config.h"
#include "control/control_server.h"
#include "key/key_provider.h"
#include "port.h"
#include "reflect/worker.h"
#include "session/session_registry.h"
#include "stats/counters.h"
#include "watchdog.h"

struct audit;

/** Once it ends for good, nobody is answered any more. */
enum appliance_state { APPLIANCE_RUNNING, APPLIANCE_DRAINING };

struct status_source {
	const struct config *config;
	uint64_t loaded; /**< NTP: when config was read */
	enum appliance_state state;
	uint64_t started;     /**< NTP: when the appliance was ready */
	uint64_t started_tsc; /**< the same, for the time since */
	const char *suite;    /**< suite_name */
	bool hugepages;
	uint64_t tsc_hz;
	const struct tsc_clock *clock;
	const struct port *ports; /**< config->port_count of them */
	struct worker *const *workers;
	unsigned worker_count;
	const struct session_registry *sessions;
	struct control_server *control;
	const struct control_counters *counters;
	const struct key_provider *psk_provider; /**< NULL: none */
	const struct key_provider *ike_provider; /**< NULL: none */
	struct audit *audit;                     /**< NULL: there is no audit trail */
	const struct watchdog *watchdog;         /**< NULL in tests: no heartbeat is told */
};

/** One counter, added up over the polling lcores. */
static inline uint64_t status_datapath(const struct status_source *source,
                                       enum datapath_counter counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < source->worker_count; i++)
		sum += counter_read(&source->workers[i]->reflector.counters->values[counter]);
	return sum;
}

#endif
