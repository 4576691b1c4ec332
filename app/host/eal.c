/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "base/log.h"
#include "dpdk_log.h"
#include "eal_arguments.h"

static int check_cpu(const cpu_set_t *allowed, unsigned cpu, const char *key, struct error *error)
{
	if (cpu < CPU_SETSIZE && CPU_ISSET(cpu, allowed))
		return 0;
	return error_set(error, ERROR_UNAVAILABLE,
	                 "eal.%s: this process may not run on CPU %u, or there is none; see nproc "
	                 "and taskset -p $$",
	                 key, cpu);
}

static int check_cpus(const struct config_eal *eal, struct error *error)
{
	cpu_set_t allowed;
	int status;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return error_set(error, ERROR_SYSTEM, "sched_getaffinity: %s", strerror(errno));
	if ((status = check_cpu(&allowed, eal->main_cpu, "lcores.main", error)) != 0)
		return status;
	for (unsigned i = 0; i < eal->worker_count; i++) {
		if ((status = check_cpu(&allowed, eal->worker_cpus[i], "lcores.workers", error)) !=
		    0)
			return status;
		if (eal->worker_cpus[i] == eal->main_cpu && eal->idle == IDLE_SPIN)
			log_event(LOG_LEVEL_WARNING, "shared-cpu",
			          "CPU %u polls and runs the slow path; eal.idle: sleep suits it "
			          "better than spin",
			          eal->main_cpu);
	}
	return 0;
}

static int check_memory(const struct config_eal *eal, struct error *error)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	long page_size = sysconf(_SC_PAGESIZE);
	uint64_t machine_mib;

	if (pages <= 0 || page_size <= 0)
		return 0;
	machine_mib = (uint64_t)pages * (uint64_t)page_size >> 20;
	if (eal->memory_mib <= machine_mib)
		return 0;
	return error_set(error, ERROR_UNAVAILABLE,
	                 "eal.memory: %u MiB are more than the %" PRIu64 " MiB of this machine",
	                 eal->memory_mib, machine_mib);
}

/* EAL's threads inherit the mask: what events.h handles comes to the main thread and never stops a polling lcore. */
static int init_without_signals(struct eal_arguments *arguments)
{
	sigset_t handled;
	sigset_t before;

	(void)sigemptyset(&handled);
	(void)sigaddset(&handled, SIGINT);
	(void)sigaddset(&handled, SIGTERM);
	(void)sigaddset(&handled, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, &handled, &before);
	int status = rte_eal_init(arguments->count, arguments->vector);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status;
}

/**
 * EAL makes a folder for telemetry's socket and leaves it. Ours is removed unless somebody else has a socket in it: another process with
 * the same prefix.
 */
static void remove_folder(void)
{
	const char *folder = rte_eal_get_runtime_dir();

	if (folder[0] != '\0')
		(void)rmdir(folder);
}

int eal_start(const struct config *config, struct eal *eal, struct error *error)
{
	static struct eal_arguments arguments; /* EAL keeps pointers into it */
	uint64_t free_mib = hugepages_free_mib(HUGEPAGES_SYSFS);
	bool fallback;
	int status;

	if ((status = check_cpus(&config->eal, error)) != 0 ||
	    (status = check_memory(&config->eal, error)) != 0 ||
	    (status = hugepages_choose(&config->eal, free_mib, &eal->hugepages, &fallback,
	                               error)) != 0 ||
	    (status = eal_arguments_build(config, eal->hugepages, &arguments, error)) != 0 ||
	    (status = dpdk_log_start(error)) != 0)
		return status;
	if (fallback)
		log_event(LOG_LEVEL_WARNING, "no-hugepages",
		          "%" PRIu64 " MiB of hugepages are free, %u wanted: running without "
		          "(slower; fine for a lab)",
		          free_mib, config->eal.memory_mib);
	for (int i = 1; i < arguments.count; i++)
		log_event(LOG_LEVEL_DEBUG, "eal", "argument %s", arguments.text[i]);
	/* Before EAL's own, which removes the socket: the last one registered runs first. */
	(void)atexit(remove_folder);
	if (init_without_signals(&arguments) < 0) {
		char said[DPDK_LOG_TEXT_SIZE];
		status = error_set(error, ERROR_SYSTEM, "EAL did not start: %s; it said: %s",
		                   rte_strerror(rte_errno), dpdk_log_recent(said));
		dpdk_log_stop();
		return status;
	}
	eal->started = true;
	return 0;
}

void eal_stop(struct eal *eal)
{
	if (!eal->started)
		return;
	(void)rte_eal_cleanup();
	dpdk_log_stop();
	eal->started = false;
}
