/* SPDX-License-Identifier: BSD-3-Clause */
#include "background.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

struct background {
	background_work work;
	void *context;
	int status;
	struct error error;
	int done; /* eventfd, written by the thread as its last act */
	bool finished;
};

static void *run(void *argument)
{
	struct background *background = argument;

	background->status = background->work(background->context, &background->error);
	(void)eventfd_write(background->done, 1);
	return NULL;
}

static void on_done(evutil_socket_t file, short what, void *context)
{
	struct background *background = context;

	(void)file;
	(void)what;
	background->finished = true;
}

int background_run(struct event_base *base, background_work work, void *context,
                   struct error *error)
{
	struct background background = {.work = work, .context = context};
	struct event *event = NULL;
	pthread_t thread;
	int status = 0;

	background.done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (background.done >= 0)
		event = event_new(base, background.done, EV_READ, on_done, &background);
	if (event == NULL || event_add(event, NULL) != 0) {
		status = error_set(error, ERROR_MEMORY, "no memory for an event");
	} else if (pthread_create(&thread, NULL, run, &background) != 0) {
		status = error_set(error, ERROR_SYSTEM, "no thread could be started");
	} else {
		while (!background.finished)
			(void)event_base_loop(base, EVLOOP_ONCE);
		(void)pthread_join(thread, NULL);
		status = background.status;
		if (status != 0 && error != NULL)
			*error = background.error;
	}
	if (event != NULL)
		event_free(event);
	if (background.done >= 0)
		(void)close(background.done);
	return status;
}
