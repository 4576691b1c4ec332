/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/set_up.h"

#include <event2/bufferevent.h>
#include <string.h>
#include <sys/socket.h>

#include "control/audit.h"
#include "control/connection.h"
#include "control/key_agreement.h"
#include "crypto/key_derivation.h"

int set_up_greet(struct connection *connection)
{
	struct control_server *server = connection->server;
	struct server_greeting greeting = {.modes = server->modes,
	                                   .count = server->environment.config->control.count};
	uint8_t octets[GREETING_SIZE];
	int status;

	status = random_octets(connection->challenge, sizeof(connection->challenge));
	if (status == 0)
		status = token_key_cache_salt(server->token_keys, server_monotonic_s(),
		                              connection->salt);
	if (status != 0)
		return status;
	memcpy(greeting.challenge, connection->challenge, sizeof(greeting.challenge));
	memcpy(greeting.salt, connection->salt, sizeof(greeting.salt));
	server_greeting_write(octets, &greeting);
	connection_write(connection, octets, sizeof(octets));
	return 0;
}

void set_up_refuse(struct bufferevent *stream)
{
	const struct server_greeting greeting = {.modes = 0};
	uint8_t octets[GREETING_SIZE];
	evutil_socket_t fd = bufferevent_getfd(stream);

	server_greeting_write(octets, &greeting);
	if (fd >= 0) {
		/* A fresh socket has room; nothing is kept for a client that is refused. */
		(void)send(fd, octets, sizeof(octets), MSG_NOSIGNAL | MSG_DONTWAIT);
	} else {
		(void)bufferevent_write(stream, octets, sizeof(octets));
		(void)bufferevent_flush(stream, EV_WRITE, BEV_FINISHED);
	}
}

void set_up_reject(struct connection *connection, enum accept accept, enum control_end end)
{
	const struct server_start message = {.accept = (uint8_t)accept};
	uint8_t octets[SERVER_START_SIZE];

	server_start_write(octets, &message);
	connection_write(connection, octets, sizeof(octets));
	connection_finish(connection, end);
}

static enum limit_pool pool_of(uint32_t mode)
{
	return (mode & MODE_KEYED_MASK) != 0 ? POOL_KEYED : POOL_UNAUTHENTICATED;
}

static void reject_over_limit(struct connection *connection)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];

	server_count(server, CONTROL_CONNECTIONS_REFUSED);
	control_log_event(&server->log, EVENT_SET_UP_OVER_LIMIT,
	                  "%s: no room for another %s connection",
	                  endpoint_format(&connection->client, client),
	                  pool_of(connection->mode) == POOL_KEYED ? "keyed" : "unauthenticated");
	set_up_reject(connection, ACCEPT_TEMPORARY_LIMIT, CONTROL_END_LIMIT);
}

void set_up_fail(struct connection *connection, const char *what)
{
	char client[ENDPOINT_TEXT_SIZE];

	control_log_event(&connection->server->log, EVENT_SET_UP_FAILED, "%s: %s failed",
	                  endpoint_format(&connection->client, client), what);
	set_up_reject(connection, ACCEPT_INTERNAL_ERROR, CONTROL_END_INTERNAL_ERROR);
}

void set_up_complete(struct connection *connection)
{
	struct control_server *server = connection->server;
	bool keyed = pool_of(connection->mode) == POOL_KEYED;
	struct server_start message = {.accept = ACCEPT_OK, .start_time = server->start_time};
	uint8_t octets[SERVER_START_SIZE];
	char client[ENDPOINT_TEXT_SIZE];

	if (server->draining) {
		set_up_reject(connection, ACCEPT_TEMPORARY_LIMIT, CONTROL_END_SHUT_DOWN);
		return;
	}
	if (keyed && random_octets(message.server_iv, sizeof(message.server_iv)) != 0) {
		set_up_fail(connection, "random Server-IV");
		return;
	}
	connection->cipher =
	        control_stream_create(keyed ? &connection->keys : NULL, message.server_iv,
	                              connection->response.client_iv);
	server_start_write(octets, &message);
	if (connection->cipher == NULL ||
	    control_stream_send(connection->cipher, octets + SERVER_START_CLEAR_SIZE,
	                        SERVER_START_SIZE - SERVER_START_CLEAR_SIZE) != 0) {
		set_up_fail(connection, "encryption");
		return;
	}
	if (!connection_enter_pool(connection, pool_of(connection->mode))) {
		reject_over_limit(connection);
		return;
	}
	connection_write(connection, octets, sizeof(octets));
	connection->state = CONNECTION_OPEN;
	server_count(server, CONTROL_SETUPS_COMPLETED);
	audit_opened(connection);
	control_log_event(&server->log, EVENT_SET_UP_COMPLETED, "%s: mode %u",
	                  endpoint_format(&connection->client, client), (unsigned)connection->mode);
	connection_watch_activity(connection);
}

/** Why a Mode can't be had; NULL when it can. Reserved bits are ignored. */
static const char *mode_error(uint32_t offered, uint32_t mode)
{
	uint32_t security = mode & MODE_SECURITY_MASK;

	if ((security & (security - 1)) != 0)
		return "more than one security mode";
	if ((mode & MODE_KNOWN_MASK & ~offered) != 0)
		return "a mode that was not offered";
	if ((mode & MODE_IKEV2_DERIVED) != 0 && (mode & MODE_KEYED_MASK) == 0)
		return "IKEv2Derived without a keyed mode";
	return NULL;
}

bool set_up_response_handle(struct connection *connection,
                            const uint8_t octets[SET_UP_RESPONSE_SIZE])
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];
	const char *error;
	uint32_t mode;

	set_up_response_read(octets, &connection->response);
	mode = connection->response.mode;
	if ((mode & MODE_SECURITY_MASK) == 0) {
		server_count(server, CONTROL_SETUPS_DECLINED);
		control_log_event(&server->log, EVENT_SET_UP_DECLINED,
		                  "%s: the client chose no mode",
		                  endpoint_format(&connection->client, client));
		connection->end = CONTROL_END_SET_UP_DECLINED;
		return false;
	}
	error = mode_error(server->modes, mode);
	if (error != NULL) {
		server_count(server, CONTROL_SETUPS_BAD_MODE);
		control_log_event(&server->log, EVENT_MODE_REFUSED, "%s: Mode %u is %s",
		                  endpoint_format(&connection->client, client), (unsigned)mode,
		                  error);
		set_up_reject(connection, ACCEPT_NOT_SUPPORTED, CONTROL_END_MODE_REFUSED);
		return true;
	}
	connection->mode = mode & MODE_KNOWN_MASK;
	if (!limits_pool_has_room(server->limits, connection->usage, pool_of(mode)))
		reject_over_limit(connection);
	else if (pool_of(mode) == POOL_KEYED)
		key_agreement_begin(connection);
	else
		set_up_complete(connection);
	return true;
}
