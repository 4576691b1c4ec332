/* SPDX-License-Identifier: BSD-3-Clause */
#include "events.h"

#include <signal.h>
#include <string.h>

#include <event2/event.h>

#include "audit.h"
#include "base/log.h"
#include "operator.h"
#include "report.h"
#include "service_manager.h"

#define RECLAIM_INTERVAL_MS      100
#define RECLAIM_MORE_INTERVAL_MS 1 /**< while more are waiting than one call frees */
#define LINK_INTERVAL_MS         1000

static void on_clock(evutil_socket_t unused, short what, void *context)
{
	struct appliance *appliance = context;
	struct clock_sample sample = clock_sample_take();

	(void)unused;
	(void)what;
	if (tsc_clock_update(&appliance->clock, &sample))
		log_event(LOG_LEVEL_WARNING, "clock-step",
		          "the system clock jumped; timestamps follow it at once");
	for (unsigned i = 0; i < appliance->config->port_count; i++)
		nic_clock_update(appliance->ports[i].id, &appliance->ports[i].nic_clock);
}

static void on_reclaim(evutil_socket_t unused, short what, void *context)
{
	struct appliance *appliance = context;

	(void)unused;
	(void)what;
	bool more = session_registry_reclaim(appliance->sessions) >= SESSION_RECLAIM_MAX;
	struct timeval interval = {
	        .tv_usec = 1000 * (more ? RECLAIM_MORE_INTERVAL_MS : RECLAIM_INTERVAL_MS)};
	(void)event_add(appliance->reclaim_timer, &interval);
}

static void on_link(evutil_socket_t unused, short what, void *context)
{
	struct appliance *appliance = context;

	(void)unused;
	(void)what;
	for (unsigned i = 0; i < appliance->config->port_count; i++)
		port_watch_link(&appliance->ports[i]);
}

/** SIGTERM gives sessions the time that operation.drain-deadline allows; a second one, or SIGINT, ends at once. */
static void on_terminate(evutil_socket_t number, short what, void *context)
{
	struct appliance *appliance = context;

	(void)what;
	log_event(LOG_LEVEL_INFO, "stopping", "signal %s", strsignal((int)number));
	if ((int)number == SIGTERM && operator_drains_at_signal(appliance))
		return;
	service_manager_stopping();
	(void)event_base_loopbreak(appliance->base);
}

static void on_reload(evutil_socket_t unused, short what, void *context)
{
	struct reload_outcome outcome;
	struct error error;

	(void)unused;
	(void)what;
	(void)operator_reload(context, NULL, &outcome, &error);
}

static void on_report(evutil_socket_t unused, short what, void *context)
{
	(void)unused;
	(void)what;
	report_counters(context);
}

/** The audit trail's file was rotated. What fails is told by the log. */
static void on_reopen(evutil_socket_t unused, short what, void *context)
{
	struct appliance *appliance = context;
	struct error error;

	(void)unused;
	(void)what;
	(void)audit_reopen(appliance->audit, &error);
}

static struct event *make_timer(struct appliance *appliance, event_callback_fn callback,
                                long interval_ms)
{
	struct timeval interval = {.tv_sec = interval_ms / 1000,
	                           .tv_usec = interval_ms % 1000 * 1000};
	struct event *timer = event_new(appliance->base, -1, EV_PERSIST, callback, appliance);

	if (timer != NULL)
		(void)event_add(timer, &interval);
	return timer;
}

static struct event *make_signal(struct appliance *appliance, int number,
                                 event_callback_fn callback)
{
	struct event *event = evsignal_new(appliance->base, number, callback, appliance);

	if (event != NULL)
		(void)event_add(event, NULL);
	return event;
}

void events_stop(struct appliance *appliance)
{
	struct event **events[] = {
	        &appliance->clock_timer,          &appliance->reclaim_timer,
	        &appliance->link_timer,           &appliance->terminate_signals[0],
	        &appliance->terminate_signals[1], &appliance->report_signal,
	        &appliance->reopen_signal,        &appliance->reload_signal,
	};

	for (unsigned i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (*events[i] != NULL)
			event_free(*events[i]);
		*events[i] = NULL;
	}
	/* A second one, of an impatient person, would end the process half taken down. SIGKILL remains. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
}

int events_start(struct appliance *appliance, struct error *error)
{
	appliance->clock_timer = make_timer(appliance, on_clock, CLOCK_UPDATE_INTERVAL_MS);
	appliance->reclaim_timer = make_timer(appliance, on_reclaim, RECLAIM_INTERVAL_MS);
	appliance->link_timer = make_timer(appliance, on_link, LINK_INTERVAL_MS);
	appliance->terminate_signals[0] = make_signal(appliance, SIGINT, on_terminate);
	appliance->terminate_signals[1] = make_signal(appliance, SIGTERM, on_terminate);
	appliance->report_signal = make_signal(appliance, SIGUSR1, on_report);
	appliance->reopen_signal = make_signal(appliance, SIGUSR2, on_reopen);
	appliance->reload_signal = make_signal(appliance, SIGHUP, on_reload);
	if (appliance->clock_timer == NULL || appliance->reclaim_timer == NULL ||
	    appliance->link_timer == NULL || appliance->terminate_signals[0] == NULL ||
	    appliance->terminate_signals[1] == NULL || appliance->report_signal == NULL ||
	    appliance->reopen_signal == NULL || appliance->reload_signal == NULL) {
		events_stop(appliance);
		return error_set(error, ERROR_MEMORY, "no memory for an event");
	}
	return 0;
}
