/* SPDX-License-Identifier: BSD-3-Clause */
#include "watchdog.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "base/log.h"
#include "heartbeats.h"
#include "reflect/worker.h"
#include "service_manager.h"
#include "session/session_registry.h"
#include "stats/counters.h"

#define NANOSECONDS_IN_SECOND      1000000000u
#define NANOSECONDS_IN_MILLISECOND 1000000u
#define MICROSECONDS_IN_SECOND     1000000u
#define STATUS_SIZE                256u

struct watchdog {
	struct watchdog_environment environment;
	struct heartbeats heartbeats;
	struct event *timer;
	bool watched;             /* the service manager waits for signs of life */
	char status[STATUS_SIZE]; /* as it was told last */
};

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS_IN_SECOND + (uint64_t)now.tv_nsec;
}

static unsigned cpu_of(const struct watchdog *watchdog, unsigned core)
{
	return watchdog->environment.config->eal.worker_cpus[core];
}

static void tell(const struct watchdog *watchdog, unsigned core, enum heartbeat_change change,
                 uint64_t silent_ns)
{
	if (change == HEARTBEAT_STUCK)
		log_event(LOG_LEVEL_ERROR, "core-stuck",
		          "polling lcore %u on CPU %u has not polled for %" PRIu64
		          " ms; its packets get lost",
		          core, cpu_of(watchdog, core), silent_ns / NANOSECONDS_IN_MILLISECOND);
	if (change == HEARTBEAT_RECOVERED)
		log_event(LOG_LEVEL_WARNING, "core-recovered",
		          "polling lcore %u on CPU %u polls again, after %" PRIu64 " ms", core,
		          cpu_of(watchdog, core), silent_ns / NANOSECONDS_IN_MILLISECOND);
}

static void write_status(const struct watchdog *watchdog, char text[STATUS_SIZE])
{
	const struct watchdog_environment *environment = &watchdog->environment;
	unsigned sessions =
	        environment->sessions != NULL ? session_registry_count(environment->sessions) : 0;
	int used = snprintf(text, STATUS_SIZE, "%u test session%s on %u polling lcore%s", sessions,
	                    sessions == 1 ? "" : "s", environment->worker_count,
	                    environment->worker_count == 1 ? "" : "s");
	const char *before = "; stuck: CPU";

	for (unsigned i = 0; i < environment->worker_count && (size_t)used < STATUS_SIZE; i++) {
		if (!watchdog->heartbeats.cores[i].stuck)
			continue;
		used += snprintf(text + used, STATUS_SIZE - (size_t)used, "%s %u", before,
		                 cpu_of(watchdog, i));
		before = "";
	}
}

static void tell_service_manager(struct watchdog *watchdog)
{
	char status[STATUS_SIZE];

	write_status(watchdog, status);
	if (strcmp(status, watchdog->status) != 0) {
		memcpy(watchdog->status, status, sizeof(status));
		service_manager_status(status);
	}
	if (watchdog->watched && watchdog->heartbeats.stuck == 0)
		service_manager_alive();
}

static void on_look(evutil_socket_t unused, short what, void *context)
{
	struct watchdog *watchdog = context;

	(void)unused;
	(void)what;
	heartbeats_begin(&watchdog->heartbeats, monotonic_ns());
	for (unsigned i = 0; i < watchdog->environment.worker_count; i++) {
		uint64_t polls = counter_read(&watchdog->environment.workers[i]->polls);
		uint64_t silent_ns;
		enum heartbeat_change change =
		        heartbeats_look(&watchdog->heartbeats, i, polls, &silent_ns);
		tell(watchdog, i, change, silent_ns);
	}
	tell_service_manager(watchdog);
}

/* Twice within what the service manager allows, as systemd advises. */
static struct timeval look_interval(uint64_t watchdog_us)
{
	uint64_t interval_us = HEARTBEAT_LOOK_INTERVAL_MS * 1000u;

	if (watchdog_us > 0 && watchdog_us / 2 < interval_us)
		interval_us = watchdog_us / 2;
	return (struct timeval){.tv_sec = (time_t)(interval_us / MICROSECONDS_IN_SECOND),
	                        .tv_usec = (suseconds_t)(interval_us % MICROSECONDS_IN_SECOND)};
}

int watchdog_create(const struct watchdog_environment *environment, struct watchdog **watchdog,
                    struct error *error)
{
	uint64_t watchdog_us = service_manager_watchdog_us();
	struct timeval interval = look_interval(watchdog_us);
	struct watchdog *made = calloc(1, sizeof(*made));

	if (made != NULL) {
		made->environment = *environment;
		made->watched = watchdog_us > 0;
		heartbeats_init(&made->heartbeats, environment->config->operation.stuck_after);
		made->timer = event_new(environment->base, -1, EV_PERSIST, on_look, made);
	}
	if (made == NULL || made->timer == NULL || event_add(made->timer, &interval) != 0) {
		watchdog_destroy(made);
		return error_set(error, ERROR_MEMORY, "no memory for the watchdog");
	}
	event_active(made->timer, EV_TIMEOUT, 0);
	*watchdog = made;
	return 0;
}

void watchdog_destroy(struct watchdog *watchdog)
{
	if (watchdog == NULL)
		return;
	if (watchdog->timer != NULL)
		event_free(watchdog->timer);
	free(watchdog);
}

void watchdog_configure(struct watchdog *watchdog)
{
	heartbeats_configure(&watchdog->heartbeats,
	                     watchdog->environment.config->operation.stuck_after);
}

bool watchdog_core_is_stuck(const struct watchdog *watchdog, unsigned core)
{
	return watchdog->heartbeats.cores[core].stuck;
}

unsigned watchdog_stuck_count(const struct watchdog *watchdog)
{
	return watchdog->heartbeats.stuck;
}

uint64_t watchdog_core_silent_ns(const struct watchdog *watchdog, unsigned core)
{
	return watchdog->heartbeats.cores[core].silent_ns;
}
