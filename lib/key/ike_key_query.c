/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/ike_key_query.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"

/** One question on a connection: any number does. */
#define REQUEST 1u
/** A listener whose backlog is full says nothing when there is room again. */
#define CONNECT_PAUSE_MS 10

struct exchange {
	const char *path;
	const struct ike_key_message *question;
	int fd;
	int interrupt_fd;
	int timeout_ms;
	int64_t deadline_ms;
	struct error *error;
};

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** Until fd has one of the events, or pause_ms are over (-1: no such pause). ERROR_UNAVAILABLE at the deadline or when interrupted. */
static int await(const struct exchange *x, int fd, short events, int pause_ms)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = fd, .events = events},
		                       {.fd = x->interrupt_fd, .events = POLLIN}};
		int64_t left = x->deadline_ms - now_ms();
		if (left <= 0)
			return error_set(x->error, ERROR_UNAVAILABLE,
			                 "the IKE daemon at %s does not answer within %d ms",
			                 x->path, x->timeout_ms);
		bool pauses = pause_ms >= 0 && pause_ms < left;
		int ready = poll(fds, 2, pauses ? pause_ms : (int)left);
		if (ready > 0 && fds[1].revents != 0)
			return error_set(x->error, ERROR_UNAVAILABLE,
			                 "interrupted while asking the IKE daemon at %s", x->path);
		if (ready > 0 || (ready == 0 && pauses))
			return 0;
		if (ready < 0 && errno != EINTR)
			return error_set(x->error, ERROR_SYSTEM, "poll: %s", strerror(errno));
	}
}

static int refused_by_system(const struct exchange *x, int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return error_set(x->error, ERROR_UNAVAILABLE,
		                 "no IKE daemon listens at %s: is charon running with the plugin "
		                 "ippm-keys loaded?",
		                 x->path);
	case EACCES:
	case EPERM:
		return error_set(x->error, ERROR_PERMISSION,
		                 "%s: %s: run as a user or group that may use the IKE daemon's "
		                 "socket",
		                 x->path, strerror(number));
	case EPROTOTYPE:
		return error_set(x->error, ERROR_FORMAT,
		                 "%s is not a stream socket: name the one of the plugin ippm-keys",
		                 x->path);
	default:
		return error_set(x->error, ERROR_SYSTEM, "%s: %s", x->path, strerror(number));
	}
}

static int open_connection(struct exchange *x)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(x->path) >= sizeof(address.sun_path))
		return error_set(x->error, ERROR_ARGUMENT,
		                 "%s: the path of a unix socket has at most %zu characters",
		                 x->path, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, x->path, strlen(x->path));
	x->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (x->fd < 0)
		return error_set(x->error, ERROR_SYSTEM, "socket: %s", strerror(errno));
	while (connect(x->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		if (errno != EAGAIN && errno != EINTR)
			return refused_by_system(x, errno);
		int status = await(x, -1, 0, CONNECT_PAUSE_MS);
		if (status != 0)
			return status;
	}
	return 0;
}

