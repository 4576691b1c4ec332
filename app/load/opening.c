/* SPDX-License-Identifier: BSD-3-Clause */
#include "opening.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "control_client.h"
#include "mode_list.h"
#include "session_requests.h"

#define CLOSE_WAIT_MS 1000

/* A control connection, with some of one group's sessions: it has one mode. */
struct connection {
	struct control_client client;
	struct session_requests requests;
	bool started;
};

struct opening {
	struct opening_settings settings;
	struct credentials credentials;
	struct connection *connections;
	unsigned connection_count;
};

/* Of the configuration, doc/load.md. */
static const struct control_words key_words = {
        .key = "control.key-id and the passphrase in control.key-file",
        .sa = "the SA and control.token-key",
        .session = "check its group's source, reflector, sizes and dscp, and control.timeout; "
                   "some servers want all of these to be the control connection's own",
        .sessions = "lower its group's count",
};

static const char *text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

/* Connections of a group: as many as configured, but none without a session. */
static unsigned group_connections(const struct load_config *config, unsigned group)
{
	uint32_t count = config->groups[group].count;

	return config->control.connections < count ? config->control.connections : count;
}

static void share_sessions(struct opening *opening)
{
	const struct load_config *config = opening->settings.config;

	for (unsigned g = 0; g < config->group_count; g++) {
		unsigned number = group_connections(config, g);
		uint64_t sessions = config->groups[g].count;
		for (unsigned i = 0; i < number; i++) {
			struct connection *connection =
			        &opening->connections[opening->connection_count++];
			unsigned first = (unsigned)(sessions * i / number);
			connection->client.channel.socket = -1;
			connection->requests = (struct session_requests){
			        .settings = &opening->settings,
			        .client = &connection->client,
			        .group = g,
			        .first = first,
			        .count = (unsigned)(sessions * (i + 1) / number) - first};
		}
	}
}

int opening_create(const struct opening_settings *settings, struct opening **opening,
                   struct error *error)
{
	const struct load_config *config = settings->config;
	const struct load_control *control = &config->control;
	struct opening *made = calloc(1, sizeof(*made));
	unsigned connections = 0;
	int status = 0;

