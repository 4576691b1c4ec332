/* SPDX-License-Identifier: BSD-3-Clause */
#include "drain.h"

#include <stdlib.h>
#include <time.h>

#include <event2/event.h>

#include "base/log.h"
#include "control/control_operator.h"
#include "service_manager.h"
#include "session/session_registry.h"

#define LOOK_INTERVAL_US 50000
#define MS_PER_SECOND    1000u
#define NS_PER_MS        1000000u
/** What taking all down takes after the deadline. */
#define STOP_MARGIN_S 30u

struct drain {
	struct event_base *base;
	const struct session_registry *sessions;
	struct control_server *control;
	struct event *timer;
	bool begun;
	uint64_t deadline_ms; /**< monotonic */
};

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * MS_PER_SECOND + (uint64_t)now.tv_nsec / NS_PER_MS;
}

static void on_look(evutil_socket_t unused, short what, void *context)
{
	struct drain *drain = context;
	unsigned sessions = session_registry_count(drain->sessions);

	(void)unused;
	(void)what;
	if (sessions > 0 && now_ms() < drain->deadline_ms)
		return;
	if (sessions > 0)
		log_event(LOG_LEVEL_WARNING, "drain-deadline", "%u test sessions are ended",
		          sessions);
	else
		log_event(LOG_LEVEL_INFO, "drained", "no test session is left");
	(void)event_del(drain->timer);
	(void)event_base_loopbreak(drain->base);
}

int drain_create(struct event_base *base, const struct session_registry *sessions,
                 struct control_server *control, struct drain **drain, struct error *error)
{
	struct drain *made = calloc(1, sizeof(*made));

	if (made != NULL) {
		*made = (struct drain){.base = base, .sessions = sessions, .control = control};
		made->timer = event_new(base, -1, EV_PERSIST, on_look, made);
	}
	if (made == NULL || made->timer == NULL) {
		drain_destroy(made);
		return error_set(error, ERROR_MEMORY, "no memory for draining");
	}
	*drain = made;
	return 0;
}

void drain_destroy(struct drain *drain)
{
	if (drain == NULL)
		return;
	if (drain->timer != NULL)
		event_free(drain->timer);
	free(drain);
}

void drain_begin(struct drain *drain, uint32_t seconds)
{
	const struct timeval interval = {.tv_usec = LOOK_INTERVAL_US};

	log_event(LOG_LEVEL_INFO, "draining",
	          "nothing new is taken; %u test sessions have %u s to end",
	          session_registry_count(drain->sessions), (unsigned)seconds);
	service_manager_stopping();
	service_manager_extend(seconds + STOP_MARGIN_S);
	control_server_drain(drain->control);
	drain->begun = true;
	drain->deadline_ms = now_ms() + (uint64_t)seconds * MS_PER_SECOND;
	(void)event_add(drain->timer, &interval);
}

bool drain_has_begun(const struct drain *drain)
{
	return drain->begun;
}
