/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <rte_telemetry.h>

#include "telemetry_flat.h"

#define PREFIX          "/specular/"
#define COMMAND_SIZE    64u
#define MEMBER_NAME_MAX 63u
/** One of telemetry's 256 members tells what is left out; of its 16 KB the command's name takes some. */
#define MEMBERS_MOST 255u
#define OCTETS_MOST  16000u

/**
 * One request at a time goes from a thread of telemetry to the loop. Registered commands can't be taken back, nor be given a context: so
 * this is the one thing of the operation that is the process's.
 */
static struct telemetry {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct operation *operation; /**< the loop's; NULL: nobody answers */
	struct event *event;
	int wake;
	bool busy;       /**< a request is under way */
	bool waiting;    /**< for the loop */
	uint64_t serial; /**< of the request: an answer to one that was given up is dropped */
	char line[OPERATION_REQUEST_SIZE];
	char *text; /**< the answer */
} telemetry = {.lock = PTHREAD_MUTEX_INITIALIZER, .answered = PTHREAD_COND_INITIALIZER, .wake = -1};

/** In the loop. */
static void on_wake(evutil_socket_t fd, short what, void *context)
{
	const struct operation_peer peer = {.origin = ORIGIN_TELEMETRY};
	struct operation_answer answer = {.text = NULL};
	char line[OPERATION_REQUEST_SIZE];
	uint64_t count, serial;

	(void)what;
	(void)context;
	(void)!read(fd, &count, sizeof(count));
	(void)pthread_mutex_lock(&telemetry.lock);
	bool asked = telemetry.waiting;
	serial = telemetry.serial;
	memcpy(line, telemetry.line, sizeof(line));
	(void)pthread_mutex_unlock(&telemetry.lock);
	if (!asked)
		return;
	operation_answer(telemetry.operation, line, strlen(line), &peer, &answer);
	(void)pthread_mutex_lock(&telemetry.lock);
	if (telemetry.waiting && telemetry.serial == serial) {
		telemetry.waiting = false;
		telemetry.text = answer.text;
		answer.text = NULL;
		(void)pthread_cond_broadcast(&telemetry.answered);
	}
	(void)pthread_mutex_unlock(&telemetry.lock);
	free(answer.text);
}

/** By a clock that nobody sets: the appliance's time may be what is being put right. */
static int wait_until(const struct timespec *deadline)
{
	return pthread_cond_clockwait(&telemetry.answered, &telemetry.lock, CLOCK_MONOTONIC,
	                              deadline);
}

/** In a thread of telemetry, with the lock. The answer, which the caller frees; NULL: none came in time. */
static char *ask_locked(const char *line)
{
	const uint64_t one = 1;
	struct timespec deadline;
	int status = 0;

	(void)clock_gettime(CLOCK_MONOTONIC, &deadline);
	deadline.tv_sec += TELEMETRY_SECONDS;
	while (telemetry.busy && status == 0)
		status = wait_until(&deadline);
	if (telemetry.busy || telemetry.operation == NULL)
		return NULL;
	telemetry.busy = true;
	telemetry.waiting = true;
	telemetry.serial++;
	(void)snprintf(telemetry.line, sizeof(telemetry.line), "%s", line);
	(void)!write(telemetry.wake, &one, sizeof(one));
	while (telemetry.waiting && status == 0)
		status = wait_until(&deadline);
	char *text = telemetry.text;
	telemetry.text = NULL;
	telemetry.waiting = false;
	telemetry.busy = false;
	(void)pthread_cond_broadcast(&telemetry.answered);
	return text;
}

static bool add_member(void *context, const char *name, const char *text, bool is_string)
{
	struct rte_tel_data *data = context;
	char *end;

	/* Telemetry cuts longer names, which would make two the same. */
	if (strlen(name) > MEMBER_NAME_MAX)
		return true;
	if (!is_string) {
		errno = 0;
		uint64_t value = strtoull(text, &end, 10);
		if (*end == '\0' && text[0] != '-' && errno == 0)
			return rte_tel_data_add_dict_u64(data, name, value) == 0;
	}
	return rte_tel_data_add_dict_string(data, name, text) == 0;
}

static int on_command(const char *command, const char *parameters, struct rte_tel_data *data)
{
	static const struct telemetry_room room = {.members = MEMBERS_MOST, .octets = OCTETS_MOST};
	char line[OPERATION_REQUEST_SIZE];

	int length = snprintf(line, sizeof(line), "%s %s", command + strlen(PREFIX),
	                      parameters != NULL ? parameters : "");
	if (length >= (int)sizeof(line))
		return -EINVAL;
	for (char *at = strchr(line, ','); at != NULL; at = strchr(at, ','))
		*at = ' ';
	(void)pthread_mutex_lock(&telemetry.lock);
	char *text = ask_locked(line);
	(void)pthread_mutex_unlock(&telemetry.lock);
	if (text == NULL)
		return -ETIMEDOUT;
	(void)rte_tel_data_start_dict(data);
	unsigned left_out = telemetry_flatten_within(text, &room, add_member, data);
	if (left_out > 0)
		(void)rte_tel_data_add_dict_u64(data, "left_out", left_out);
	free(text);
	return 0;
}

static int register_commands(const struct operation *operation)
{
	char name[COMMAND_SIZE], help[256];

	for (unsigned i = 0; operation_command_at(operation, i) != NULL; i++) {
		const struct operation_command *command = operation_command_at(operation, i);
		bool has_parameters = command->parameters != NULL;

		if (command->changes)
			continue;
		(void)snprintf(name, sizeof(name), PREFIX "%s", command->name);
		(void)snprintf(help, sizeof(help), "The appliance's %s.%s%s", command->name,
		               has_parameters ? " Parameters (NAME=VALUE,...): " : "",
		               has_parameters ? command->parameters : "");
		if (rte_telemetry_register_cmd(name, on_command, help) != 0)
			return ERROR_MEMORY;
	}
	return 0;
}

int telemetry_create(struct operation *operation, struct error *error)
{
	int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (wake < 0)
		return error_set(error, ERROR_SYSTEM, "eventfd: %s", strerror(errno));
	telemetry.event =
	        event_new(operation_base(operation), wake, EV_READ | EV_PERSIST, on_wake, NULL);
	if (telemetry.event == NULL || event_add(telemetry.event, NULL) != 0 ||
	    register_commands(operation) != 0) {
		telemetry_destroy();
		(void)close(wake);
		return error_set(error, ERROR_MEMORY, "no memory for telemetry's commands");
	}
	(void)pthread_mutex_lock(&telemetry.lock);
	telemetry.wake = wake;
	telemetry.operation = operation;
	(void)pthread_mutex_unlock(&telemetry.lock);
	return 0;
}

void telemetry_destroy(void)
{
	(void)pthread_mutex_lock(&telemetry.lock);
	telemetry.operation = NULL;
	/* Who waits is told that nothing comes. */
	telemetry.waiting = false;
	(void)pthread_cond_broadcast(&telemetry.answered);
	int wake = telemetry.wake;
	telemetry.wake = -1;
	(void)pthread_mutex_unlock(&telemetry.lock);
	/* Before its file is closed, whose number another thread's may get. */
	if (telemetry.event != NULL)
		event_free(telemetry.event);
	telemetry.event = NULL;
	if (wake >= 0)
		(void)close(wake);
}
