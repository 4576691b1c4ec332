/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/set_up.h"

#include <event2/bufferevent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/secret.h"
#include "control/connection.h"
#include "crypto/key_derivation.h"

/** Two SPIs in hexadecimal, a stroke between, and the terminator. */
#define SPIS_TEXT_SIZE (4 * IKE_SPI_SIZE + 2)

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

/** A negative Server-Start, in clear with Server-IV and Start-Time zero, ends the connection. */
static void reject(struct connection *connection, enum accept accept)
{
	const struct server_start message = {.accept = (uint8_t)accept};
	uint8_t octets[SERVER_START_SIZE];

	server_start_write(octets, &message);
	connection_write(connection, octets, sizeof(octets));
	connection_finish(connection);
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
	reject(connection, ACCEPT_TEMPORARY_LIMIT);
}

static void reject_internal(struct connection *connection, const char *what)
{
	char client[ENDPOINT_TEXT_SIZE];

	control_log_event(&connection->server->log, EVENT_SET_UP_FAILED, "%s: %s failed",
	                  endpoint_format(&connection->client, client), what);
	reject(connection, ACCEPT_INTERNAL_ERROR);
}

/** The positive Server-Start: keys are in place, or the mode has none. */
static void complete(struct connection *connection)
{
	struct control_server *server = connection->server;
	bool keyed = pool_of(connection->mode) == POOL_KEYED;
	struct server_start message = {.accept = ACCEPT_OK, .start_time = server->start_time};
	uint8_t octets[SERVER_START_SIZE];
	char client[ENDPOINT_TEXT_SIZE];

	if (keyed && random_octets(message.server_iv, sizeof(message.server_iv)) != 0) {
		reject_internal(connection, "random Server-IV");
		return;
	}
	connection->cipher =
	        control_stream_create(keyed ? &connection->keys : NULL, message.server_iv,
	                              connection->response.client_iv);
	server_start_write(octets, &message);
	if (connection->cipher == NULL ||
	    control_stream_send(connection->cipher, octets + SERVER_START_CLEAR_SIZE,
	                        SERVER_START_SIZE - SERVER_START_CLEAR_SIZE) != 0) {
		reject_internal(connection, "encryption");
		return;
	}
	if (!limits_enter_pool(server->limits, connection->usage, pool_of(connection->mode))) {
		reject_over_limit(connection);
		return;
	}
	connection->pool = pool_of(connection->mode);
	connection_write(connection, octets, sizeof(octets));
	connection->state = CONNECTION_OPEN;
	server_count(server, CONTROL_SETUPS_COMPLETED);
	control_log_event(&server->log, EVENT_SET_UP_COMPLETED, "%s: mode %u",
	                  endpoint_format(&connection->client, client), (unsigned)connection->mode);
	connection_watch_activity(connection);
}

/** The key that opens the Token. */
static int token_key(struct connection *connection, const struct shared_secret *secret,
                     uint8_t key[TOKEN_KEY_SIZE])
{
	struct control_server *server = connection->server;
	bool cached = false;
	int status;

	if ((connection->mode & MODE_IKEV2_DERIVED) != 0 &&
	    server->environment.config->ikev2.token_key == TOKEN_KEY_DIRECT) {
		if (secret->size < TOKEN_KEY_SIZE)
			return ERROR_CRYPTO;
		memcpy(key, secret->octets, TOKEN_KEY_SIZE);
		return 0;
	}
	status = token_key_cache_derive(server->token_keys, connection->salt, secret, key, &cached);
	if (status == 0)
		server_count(server,
		             cached ? CONTROL_KEY_DERIVATIONS_CACHED : CONTROL_KEY_DERIVATIONS);
	return status;
}

/** Opens the Token with a secret; known is false for the stand-in of an unknown KeyID, with which it can't open. */
static void open_token(struct connection *connection, const struct shared_secret *secret,
                       bool known)
{
	struct control_server *server = connection->server;
	uint8_t key[TOKEN_KEY_SIZE];
	char client[ENDPOINT_TEXT_SIZE];
	int status;

	if (token_key(connection, secret, key) != 0) {
		reject_internal(connection, "key derivation");
		return;
	}
	status = token_open(key, connection->response.token, connection->challenge,
	                    &connection->keys);
	secret_wipe(key, sizeof(key));
	if (status == 0 && known) {
		complete(connection);
		return;
	}
	secret_wipe(&connection->keys, sizeof(connection->keys));
	if (known) {
		server_count(server, CONTROL_SETUPS_BAD_TOKEN);
		control_log_event(&server->log, EVENT_TOKEN_WRONG,
		                  "%s: the Token of \"%s\" does not hold the Challenge",
		                  endpoint_format(&connection->client, client), secret->name);
	}
	reject(connection, ACCEPT_FAILURE);
}

/** A KeyID for the log: printable ASCII. */
static void key_id_text(const uint8_t key_id[KEY_ID_SIZE], char text[KEY_ID_SIZE + 1])
{
	size_t i;

	for (i = 0; i < KEY_ID_SIZE && key_id[i] != 0; i++)
		text[i] = key_id[i] >= ' ' && key_id[i] < 0x7f ? (char)key_id[i] : '?';
	text[i] = '\0';
}