	if (made == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	made->settings = *settings;
	if (config->peer == LOAD_PEER_TWAMP) {
		for (unsigned i = 0; i < config->group_count; i++)
			connections += group_connections(config, i);
		status = credentials_load(&made->credentials, text_or_null(control->key_file),
		                          control->key_id, text_or_null(control->sa_file),
		                          control->token_key_direct, error);
	}
	if (status == 0 && connections > 0) {
		made->connections = calloc(connections, sizeof(*made->connections));
		made->connection_count = 0;
		if (made->connections == NULL)
			status = error_set(error, ERROR_MEMORY, "no memory for %u connections",
			                   connections);
		else
			share_sessions(made);
	}
	if (status != 0) {
		opening_close(made);
		return status;
	}
	*opening = made;
	return 0;
}

static uint32_t wanted_mode(const struct load_group *group)
{
	return group->mode | (group->symmetrical ? (uint32_t)MODE_SYMMETRICAL_SIZE : 0);
}

static int check_greeting(const struct opening *opening, const struct connection *connection,
                          uint32_t mode, struct error *error)
{
	uint32_t offered = connection->client.greeting.modes;
	char lacking[MODE_LIST_TEXT_SIZE], offer[MODE_LIST_TEXT_SIZE];

	if ((offered & mode) != mode)
		return error_set(
		        error, ERROR_ARGUMENT, "the server does not offer %.150s; it offers %.200s",
		        modes_describe(mode & ~offered, lacking), modes_describe(offered, offer));
	if ((mode & MODE_KEYED_MASK) == 0)
		return 0;
	uint32_t count = connection->client.greeting.count;
	uint32_t allowed = opening->settings.config->control.allow_count;
	if (count > allowed)
		return error_set(error, ERROR_LIMIT,
		                 "the server asks for a PBKDF2 count of %u, more than "
		                 "control.allow-count: %u",
		                 count, allowed);
	return control_client_check_count(count, allowed, error);
}

/* The IKE daemon is asked for the SA with the server: RFC 7717 section 5.1. Nothing to do when an SA file has it. */
static int find_sa(struct opening *opening, bool again, struct error *error)
{
	const struct load_control *control = &opening->settings.config->control;
	struct ike_options ike = {.socket = text_or_null(control->ike_socket)};
	struct server_sa *sa = &opening->credentials.sa;

	if (control->sa_file[0] != '\0' || ike.socket == NULL || (sa->secret_size != 0 && !again))
		return 0;
	int status = server_sa_find(&ike, &control->server.address, opening->settings.interrupt_fd,
	                            sa, error);
	char address[ADDRESS_TEXT_SIZE];
	if (status == ERROR_NOT_FOUND)
		(void)error_set(error, status,
		                "the IKE daemon at %s has no SA with %s: bring one up", ike.socket,
		                address_format(&control->server.address, address));
	return status;
}

/* The source address is the kernel's too only behind a TAP. */
static const struct address *control_source(const struct load_config *config,
                                            const struct load_group *group)
{
	bool same = group->source.family == config->control.server.address.family;

	return same && config->host.ports[0].exception == EXCEPTION_TAP ? &group->source : NULL;
}

static int set_up_once(struct opening *opening, struct connection *connection, struct error *error)
{
	const struct load_config *config = opening->settings.config;
	const struct load_group *group = &config->groups[connection->requests.group];
	uint32_t mode = wanted_mode(group);
	int status = control_client_connect(&connection->client, &config->control.server,
	                                    control_source(config, group), 0,
	                                    opening->settings.interrupt_fd, error);

	connection->client.words = &key_words;
	if (status == 0)
		status = check_greeting(opening, connection, mode, error);
	return status != 0 ? status
	                   : control_client_set_up(&connection->client, mode, &opening->credentials,
	                                           error);
}

/* An SA may have been rekeyed between our question and the server's: then the daemon has another one now, and that is tried. */
static int set_up(struct opening *opening, struct connection *connection, struct error *error)
{
	const struct load_group *group =
	        &opening->settings.config->groups[connection->requests.group];
	bool ike = (group->mode & MODE_IKEV2_DERIVED) != 0;
	int status = ike ? find_sa(opening, false, error) : 0;

	if (status != 0)
		return status;
	status = set_up_once(opening, connection, error);
	if (status == ERROR_NOT_FOUND && ike) {
		struct server_sa old = opening->credentials.sa;
		struct error ignored;
		bool renewed = find_sa(opening, true, &ignored) == 0 &&
		               !server_sa_same(&old, &opening->credentials.sa);
		server_sa_wipe_secret(&old);
		if (!renewed)
			return status;
		control_client_close(&connection->client);
		status = set_up_once(opening, connection, error);
	}
	return status;
}

static int name_group(const struct load_config *config, const struct connection *connection,
                      int status, const struct error *reason, struct error *error)
{
	return error_set(error, status, "group %s: %.440s",
	                 config->groups[connection->requests.group].name, reason->text);
}

static bool interrupted(const struct opening *opening)
{
	struct pollfd interrupt = {.fd = opening->settings.interrupt_fd, .events = POLLIN};

	return poll(&interrupt, 1, 0) > 0;
}

static int set_up_all(struct opening *opening, struct error *error)
{
	const struct load_config *config = opening->settings.config;
	int status = 0;

	for (unsigned i = 0; i < opening->connection_count && status == 0; i++) {
		struct connection *connection = &opening->connections[i];
		struct error reason;
		status = set_up(opening, connection, &reason);
		if (status != 0)
			return name_group(config, connection, status, &reason, error);
	}
	return status;
}

/* A step of each connection; *left: those with sessions to ask for still. */
static int step_all(struct opening *opening, struct load_sessions *sessions, unsigned *left,
                    struct error *error)
{
	*left = 0;
	for (unsigned i = 0; i < opening->connection_count; i++) {
		struct connection *connection = &opening->connections[i];
		struct error reason;
		int status = session_requests_step(&connection->requests, sessions, &reason);
		if (status != 0)
			return name_group(opening->settings.config, connection, status, &reason,
			                  error);
		*left += !session_requests_done(&connection->requests);
	}
	return 0;
}

static int request_all(struct opening *opening, struct load_sessions *sessions, struct error *error)
{
	unsigned left = opening->connection_count;
	int status = 0;

	for (unsigned i = 0; i < opening->connection_count && status == 0; i++)
		status = session_requests_make(&opening->connections[i].requests, error);
	while (left > 0 && status == 0) {
		if (interrupted(opening))
			status = error_set(error, ERROR_UNAVAILABLE,
			                   "interrupted while opening sessions");
		else
			status = step_all(opening, sessions, &left, error);
	}
	for (unsigned i = 0; i < opening->connection_count; i++)
		session_requests_free(&opening->connections[i].requests);
	return status;
}

static int start_all(struct opening *opening, struct error *error)
{
	const struct load_config *config = opening->settings.config;

	for (unsigned i = 0; i < opening->connection_count; i++) {
		struct connection *connection = &opening->connections[i];
		struct error reason;
		int status = control_client_start(&connection->client, NULL,
		                                  connection->requests.count, &reason);
		if (status != 0)
			return name_group(config, connection, status, &reason, error);
		connection->started = true;
	}
	return 0;
}

/* Sessions without anybody to ask. */
static int assume_sessions(struct opening *opening, struct load_sessions *sessions,
                           struct error *error)
{
	const struct load_config *config = opening->settings.config;
	int status = 0;

