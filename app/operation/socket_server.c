/* SPDX-License-Identifier: BSD-3-Clause */
#include "socket_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "socket_path.h"

/** When the process has no file for a client: others wait in the backlog so long. */
#define NO_FILE_SECONDS 1

LIST_HEAD(socket_client_list, socket_client);

struct socket_client {
	struct socket_server *server;
	struct bufferevent *stream;
	struct event *deadline;
	struct operation_peer peer;
	bool answered;
	size_t pending; /**< octets of its answer */
	LIST_ENTRY(socket_client) link;
};

struct socket_server {
	struct operation *operation;
	struct evconnlistener *listener;
	struct event *pause;
	char path[CONFIG_PATH_SIZE];
	struct stat made;
	unsigned client_count;
	size_t pending; /**< octets of answers that clients have not taken yet */
	struct socket_client_list clients;
};

static void close_client(struct socket_client *client)
{
	struct socket_server *server = client->server;

	LIST_REMOVE(client, link);
	server->client_count--;
	server->pending -= client->pending;
	event_free(client->deadline);
	bufferevent_free(client->stream);
	free(client);
	(void)evconnlistener_enable(server->listener);
}

static void free_text(const void *data, size_t size, void *text)
{
	(void)data;
	(void)size;
	free(text);
}

/** The document goes out, and then the client. */
static void send_answer(struct socket_client *client, const struct operation_answer *answer)
{
	struct evbuffer *output = bufferevent_get_output(client->stream);

	client->answered = true;
	client->pending = answer->size;
	client->server->pending += answer->size;
	(void)bufferevent_disable(client->stream, EV_READ);
	if (answer->text == NULL) {
		close_client(client);
	} else if (evbuffer_add_reference(output, answer->text, answer->size, free_text,
	                                  answer->text) != 0) {
		free(answer->text);
		close_client(client);
	}
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct socket_client *client = context;
	struct evbuffer *input = bufferevent_get_input(stream);
	char line[OPERATION_REQUEST_SIZE];
	struct operation_answer answer = {.text = NULL};
	struct evbuffer_ptr end = evbuffer_search(input, "\n", 1, NULL);

	if (client->answered)
		return;
	if (end.pos >= (ssize_t)sizeof(line) ||
	    (end.pos < 0 && evbuffer_get_length(input) >= sizeof(line))) {
		operation_answer_error("", "wrong-parameter",
		                       "the request is too long; allowed: 1024 octets", &answer);
	} else if (end.pos < 0) {
		return;
	} else if (client->server->pending >= SOCKET_PENDING_MAX) {
		operation_answer_error("", "busy", "other clients do not fetch their answers",
		                       &answer);
	} else {
		(void)evbuffer_remove(input, line, (size_t)end.pos);
		operation_answer(client->server->operation, line, (size_t)end.pos, &client->peer,
		                 &answer);
	}
	send_answer(client, &answer);
}

/** All has been written. */
static void on_write(struct bufferevent *stream, void *context)
{
	struct socket_client *client = context;

	(void)stream;
	if (client->answered)
		close_client(client);
}

/** Who has sent all and reads on still gets the answer. */
static void on_event(struct bufferevent *stream, short what, void *context)
{
	struct socket_client *client = context;

	(void)stream;
	if ((what & BEV_EVENT_ERROR) != 0 || !client->answered)
		close_client(client);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	close_client(context);
}

static struct operation_peer peer_of(evutil_socket_t fd)
{
	struct operation_peer peer = {.origin = ORIGIN_SOCKET};
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
		peer.pid = credentials.pid;
		peer.uid = credentials.uid;
		peer.gid = credentials.gid;
	}
	return peer;
}

static bool start_client(struct socket_client *client, evutil_socket_t fd)
{
	const struct timeval deadline = {.tv_sec = SOCKET_CLIENT_SECONDS};
	struct event_base *base = operation_base(client->server->operation);

	client->deadline = evtimer_new(base, on_deadline, client);
	if (client->deadline == NULL)
		return false;
	client->stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (client->stream == NULL) {
		event_free(client->deadline);
		return false;
	}
	(void)evtimer_add(client->deadline, &deadline);
	bufferevent_setcb(client->stream, on_read, on_write, on_event, client);
	bufferevent_setwatermark(client->stream, EV_READ, 0, OPERATION_REQUEST_SIZE);
	(void)bufferevent_enable(client->stream, EV_READ | EV_WRITE);
	return true;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int size, void *context)
{
	struct socket_server *server = context;
	struct socket_client *client = calloc(1, sizeof(*client));

	(void)address;
	(void)size;
	if (client == NULL) {
		(void)evutil_closesocket(fd);
		return;
	}
	client->server = server;
	client->peer = peer_of(fd);
	if (!start_client(client, fd)) {
		free(client);
		(void)evutil_closesocket(fd);
		return;
	}
	LIST_INSERT_HEAD(&server->clients, client, link);
	/* The others wait in the socket's backlog. */
	if (++server->client_count == SOCKET_CLIENTS_MAX)
		(void)evconnlistener_disable(listener);
}

static void on_pause_over(evutil_socket_t fd, short what, void *context)
{
	struct socket_server *server = context;

	(void)fd;
	(void)what;
	(void)evconnlistener_enable(server->listener);
}

static void on_accept_error(struct evconnlistener *listener, void *context)
{
	const struct timeval pause = {.tv_sec = NO_FILE_SECONDS};
	struct socket_server *server = context;

	(void)evconnlistener_disable(listener);
	(void)evtimer_add(server->pause, &pause);
}

static void release(struct socket_server *server)
{
	socket_path_remove(server->path, &server->made);
	if (server->pause != NULL)
		event_free(server->pause);
	free(server);
}

int socket_server_create(struct operation *operation, const struct config_operation *config,
                         struct socket_server **created, struct error *error)
{
	struct socket_server *server = calloc(1, sizeof(*server));
	int fd = -1;

	if (server == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the operation's socket");
	server->operation = operation;
	LIST_INIT(&server->clients);
	memcpy(server->path, config->socket, sizeof(server->path));
	int status = socket_path_listen(config, &fd, &server->made, error);
	if (status != 0) {
		free(server);
		return status;
	}
	server->listener = evconnlistener_new(operation_base(operation), on_accept, server,
	                                      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	server->pause = evtimer_new(operation_base(operation), on_pause_over, server);
	if (server->listener == NULL || server->pause == NULL) {
		if (server->listener != NULL)
			evconnlistener_free(server->listener);
		else
			(void)evutil_closesocket(fd);
		release(server);
		return error_set(error, ERROR_MEMORY, "no memory for the operation's socket");
	}
	evconnlistener_set_error_cb(server->listener, on_accept_error);
	*created = server;
	return 0;
}

void socket_server_destroy(struct socket_server *server)
{
	struct socket_client *next;

	if (server == NULL)
		return;
	for (struct socket_client *client = LIST_FIRST(&server->clients); client != NULL;
	     client = next) {
		next = LIST_NEXT(client, link);
		close_client(client);
	}
	evconnlistener_free(server->listener);
	release(server);
}