static void spis_text(const uint8_t key_id[KEY_ID_SIZE], char text[SPIS_TEXT_SIZE])
{
	char *to = text;

	for (unsigned i = 0; i < 2 * IKE_SPI_SIZE; i++) {
		if (i == IKE_SPI_SIZE)
			*to++ = '/';
		to += snprintf(to, 3, "%02x", key_id[i]);
	}
}

/** RFC 7717 section 5.3: the event MUST be logged, Accept SHOULD be 6. */
static void sa_not_found(struct connection *connection)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];
	char spis[SPIS_TEXT_SIZE];

	spis_text(connection->response.key_id, spis);
	server_count(server, CONTROL_SETUPS_UNKNOWN_SA);
	control_log_event(&server->log, EVENT_SA_NOT_FOUND, "%s: no IKE SA with SPIs %s",
	                  endpoint_format(&connection->client, client), spis);
	reject(connection, ACCEPT_NO_IKE_SA);
}

/** Looks like a wrong passphrase to the client, in its answer and, the stand-in's key being cached, nearly so in time. */
static void key_unknown(struct connection *connection)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];
	char key_id[KEY_ID_SIZE + 1];

	key_id_text(connection->response.key_id, key_id);
	server_count(server, CONTROL_SETUPS_UNKNOWN_KEY);
	control_log_event(&server->log, EVENT_KEY_UNKNOWN, "%s: no key with KeyID \"%s\"",
	                  endpoint_format(&connection->client, client), key_id);
	open_token(connection, &server->unknown_secret, false);
}

static void provider_unreachable(struct connection *connection)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];

	server_count(server, CONTROL_SETUPS_PROVIDER_UNREACHABLE);
	control_log_event(&server->log, EVENT_KEY_PROVIDER_UNREACHABLE,
	                  "%s: the key provider could not be asked",
	                  endpoint_format(&connection->client, client));
	reject(connection, ACCEPT_TEMPORARY_LIMIT);
}

/** key_answer: from within key_provider_ask, or later. */
static void on_answer(void *context, int status, const struct shared_secret *secret)
{
	struct connection *connection = context;
	bool ike = (connection->mode & MODE_IKEV2_DERIVED) != 0;

	connection->provider = NULL;
	connection->lookup = NULL;
	if (status == 0)
		open_token(connection, secret, true);
	else if (status != ERROR_NOT_FOUND)
		provider_unreachable(connection);
	else if (ike)
		sa_not_found(connection);
	else
		key_unknown(connection);
	connection_resume(connection);
}

static void look_up_key(struct connection *connection)
{
	struct control_server *server = connection->server;
	bool ike = (connection->mode & MODE_IKEV2_DERIVED) != 0;
	struct key_provider *provider =
	        ike ? server->environment.ike_provider : server->environment.psk_provider;
	struct key_query query = {.kind = ike ? KEY_QUERY_IKE_SA : KEY_QUERY_KEY_ID,
	                          .peer = connection->client.address};
	struct key_lookup *lookup = NULL;

	_Static_assert(KEY_ID_SIZE == KEY_PROVIDER_ID_SIZE, "the KeyID is handed on whole");
	memcpy(query.key_id, connection->response.key_id, sizeof(query.key_id));
	connection->state = CONNECTION_KEY_LOOKUP;
	connection->provider = provider;
	if (provider == NULL) {
		on_answer(connection, ERROR_NOT_FOUND, NULL);
		return;
	}
	if (key_provider_ask(provider, &query, on_answer, connection, &lookup) != 0)
		on_answer(connection, ERROR_UNAVAILABLE, NULL);
	else if (connection->provider != NULL)
		connection->lookup = lookup;
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
	(void)endpoint_format(&connection->client, client);
	if ((mode & MODE_SECURITY_MASK) == 0) {
		server_count(server, CONTROL_SETUPS_DECLINED);
		control_log_event(&server->log, EVENT_SET_UP_DECLINED,
		                  "%s: the client chose no mode", client);
		return false;
	}
	error = mode_error(server->modes, mode);
	if (error != NULL) {
		server_count(server, CONTROL_SETUPS_BAD_MODE);
		control_log_event(&server->log, EVENT_MODE_REFUSED, "%s: Mode %u is %s", client,
		                  (unsigned)mode, error);
		reject(connection, ACCEPT_NOT_SUPPORTED);
		return true;
	}
	connection->mode = mode & MODE_KNOWN_MASK;
	if (!limits_pool_has_room(server->limits, connection->usage, pool_of(mode)))
		reject_over_limit(connection);
	else if (pool_of(mode) == POOL_KEYED)
		look_up_key(connection);
	else
		complete(connection);
	return true;
}

void set_up_cancel(struct connection *connection)
{
	if (connection->provider != NULL && connection->lookup != NULL)
		key_provider_cancel(connection->provider, connection->lookup);
	connection->provider = NULL;
	connection->lookup = NULL;
}
