/* SPDX-License-Identifier: BSD-3-Clause */
#include "call.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_FIRST  (64u << 10)
#define MS_PER_SECOND 1000
#define NS_PER_MS     1000000
#define RETRY_MS      20 /* while the socket's backlog is full */

static int64_t now_ms(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * MS_PER_SECOND + time.tv_nsec / NS_PER_MS;
}

static int too_late(const struct call *call, struct error *error)
{
	return error_set(error, ERROR_UNAVAILABLE,
	                 "%s: the appliance did not answer within %lld s; it may hang or be very "
	                 "busy: look at its log, or wait longer with --wait",
	                 call->socket, (long long)call->wait_ms / MS_PER_SECOND);
}

/** Until fd (or nothing, -1) is ready, for at most so long. */
static int wait_for(const struct call *call, int fd, short what, int64_t deadline,
                    struct error *error)
{
	struct pollfd poll_fd = {.fd = fd, .events = what};

	for (;;) {
		int64_t left = deadline - now_ms();
		if (call->ended != NULL && *call->ended != 0)
			return error_set(error, ERROR_UNAVAILABLE, "interrupted");
		if (left <= 0)
			return too_late(call, error);
		int ready = poll(&poll_fd, 1, (int)(fd < 0 && left > RETRY_MS ? RETRY_MS : left));
		if (ready > 0 || (ready == 0 && fd < 0))
			return 0;
		if (ready < 0 && errno != EINTR)
			return error_set(error, ERROR_SYSTEM, "poll: %s", strerror(errno));
	}
}

static int explain_connect(const char *path, struct error *error)
{
	switch (errno) {
	case ENOENT:
		return error_set(error, ERROR_NOT_FOUND,
		                 "%s: no such socket; is the appliance running (systemctl status "
		                 "specular)? Another path (operation.socket of its "
		                 "configuration) goes behind --socket",
		                 path);
	case ECONNREFUSED:
		return error_set(error, ERROR_NOT_FOUND,
		                 "%s: nobody listens there; the appliance that made the socket is "
		                 "gone",
		                 path);
	case EACCES:
	case EPERM:
		return error_set(error, ERROR_PERMISSION,
		                 "%s: this user may not ask the appliance; allowed: root, the "
		                 "appliance's user, and members of operation.socket-group",
		                 path);
	default:
		return error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
	}
}

static int open_socket(const struct call *call, int64_t deadline, int *fd, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(call->socket);
	int status;

	if (size == 0 || size >= sizeof(address.sun_path))
		return error_set(error, ERROR_ARGUMENT,
		                 "--socket: \"%.120s\" is no path of a unix socket; allowed: 1 to "
		                 "%zu characters",
		                 call->socket, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, call->socket, size);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return error_set(error, ERROR_SYSTEM, "socket: %s", strerror(errno));
	while (connect(*fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		if (errno != EAGAIN && errno != EINTR)
			return explain_connect(call->socket, error);
		if ((status = wait_for(call, -1, 0, deadline, error)) != 0)
			return status;
	}
	return 0;
}

static int send_line(const struct call *call, int fd, const char *line, int64_t deadline,
                     struct error *error)
{
	size_t size = strlen(line), sent = 0;

	while (sent < size) {
		ssize_t octets = send(fd, line + sent, size - sent, MSG_NOSIGNAL);
		if (octets >= 0) {
			sent += (size_t)octets;
			continue;
		}
		int status = errno == EAGAIN || errno == EINTR
		                     ? wait_for(call, fd, POLLOUT, deadline, error)
		                     : error_set(error, ERROR_SYSTEM, "%s: send: %s", call->socket,
		                                 strerror(errno));
		if (status != 0)
			return status;
	}
	return 0;
}

static int make_room(struct answer *answer, size_t *capacity, struct error *error)
{
	size_t larger = *capacity > 0 ? 2 * *capacity : ANSWER_FIRST;
	char *text;

	if (answer->size < *capacity)
		return 0;
	if (larger > CALL_ANSWER_MAX)
		return error_set(error, ERROR_LIMIT, "the answer is longer than %u octets",
		                 CALL_ANSWER_MAX);
	text = realloc(answer->text, larger);
	if (text == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the answer");
	answer->text = text;
	*capacity = larger;
	return 0;
}

/** All until the appliance closes. */
static int receive(const struct call *call, int fd, int64_t deadline, struct answer *answer,
                   struct error *error)
{
	size_t capacity = 0;
	int status;

	for (;;) {
		if ((status = make_room(answer, &capacity, error)) != 0)
			return status;
		ssize_t octets = recv(fd, answer->text + answer->size, capacity - answer->size, 0);
		if (octets == 0)
			return 0;
		if (octets > 0) {
			answer->size += (size_t)octets;
			if (now_ms() >= deadline)
				return too_late(call, error);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return error_set(error, ERROR_SYSTEM, "%s: receive: %s", call->socket,
			                 strerror(errno));
		if ((status = wait_for(call, fd, POLLIN, deadline, error)) != 0)
			return status;
	}
}

int call_appliance(const struct call *call, const struct request *request, struct answer *answer,
                   struct error *error)
{
	int64_t deadline = now_ms() + call->wait_ms;
	char line[REQUEST_SIZE];
	int fd = -1, status;

	*answer = (struct answer){0};
	if ((status = request_write(request, line, error)) != 0)
		return status;
	status = open_socket(call, deadline, &fd, error);
	if (status == 0)
		status = send_line(call, fd, line, deadline, error);
	if (status == 0)
		status = receive(call, fd, deadline, answer, error);
	if (fd >= 0)
		(void)close(fd);
	return status != 0 ? status : answer_read(answer, error);
}
