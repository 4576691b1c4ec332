/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_channel.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "local_clock.h"

#define NS_PER_MS  1000000
#define DSCP_SHIFT 2

/** Waits for events until deadline_ns (monotonic). */
static int wait_for(struct control_channel *channel, short events, int64_t deadline_ns,
                    const char *what, struct error *error)
{
	for (;;) {
		struct pollfd fds[2] = {{.fd = channel->socket, .events = events},
		                        {.fd = channel->interrupt_fd, .events = POLLIN}};
		int64_t left_ms = (deadline_ns - monotonic_now_ns()) / NS_PER_MS;
		int ready = poll(fds, 2, left_ms < 0 ? 0 : (int)left_ms);

		if (ready < 0 && errno != EINTR)
			return error_set(error, ERROR_SYSTEM, "poll: %s", strerror(errno));
		if (ready > 0 && fds[1].revents != 0)
			return error_set(error, ERROR_UNAVAILABLE,
			                 "interrupted while waiting for %s", what);
		if (ready > 0)
			return 0;
		if (left_ms <= 0)
			return error_set(error, ERROR_UNAVAILABLE,
			                 "timeout: no %s from the server within %d s", what,
			                 CONTROL_TIMEOUT_MS / 1000);
	}
}

static int connect_error(const struct endpoint *server, int code, struct error *error)
{
	char text[ENDPOINT_TEXT_SIZE];

	endpoint_format(server, text);
	if (code == ECONNREFUSED)
		return error_set(
		        error, ERROR_UNAVAILABLE,
		        "%s refused the connection: is a TWAMP server running there, and is "
		        "this its port?",
		        text);
	return error_set(error, ERROR_UNAVAILABLE, "can't connect to %s: %s", text, strerror(code));
}

static int prepare(int fd, const struct endpoint *server, const struct address *source,
                   uint8_t dscp, struct error *error)
{
	int traffic_class = dscp << DSCP_SHIFT, one = 1;
	bool v6 = server->address.family == 6;

	if (dscp != 0 && setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS,
	                            &traffic_class, sizeof(traffic_class)) != 0)
		return error_set(error, ERROR_SYSTEM, "can't set the DSCP: %s", strerror(errno));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (source != NULL) {
		struct endpoint local = {.address = *source};
		struct sockaddr_storage storage;
		socklen_t size = endpoint_to_sockaddr(&local, &storage);
		char text[ADDRESS_TEXT_SIZE];
		if (bind(fd, (struct sockaddr *)&storage, size) != 0)
			return error_set(error, ERROR_SYSTEM, "can't use the source address %s: %s",
			                 address_format(source, text), strerror(errno));
	}
	return 0;
}

static int connect_and_wait(struct control_channel *channel, const struct endpoint *server,
                            struct error *error)
{
	struct sockaddr_storage storage;
	socklen_t size = endpoint_to_sockaddr(server, &storage);
	int code = 0, result;
	socklen_t code_size = sizeof(code);
	char text[ENDPOINT_TEXT_SIZE];

	if (connect(channel->socket, (struct sockaddr *)&storage, size) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return connect_error(server, errno, error);
	result = wait_for(channel, POLLOUT,
	                  monotonic_now_ns() + (int64_t)CONTROL_TIMEOUT_MS * NS_PER_MS,
	                  "TCP connection", error);
	if (result != 0) {
		struct error reason = *error;
		return error_set(error, result, "%s: %.400s", endpoint_format(server, text),
		                 reason.text);
	}
	(void)getsockopt(channel->socket, SOL_SOCKET, SO_ERROR, &code, &code_size);
	return code == 0 ? 0 : connect_error(server, code, error);
}

int control_channel_connect(struct control_channel *channel, const struct endpoint *server,
                            const struct address *source, uint8_t dscp, int interrupt_fd,
                            struct error *error)
{
	struct sockaddr_storage storage;
	socklen_t size = sizeof(storage);
	int result;

	*channel = (struct control_channel){.interrupt_fd = interrupt_fd, .peer = *server};
	channel->socket = socket(server->address.family == 6 ? AF_INET6 : AF_INET,
	                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (channel->socket < 0)
		return error_set(error, ERROR_SYSTEM, "socket: %s", strerror(errno));
	result = prepare(channel->socket, server, source, dscp, error);
	if (result == 0)
		result = connect_and_wait(channel, server, error);
	if (result == 0 &&
	    (getsockname(channel->socket, (struct sockaddr *)&storage, &size) != 0 ||
	     endpoint_from_sockaddr((struct sockaddr *)&storage, &channel->local) != 0))
		result = error_set(error, ERROR_SYSTEM, "getsockname: %s", strerror(errno));
	if (result != 0)
		control_channel_close(channel);
	return result;
}

int control_channel_read(struct control_channel *channel, uint8_t *octets, size_t size,
                         const char *what, struct error *error)
{
	int64_t deadline = monotonic_now_ns() + (int64_t)CONTROL_TIMEOUT_MS * NS_PER_MS;
	size_t done = 0;

	while (done < size) {
		ssize_t got = recv(channel->socket, octets + done, size - done, 0);
		if (got > 0) {
			done += (size_t)got;
			continue;
		}
		if (got == 0 || errno == ECONNRESET)
			return error_set(
			        error, ERROR_UNAVAILABLE,
			        "the server closed the control connection instead of sending "
			        "%s",
			        what);
		if (errno != EAGAIN && errno != EINTR)
			return error_set(error, ERROR_SYSTEM, "reading %s: %s", what,
			                 strerror(errno));
		int result = wait_for(channel, POLLIN, deadline, what, error);
		if (result != 0)
			return result;
	}
	return 0;
}

int control_channel_write(struct control_channel *channel, const uint8_t *octets, size_t size,
                          const char *what, struct error *error)
{
	int64_t deadline = monotonic_now_ns() + (int64_t)CONTROL_TIMEOUT_MS * NS_PER_MS;
	size_t done = 0;

	while (done < size) {
		ssize_t sent = send(channel->socket, octets + done, size - done, MSG_NOSIGNAL);
		if (sent > 0) {
			done += (size_t)sent;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return error_set(error, ERROR_UNAVAILABLE,
			                 "the control connection broke while sending %s: %s", what,
			                 strerror(errno));
		int result = wait_for(channel, POLLOUT, deadline, what, error);
		if (result != 0)
			return result;
	}
	return 0;
}

void control_channel_close(struct control_channel *channel)
{
	if (channel->socket >= 0)
		(void)close(channel->socket);
	channel->socket = -1;
}