/** Sends it all. A daemon that has hung up may have said why before: reading will tell. */
static int send_question(const struct exchange *x, const uint8_t *octets, size_t size)
{
	for (size_t sent = 0; sent < size;) {
		ssize_t count = send(x->fd, octets + sent, size - sent, MSG_NOSIGNAL);
		if (count >= 0) {
			sent += (size_t)count;
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return refused_by_system(x, errno);
		int status = await(x, x->fd, POLLOUT, -1);
		if (status != 0)
			return status;
	}
	return 0;
}

static int receive(const struct exchange *x, uint8_t *octets, size_t from, size_t until)
{
	while (from < until) {
		int status = await(x, x->fd, POLLIN, -1);
		if (status != 0)
			return status;
		ssize_t count = recv(x->fd, octets + from, until - from, 0);
		if (count > 0)
			from += (size_t)count;
		else if (count == 0 || errno == ECONNRESET)
			return error_set(x->error, ERROR_UNAVAILABLE,
			                 "the IKE daemon at %s hung up without an answer: try "
			                 "again, or see its log",
			                 x->path);
		else if (errno != EAGAIN && errno != EINTR)
			return refused_by_system(x, errno);
	}
	return 0;
}

static int not_the_protocol(const struct exchange *x, const char *why)
{
	return error_set(x->error, ERROR_FORMAT,
	                 "what listens at %s does not speak the IKE key protocol (%s): is it the "
	                 "socket of the plugin ippm-keys?",
	                 x->path, why);
}

static int receive_answer(const struct exchange *x, uint8_t *octets, struct ike_key_message *answer)
{
	size_t length = 0;

	int status = receive(x, octets, 0, IKE_KEY_HEADER_SIZE);
	if (status != 0)
		return status;
	if (ike_key_message_length(octets, IKE_KEY_HEADER_SIZE, &length) != 0)
		return not_the_protocol(x, "a length that no message has");
	status = receive(x, octets, IKE_KEY_HEADER_SIZE, length);
	if (status != 0)
		return status;
	status = ike_key_message_read(octets, length, answer);
	if (status == ERROR_UNAVAILABLE)
		return error_set(x->error, ERROR_FORMAT,
		                 "the IKE daemon at %s speaks version %u of the key protocol, this "
		                 "program %u: install the plugin ippm-keys that belongs to it",
		                 x->path, (unsigned)answer->version, IKE_KEY_VERSION);
	if (status != 0)
		return not_the_protocol(x, "a malformed message");
	/* An error that concerns the connection may come before the request was read. */
	if (answer->request != REQUEST && (answer->type != IKE_KEY_ERROR || answer->request != 0))
		return not_the_protocol(x, "an answer to what was not asked");
	return 0;
}

static int no_such_sa(const struct exchange *x)
{
	const struct ike_key_message *question = x->question;
	char peer[ADDRESS_TEXT_SIZE];

	if (question->type == IKE_KEY_GET_BY_PEER)
		return error_set(x->error, ERROR_NOT_FOUND,
		                 "the IKE daemon at %s has no IKE SA with the peer %s: initiate it "
		                 "first",
		                 x->path, address_format(&question->peer_address, peer));
	return error_set(x->error, ERROR_NOT_FOUND,
	                 "the IKE daemon at %s has no IKE SA with these SPIs: it may have been "
	                 "rekeyed or deleted",
	                 x->path);
}

static int refused_by_daemon(const struct exchange *x, const struct ike_key_message *answer)
{
	switch (answer->error) {
	case IKE_KEY_ERROR_NOT_FOUND:
		return no_such_sa(x);
	case IKE_KEY_ERROR_NOT_PERMITTED:
		return error_set(x->error, ERROR_PERMISSION,
		                 "the IKE daemon at %s gives no keys to user %u: add it to uids, "
		                 "or a group of it to gids, in ippm-keys.conf",
		                 x->path, (unsigned)geteuid());
	case IKE_KEY_ERROR_NOT_EXPOSED:
		return error_set(
		        x->error, ERROR_PERMISSION,
		        "the IKE daemon at %s does not hand out SK_d: set expose_sk_d = yes "
		        "in ippm-keys.conf, or ask for the derived secret",
		        x->path);
	case IKE_KEY_ERROR_BUSY:
		return error_set(x->error, ERROR_UNAVAILABLE,
		                 "the IKE daemon at %s has too many clients: try again later",
		                 x->path);
	default:
		return error_set(x->error, ERROR_FORMAT,
		                 "the IKE daemon at %s refuses the question: %s%s%s", x->path,
		                 ike_key_error_name(answer->error),
		                 answer->text[0] != '\0' ? ": " : "", answer->text);
	}
}

/** The SA that was asked for, with the key that was asked for. */
static bool answers(const struct ike_key_message *answer, const struct ike_key_message *question)
{
	uint32_t key = IKE_KEY_HAS(IKE_KEY_SECRET);

	if ((question->attributes & IKE_KEY_HAS(IKE_KEY_WANT)) != 0)
		key = question->want == IKE_KEY_WANT_NONE   ? 0
		      : question->want == IKE_KEY_WANT_SK_D ? IKE_KEY_HAS(IKE_KEY_SK_D)
		                                            : key;
	if (answer->type != IKE_KEY_SA || (answer->attributes & key) != key)
		return false;
	if (question->type == IKE_KEY_GET_BY_PEER)
		return address_equal(&answer->peer_address, &question->peer_address);
	return memcmp(answer->spi_i, question->spi_i, IKE_KEY_SPI_SIZE) == 0 &&
	       memcmp(answer->spi_r, question->spi_r, IKE_KEY_SPI_SIZE) == 0;
}

static int ask(struct exchange *x, uint8_t *octets, struct ike_key_message *answer)
{
	struct ike_key_message question = *x->question;

	question.request = REQUEST;
	size_t size = ike_key_message_write(&question, octets, IKE_KEY_MESSAGE_SIZE_MAXIMUM);
	if (size == 0 ||
	    (question.type != IKE_KEY_GET_BY_SPIS && question.type != IKE_KEY_GET_BY_PEER))
		return error_set(x->error, ERROR_ARGUMENT, "not a question for one IKE SA");
	int status = open_connection(x);
	if (status == 0)
		status = send_question(x, octets, size);
	if (status == 0)
		status = receive_answer(x, octets, answer);
	if (status != 0)
		return status;
	if (answer->type == IKE_KEY_ERROR)
		return refused_by_daemon(x, answer);
	return answers(answer, x->question) ? 0 : not_the_protocol(x, "not the SA asked for");
}

int ike_key_query(const char *path, const struct ike_key_message *request, int timeout_ms,
                  int interrupt_fd, struct ike_key_message *answer, struct error *error)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	struct exchange x = {
	        .path = path,
	        .question = request,
	        .fd = -1,
	        .interrupt_fd = interrupt_fd,
	        .timeout_ms = timeout_ms,
	        .deadline_ms = now_ms() + timeout_ms,
	        .error = error,
	};

	memset(answer, 0, sizeof(*answer));
	int status = ask(&x, octets, answer);
	if (status != 0)
		secret_wipe(answer, sizeof(*answer));
	secret_wipe(octets, sizeof(octets));
	if (x.fd >= 0)
		(void)close(x.fd);
	return status;
}
