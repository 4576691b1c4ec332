/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench_core.h"

#include <rte_eal.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reflect/ahead.h"

/** The last CPU that this process may use, before `below`; below itself when there is none. */
static unsigned last_cpu(const cpu_set_t *usable, unsigned below)
{
	for (unsigned cpu = below; cpu-- > 0;) {
		if (CPU_ISSET(cpu, usable))
			return cpu;
	}
	return below;
}

int bench_eal_start(unsigned helpers, struct error *error)
{
	cpu_set_t usable;
	char lcores[64];

	if (sched_getaffinity(0, sizeof(usable), &usable) != 0)
		return error_set(error, ERROR_SYSTEM, "the process's CPUs are unknown");
	unsigned last = last_cpu(&usable, CPU_SETSIZE);
	if (helpers == 0)
		(void)snprintf(lcores, sizeof(lcores), "0@%u", last);
	else
		(void)snprintf(lcores, sizeof(lcores), "0@%u,1@%u", last_cpu(&usable, last), last);
	char *arguments[] = {(char[]){"bench"},
	                     (char[]){"--no-huge"},
	                     (char[]){"-m"},
	                     (char[]){"64"},
	                     (char[]){"--no-pci"},
	                     (char[]){"--file-prefix=specular-bench"},
	                     (char[]){"--lcores"},
	                     lcores,
	                     (char[]){"--no-telemetry"},
	                     (char[]){"--no-shconf"},
	                     (char[]){"--log-level=4"},
	                     NULL};
	if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments) < 0)
		return error_set(error, ERROR_SYSTEM, "the EAL does not start");
	return 0;
}

static int worker_create(struct bench_core *core, struct error *error)
{
	core->worker = aligned_alloc(_Alignof(struct worker), sizeof(*core->worker));
	if (core->worker == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a worker");
	memset(core->worker, 0, sizeof(*core->worker));
	core->worker->reflector = core->traffic->reflector;
	core->worker->idle = IDLE_SPIN;
	core->worker->rcu = session_registry_rcu(core->world->registry);
	return 0;
}

static int ahead_create(struct bench_core *core, unsigned sessions, struct error *error)
{
	size_t size = ahead_pool_size(sessions);

	size = (size + AHEAD_POOL_ALIGN - 1) / AHEAD_POOL_ALIGN * AHEAD_POOL_ALIGN;
	core->ahead_memory = aligned_alloc(AHEAD_POOL_ALIGN, size);
	if (core->ahead_memory == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for what is computed ahead");
	core->worker->reflector.ahead = ahead_pool_init(core->ahead_memory, sessions);
	return 0;
}

int bench_core_create(struct bench_core *core, const struct world_settings *settings,
                      unsigned ahead, struct error *error)
{
	memset(core, 0, sizeof(*core));
	int result = world_create(settings, &core->world, error);
	if (result == 0)
		result = traffic_create(core->world, 0, &core->traffic, error);
	if (result == 0)
		result = worker_create(core, error);
	if (result == 0 && ahead > 0)
		result = ahead_create(core, ahead, error);
	if (result != 0)
		bench_core_destroy(core);
	return result;
}

void bench_core_destroy(struct bench_core *core)
{
	if (core->ahead_memory != NULL)
		ahead_pool_wipe(core->worker->reflector.ahead);
	free(core->ahead_memory);
	free(core->worker);
	traffic_destroy(core->traffic);
	world_destroy(core->world);
	memset(core, 0, sizeof(*core));
}
