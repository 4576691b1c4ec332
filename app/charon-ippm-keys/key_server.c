/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key_server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/secret.h"
#include "key_client.h"
#include "server_socket.h"

/* Places for those who only read the error that they get. */
#define PLACES_TO_LEAVE    16u
#define BACKLOG            64
#define ACCEPTS_PER_TURN   16u
#define CHANGES_PER_TURN   256u
#define ACCEPT_PAUSE_MS    200 /* when the process has no descriptor left */
#define DEFAULT(value, or) ((value) ? (value) : (or))

/* What poll(2) watches: these, then the clients. */
enum { WATCH_END, WATCH_CHANGES, WATCH_LISTENER, WATCH_CLIENTS };

struct key_server {
	struct key_client_rules rules;
	const struct key_settings *settings;
	struct key_log log;
	struct server_socket listener;
	int end_fd;
	int64_t accept_again; /* CLOCK_MONOTONIC ms; 0: now */
	size_t places;
	size_t client_count;
	struct key_client **clients; /* client_count of places; oldest first */
	struct pollfd *watched;      /* WATCH_CLIENTS + places */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void log_complaint(struct key_server *server, struct key_client *client)
{
	if (!client->complaint)
		return;
	key_log_line(&server->log, "client with uid %u, pid %d is hung up: %s",
	             (unsigned)client->who.uid, (int)client->who.pid, client->complaint);
	client->complaint = NULL;
}

static void remove_client(struct key_server *server, size_t index)
{
	key_client_destroy(server->clients[index]);
	server->client_count--;
	memmove(&server->clients[index], &server->clients[index + 1],
	        (server->client_count - index) * sizeof(struct key_client *));
}

static size_t count_served(const struct key_server *server)
{
	size_t served = 0;

	for (size_t i = 0; i < server->client_count; i++)
		served += !server->clients[i]->leaving;
	return served;
}

/* There is always one that is leaving when all places are taken. */
static void make_place(struct key_server *server)
{
	for (size_t i = 0; server->client_count == server->places && i < server->client_count; i++)
		if (server->clients[i]->leaving)
			remove_client(server, i);
}

static void take_client(struct key_server *server, int fd, int64_t now)
{
	struct peer_credentials who;
	int permitted = peer_permission_check(&server->settings->permission, fd, &who);
	size_t served = count_served(server);

	make_place(server);
	struct key_client *client = key_client_create(&server->rules, fd, &who);
	if (!client) {
		close(fd);
		return;
	}
	server->clients[server->client_count++] = client;
	if (permitted < 0)
		key_client_dismiss(client, IKE_KEY_ERROR_NOT_PERMITTED,
		                   "neither uid nor gid is one that may ask (ippm-keys.conf)", now);
	else if (served >= server->settings->clients)
		key_client_dismiss(client, IKE_KEY_ERROR_BUSY, "too many clients (ippm-keys.conf)",
		                   now);
	log_complaint(server, client);
}

static void take_clients(struct key_server *server, int64_t now)
{
	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			take_client(server, fd, now);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			server->accept_again = now + ACCEPT_PAUSE_MS;
		return;
	}
}

static void hang_up_subscribers(struct key_server *server, int64_t now)
{
	for (size_t i = 0; i < server->client_count; i++) {
		if (!server->clients[i]->subscribed)
			continue;
		key_client_dismiss(server->clients[i], IKE_KEY_ERROR_BUSY,
		                   "changes were lost for want of memory", now);
		log_complaint(server, server->clients[i]);
	}
}

static void tell_changes(struct key_server *server, int64_t now)
{
	struct ike_key_message event = {0};
	int result = 0;

	for (unsigned told = 0; told < CHANGES_PER_TURN && result != ERROR_NOT_FOUND; told++) {
		result = sa_store_take_change(server->rules.store, &event);
		if (result == ERROR_MEMORY)
			hang_up_subscribers(server, now);
		for (size_t i = 0; result == 0 && i < server->client_count; i++) {
			key_client_tell(server->clients[i], &event, now);
			log_complaint(server, server->clients[i]);
		}
	}
	secret_wipe(&event, sizeof(event));
}