	for (unsigned g = 0; g < config->group_count; g++) {
		for (unsigned i = 0; i < config->groups[g].count && status == 0; i++) {
			struct accepted_session accepted = {.group = g};
			session_way_make(&opening->settings, g, i, &accepted.way);
			status = load_sessions_add(sessions, opening->settings.suite, &accepted,
			                           error);
		}
	}
	return status;
}

int opening_run(struct opening *opening, struct load_sessions *sessions, struct error *error)
{
	const struct load_config *config = opening->settings.config;
	int status = load_sessions_make(config, opening->settings.suite, sessions, error);

	if (status == 0 && config->peer == LOAD_PEER_SWAP)
		return assume_sessions(opening, sessions, error);
	if (status == 0)
		status = set_up_all(opening, error);
	server_sa_wipe_secret(&opening->credentials.sa);
	if (status == 0)
		status = request_all(opening, sessions, error);
	return status != 0 ? status : start_all(opening, error);
}

/* A server says nothing once sessions have started: what can be read is the connection's end. */
static bool closed_by_server(const struct connection *connection)
{
	uint8_t octet;
	ssize_t got = recv(connection->client.channel.socket, &octet, sizeof(octet),
	                   MSG_PEEK | MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

int opening_watch(struct opening *opening, struct error *error)
{
	for (unsigned i = 0; i < opening->connection_count; i++) {
		const struct connection *connection = &opening->connections[i];
		if (connection->started && closed_by_server(connection))
			return error_set(
			        error, ERROR_UNAVAILABLE,
			        "group %s: the server closed the control connection while "
			        "the test ran: its log says why; with it the sessions are "
			        "over",
			        opening->settings.config->groups[connection->requests.group].name);
	}
	return 0;
}

static void stop_connection(const struct opening *opening, struct connection *connection)
{
	struct error error;

	if (!connection->started || closed_by_server(connection))
		return;
	if (control_client_stop(&connection->client, NULL, connection->requests.count, &error) != 0)
		log_event(LOG_LEVEL_WARNING, "stop-sessions", "group %s: %s",
		          opening->settings.config->groups[connection->requests.group].name,
		          error.text);
	(void)shutdown(connection->client.channel.socket, SHUT_WR);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The last messages still have to go out by the port, which is about to be stopped: a server that closes has them. */
static void await_close(const struct opening *opening)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	/* By the clock: on a busy machine a pause takes much longer than it should. */
	for (uint64_t end = now_ms() + CLOSE_WAIT_MS; now_ms() < end;) {
		unsigned open = 0;
		for (unsigned i = 0; i < opening->connection_count; i++)
			open += opening->connections[i].started &&
			        !closed_by_server(&opening->connections[i]);
		if (open == 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

static void end_connections(struct opening *opening)
{
	for (unsigned i = 0; i < opening->connection_count; i++)
		stop_connection(opening, &opening->connections[i]);
	await_close(opening);
	for (unsigned i = 0; i < opening->connection_count; i++)
		control_client_close(&opening->connections[i].client);
}

void opening_close(struct opening *opening)
{
	if (opening == NULL)
		return;
	if (opening->connections != NULL)
		end_connections(opening);
	credentials_free(&opening->credentials);
	free(opening->connections);
	free(opening);
}
