/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/charon_connection.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/secret.h"

/** Read at a time: whole messages fit, and a daemon that never stops leaves the loop's other events their turn. */
#define INPUT_SIZE (4 * IKE_KEY_MESSAGE_SIZE_MAXIMUM)
/** More than a thousand questions by SPIs. */
#define OUTPUT_SIZE 65536u

/** Holds secrets. */
struct charon_connection {
	struct charon_receiver receiver;
	struct event *readable;
	struct event *writable; /**< added while there is output */
	int fd;
	size_t input_size;
	size_t output_size;
	uint8_t input[INPUT_SIZE];
	uint8_t output[OUTPUT_SIZE];
};

static int take_message(struct charon_connection *connection, const uint8_t *octets, size_t length,
                        struct error *error)
{
	const struct charon_receiver *receiver = &connection->receiver;
	struct ike_key_message message;
	int status = ike_key_message_read(octets, length, &message);

	if (status == 0)
		status = receiver->message(receiver->context, &message, error);
	else if (status == ERROR_UNAVAILABLE)
		status = error_set(error, ERROR_PERMISSION,
		                   "the IKE daemon speaks version %u of the key protocol instead "
		                   "of %u: install its plugin and specular of one release",
		                   (unsigned)message.version, IKE_KEY_VERSION);
	else
		(void)error_set(error, status, "the IKE daemon sent a malformed message");
	secret_wipe(&message, sizeof(message));
	return status;
}

/** Handles every whole message that has come, wipes them, and moves what is left to the front. */
static int take_messages(struct charon_connection *connection, struct error *error)
{
	size_t taken = 0;
	size_t length;
	int status;

	for (;;) {
		size_t left = connection->input_size - taken;
		status = ike_key_message_length(connection->input + taken, left, &length);
		if (status != 0 || length > left)
			break;
		status = take_message(connection, connection->input + taken, length, error);
		taken += length;
		if (status != 0)
			return status;
	}
	if (status == ERROR_FORMAT)
		return error_set(error, status, "the IKE daemon sent what is no message");
	connection->input_size -= taken;
	memmove(connection->input, connection->input + taken, connection->input_size);
	secret_wipe(connection->input + connection->input_size, taken);
	return 0;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct charon_connection *connection = context;
	const struct charon_receiver *receiver = &connection->receiver;
	struct error error = {""};
	int status;

	(void)what;
	ssize_t got = recv(fd, connection->input + connection->input_size,
	                   INPUT_SIZE - connection->input_size, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0) {
		status = error_set(&error, ERROR_UNAVAILABLE,
		                   "reading from the IKE daemon failed: %s", strerror(errno));
	} else if (got == 0) {
		status = error_set(&error, ERROR_UNAVAILABLE,
		                   "the IKE daemon closed the connection");
	} else {
		connection->input_size += (size_t)got;
		status = take_messages(connection, &error);
	}
	if (status != 0)
		receiver->ended(receiver->context, status, error.text);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct charon_connection *connection = context;
	const struct charon_receiver *receiver = &connection->receiver;
	struct error error;

	(void)what;
	ssize_t sent = send(fd, connection->output, connection->output_size, MSG_NOSIGNAL);
	if (sent >= 0) {
		connection->output_size -= (size_t)sent;
		memmove(connection->output, connection->output + sent, connection->output_size);
		if (connection->output_size == 0)
			(void)event_del(connection->writable);
		return;
	}
	if (errno == EAGAIN || errno == EINTR)
		return;
	if (errno == EPIPE || errno == ECONNRESET) {
		/* What it said before it hung up, why say, is still to be read: that ends the connection. */
		connection->output_size = 0;
		(void)event_del(connection->writable);
		return;
	}
	(void)error_set(&error, ERROR_UNAVAILABLE, "writing to the IKE daemon failed: %s",
	                strerror(errno));
	receiver->ended(receiver->context, ERROR_UNAVAILABLE, error.text);
}

int charon_connection_check_path(const char *path, struct error *error)
{
	const struct sockaddr_un address;
	size_t maximum = sizeof(address.sun_path) - 1;

	if (strlen(path) > maximum)
		return error_set(error, ERROR_ARGUMENT,
		                 "ikev2.socket: \"%s\" is too long; allowed: up to %zu characters",
		                 path, maximum);
	return 0;
}

static const char *what_to_do(int code)
{
	switch (code) {
	case ENOENT:
	case ECONNREFUSED:
		return "does charon run, has it loaded the plugin ippm-keys, and is "
		       "ikev2.socket the plugin's socket?";
	case EACCES:
	case EPERM:
		return "the socket's owner and mode keep this user out: see uids and gids in "
		       "ippm-keys.conf";
	case EAGAIN:
		return "charon accepts no connections at the moment";
	default:
		return "see ikev2.socket";
	}
}

/** A connected, non-blocking socket; -1 with errno. */
static int connected_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		int code = errno;

		(void)close(fd);
		errno = code;
		return -1;
	}
	return fd;
}

int charon_connection_open(struct event_base *base, const char *path,
                           const struct charon_receiver *receiver,
                           struct charon_connection **connection, struct error *error)
{
	int status = charon_connection_check_path(path, error);

	*connection = NULL;
	if (status != 0)
		return status;
	int fd = connected_socket(path);
	if (fd < 0)
		return error_set(error, ERROR_UNAVAILABLE, "cannot connect: %s; %s",
		                 strerror(errno), what_to_do(errno));
	struct charon_connection *opened = calloc(1, sizeof(*opened));
	if (opened == NULL) {
		(void)close(fd);
		return error_set(error, ERROR_MEMORY, "out of memory");
	}
	opened->receiver = *receiver;
	opened->fd = fd;
	opened->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, opened);
	opened->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable, opened);
	if (opened->readable == NULL || opened->writable == NULL ||
	    event_add(opened->readable, NULL) != 0) {
		charon_connection_close(opened);
		return error_set(error, ERROR_MEMORY, "out of memory");
	}
	*connection = opened;
	return 0;
}

int charon_connection_send(struct charon_connection *connection,
                           const struct ike_key_message *request)
{
	size_t written =
	        ike_key_message_write(request, connection->output + connection->output_size,
	                              OUTPUT_SIZE - connection->output_size);

	if (written == 0 || event_add(connection->writable, NULL) != 0)
		return ERROR_LIMIT;
	connection->output_size += written;
	return 0;
}

void charon_connection_close(struct charon_connection *connection)
{
	if (connection == NULL)
		return;
	if (connection->readable != NULL)
		event_free(connection->readable);
	if (connection->writable != NULL)
		event_free(connection->writable);
	(void)close(connection->fd);
	secret_wipe(connection->input, sizeof(connection->input));
	free(connection);
}