static int watch(struct key_server *server, int64_t now)
{
	int64_t until = server->accept_again;

	server->watched[WATCH_END] = (struct pollfd){.fd = server->end_fd, .events = POLLIN};
	server->watched[WATCH_CHANGES] =
	        (struct pollfd){.fd = sa_store_changed_fd(server->rules.store), .events = POLLIN};
	server->watched[WATCH_LISTENER] = (struct pollfd){
	        .fd = server->accept_again ? -1 : server->listener.fd, .events = POLLIN};
	for (size_t i = 0; i < server->client_count; i++) {
		const struct key_client *client = server->clients[i];
		server->watched[WATCH_CLIENTS + i] =
		        (struct pollfd){.fd = client->fd, .events = key_client_poll_events(client)};
		if (client->deadline != 0 && (until == 0 || client->deadline < until))
			until = client->deadline;
	}
	int timeout = until == 0 ? -1 : until <= now ? 0 : (int)(until - now);
	return poll(server->watched, WATCH_CLIENTS + server->client_count, timeout);
}

/* From the last to the first, since removing one moves those after it. */
static void serve_clients(struct key_server *server, int64_t now)
{
	for (size_t i = server->client_count; i-- > 0;) {
		bool stays = key_client_serve(server->clients[i],
		                              server->watched[WATCH_CLIENTS + i].revents, now);
		log_complaint(server, server->clients[i]);
		if (!stays)
			remove_client(server, i);
	}
}

/* The kernel may want memory: nobody is served meanwhile, but an end is seen. */
static void rest(struct key_server *server)
{
	const struct timespec a_little = {.tv_nsec = 100000000};

	key_log_line(&server->log, "poll: %s", strerror(errno));
	nanosleep(&a_little, NULL);
}

void key_server_run(struct key_server *server)
{
	bool ends = false;

	while (!ends) {
		eventfd_t ignored;
		if (watch(server, now_ms()) < 0 && errno != EINTR)
			rest(server);
		/* Asked first, so that what has changed before the end is told. */
		ends = eventfd_read(server->end_fd, &ignored) == 0;
		int64_t now = now_ms();
		if (server->accept_again != 0 && now >= server->accept_again)
			server->accept_again = 0;
		/* Changes first, so that one who subscribes now is told of few that its first answer shows already. */
		tell_changes(server, now);
		serve_clients(server, now);
		if (server->watched[WATCH_LISTENER].revents)
			take_clients(server, now);
	}
}

void key_server_end(struct key_server *server)
{
	(void)!eventfd_write(server->end_fd, 1);
}

int key_server_create(const struct key_settings *settings, const struct key_server_limits *limits,
                      struct sa_store *store, key_log_write *log, void *log_context,
                      struct key_server **server, struct error *error)
{
	const struct key_server_limits none = {0};
	struct key_server *made = calloc(1, sizeof(*made));

	if (!made)
		return error_set(error, ERROR_MEMORY, "no memory for the key server");
	limits = limits ? limits : &none;
	made->settings = settings;
	made->log = (struct key_log){.write = log, .context = log_context};
	made->rules = (struct key_client_rules){
	        .store = store,
	        .expose_sk_d = settings->expose_sk_d,
	        .half_message_ms = DEFAULT(limits->half_message_ms, 10000),
	        .leave_ms = DEFAULT(limits->leave_ms, 1000),
	        .unsent_maximum = DEFAULT(limits->unsent_maximum, 1048576)};
	made->listener.fd = -1;
	made->places = settings->clients + PLACES_TO_LEAVE;
	made->clients = calloc(made->places, sizeof(struct key_client *));
	made->watched = calloc(WATCH_CLIENTS + made->places, sizeof(struct pollfd));
	made->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int result = 0;
	if (!made->clients || !made->watched || made->end_fd < 0)
		result = error_set(error, ERROR_MEMORY, "no memory for the key server's clients");
	if (result == 0) {
		/* The credentials decide who may ask, so that the file need not. */
		mode_t mode = peer_permission_is_private(&settings->permission) ? 0600 : 0666;
		result = server_socket_open(&made->listener, settings->socket_path, mode, BACKLOG,
		                            error);
	}
	if (result < 0) {
		key_server_destroy(made);
		return result;
	}
	*server = made;
	return 0;
}

void key_server_destroy(struct key_server *server)
{
	if (!server)
		return;
	while (server->client_count > 0)
		remove_client(server, server->client_count - 1);
	server_socket_close(&server->listener);
	if (server->end_fd >= 0)
		close(server->end_fd);
	free(server->clients);
	free(server->watched);
	free(server);
}
