/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/key_agreement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "control/connection.h"
#include "control/set_up.h"
#include "crypto/key_derivation.h"
#include "key/ike_sa.h"

#define REASON_SIZE 64u

/** Opens the Token; known is false for the key of a secret that stands in for that of an unknown KeyID: it can't open. */
static void open_token(struct connection *connection, const uint8_t key[TOKEN_KEY_SIZE],
                       const char *name, bool known)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];
	int status = token_open(key, connection->response.token, connection->challenge,
	                        &connection->keys);

	if (status == 0 && known) {
		set_up_complete(connection);
		return;
	}
	secret_wipe(&connection->keys, sizeof(connection->keys));
	if (known) {
		server_count(server, CONTROL_SETUPS_BAD_TOKEN);
		control_log_event(&server->log, EVENT_TOKEN_WRONG,
		                  "%s: the Token of \"%s\" does not hold the Challenge",
		                  endpoint_format(&connection->client, client), name);
	}
	set_up_reject(connection, ACCEPT_FAILURE,
	              known ? CONTROL_END_TOKEN_WRONG : CONTROL_END_KEY_UNKNOWN);
}

/** RFC 7717's shared secret itself as the token key. */
static bool is_direct(const struct connection *connection)
{
	return (connection->mode & MODE_IKEV2_DERIVED) != 0 &&
	       connection->server->environment.config->ikev2.token_key == TOKEN_KEY_DIRECT;
}

/** Keeps the secret until the token key has been derived. */
static void wait_for_token_key(struct connection *connection, const struct shared_secret *secret,
                               bool known)
{
	connection->secret = malloc(sizeof(*connection->secret));
	if (connection->secret == NULL) {
		set_up_fail(connection, "memory for key derivation");
		return;
	}
	*connection->secret = *secret;
	connection->secret_is_known = known;
	timer_arm_soon(connection->server->derivation);
}

/** Opens the Token with a secret, at once or when its token key has been derived. */
static void use_secret(struct connection *connection, const struct shared_secret *secret,
                       bool known)
{
	struct control_server *server = connection->server;
	uint8_t key[TOKEN_KEY_SIZE];
	int status;

	if (is_direct(connection)) {
		if (secret->size < TOKEN_KEY_SIZE)
			set_up_fail(connection, "a shared secret of 16 octets");
		else
			open_token(connection, secret->octets, secret->name, known);
		return;
	}
	status = token_key_cache_ask(server->token_keys, connection->salt, secret, key);
	if (status == ERROR_UNAVAILABLE) {
		wait_for_token_key(connection, secret, known);
	} else if (status != 0) {
		set_up_fail(connection, "key derivation");
	} else {
		server_count(server, CONTROL_KEY_DERIVATIONS_CACHED);
		open_token(connection, key, secret->name, known);
	}
	secret_wipe(key, sizeof(key));
}

static void forget_secret(struct connection *connection)
{
	if (connection->secret == NULL)
		return;
	secret_wipe(connection->secret, sizeof(*connection->secret));
	free(connection->secret);
	connection->secret = NULL;
}

static void ask_again(struct connection *connection)
{
	uint8_t key[TOKEN_KEY_SIZE];
	int status = token_key_cache_ask(connection->server->token_keys, connection->salt,
	                                 connection->secret, key);

	if (status == ERROR_UNAVAILABLE)
		return;
	if (status == 0)
		open_token(connection, key, connection->secret->name, connection->secret_is_known);
	else
		set_up_fail(connection, "key derivation");
	secret_wipe(key, sizeof(key));
	forget_secret(connection);
	connection_resume(connection);
}

/** The same SPIs of another SA, or another SA's equal secret, are not the one that is gone. */
static bool waits_with(const struct connection *connection, const struct shared_secret *secret)
{
	const struct shared_secret *own = connection->secret;

	return own != NULL && (connection->mode & MODE_IKEV2_DERIVED) != 0 &&
	       own->size == secret->size && secret_equal(own->octets, secret->octets, own->size) &&
	       strcmp(own->name, secret->name) == 0;
}

void key_agreement_secret_gone(struct control_server *server, const struct shared_secret *secret)
{
	struct connection *connection;

	token_key_cache_forget(server->token_keys, secret);
	TAILQ_FOREACH(connection, &server->half_open, half_open_link)
	{
		if (!waits_with(connection, secret))
			continue;
		forget_secret(connection);
		connection->asks_anew = true;
	}
	server->secrets_went = true;
	timer_arm_soon(server->derivation);
}

void key_agreement_restart(struct control_server *server)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &server->half_open, half_open_link)
	{
		if (connection->state != CONNECTION_KEY_LOOKUP)
			continue;
		key_agreement_cancel(connection);
		connection->asks_anew = true;
	}
	server->secrets_went = true;
	timer_arm_soon(server->derivation);
}

void key_agreement_go_on(struct control_server *server)
{
	struct connection *connection = TAILQ_FIRST(&server->half_open);

	while (connection != NULL) {
		/* It may become open, and leave the queue. */
		struct connection *next = TAILQ_NEXT(connection, half_open_link);

		if (connection->secret != NULL)
			ask_again(connection);
		else if (connection->asks_anew && connection->state == CONNECTION_KEY_LOOKUP)
			key_agreement_begin(connection);
		connection = next;
	}
}

/** A KeyID for the log: printable ASCII. */
static void key_id_text(const uint8_t key_id[KEY_ID_SIZE], char text[KEY_NAME_SIZE])
{
	_Static_assert(KEY_ID_SIZE < KEY_NAME_SIZE, "fits");
	size_t i;

	for (i = 0; i < KEY_ID_SIZE && key_id[i] != 0; i++)
		text[i] = key_id[i] >= ' ' && key_id[i] < 0x7f ? (char)key_id[i] : '?';
	text[i] = '\0';
}

enum control_key_kind key_agreement_name(const struct connection *connection,
                                         char name[KEY_NAME_SIZE])
{
	const uint8_t *key_id = connection->response.key_id;

	if ((connection->mode & MODE_IKEV2_DERIVED) != 0) {
		ike_sa_name(key_id, name);
		return CONTROL_KEY_IKE_SA;
	}
	if ((connection->mode & MODE_KEYED_MASK) != 0) {
		key_id_text(key_id, name);
		return CONTROL_KEY_ID;
	}
	name[0] = '\0';
	return CONTROL_KEY_NONE;
}

/** RFC 7717 section 5.3: the event MUST be logged, Accept SHOULD be 6. */
static void sa_not_found(struct connection *connection)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];
	char spis[KEY_NAME_SIZE];

	ike_sa_name(connection->response.key_id, spis);
	server_count(server, CONTROL_SETUPS_UNKNOWN_SA);
	control_log_event(&server->log, EVENT_SA_NOT_FOUND, "%s: no IKE SA with SPIs %s",
	                  endpoint_format(&connection->client, client), spis);
	set_up_reject(connection, ACCEPT_NO_IKE_SA, CONTROL_END_SA_NOT_FOUND);
}

/** The client is told what it is told of an SA that is not there, so that it learns nothing of others' SAs. */
static void sa_not_allowed(struct connection *connection, const char *reason)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];
	char spis[KEY_NAME_SIZE];

	ike_sa_name(connection->response.key_id, spis);
	server_count(server, CONTROL_SETUPS_SA_NOT_ALLOWED);
	control_log_event(&server->log, EVENT_SA_NOT_ALLOWED,
	                  "%s: the IKE SA with SPIs %s is not for this client%s%s",
	                  endpoint_format(&connection->client, client), spis,
	                  reason != NULL ? ": " : "", reason != NULL ? reason : "");
	set_up_reject(connection, ACCEPT_NO_IKE_SA, CONTROL_END_SA_NOT_ALLOWED);
}

/** Looks like a wrong passphrase to the client, in its answer and, the stand-in's key being cached, nearly so in time. */
static void key_unknown(struct connection *connection)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];
	char key_id[KEY_NAME_SIZE];

	key_id_text(connection->response.key_id, key_id);
	server_count(server, CONTROL_SETUPS_UNKNOWN_KEY);
	control_log_event(&server->log, EVENT_KEY_UNKNOWN, "%s: no key with KeyID \"%s\"",
	                  endpoint_format(&connection->client, client), key_id);
	use_secret(connection, &server->unknown_secret, false);
}

static void provider_unreachable(struct connection *connection, const char *reason)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];

	server_count(server, CONTROL_SETUPS_PROVIDER_UNREACHABLE);
	control_log_event(&server->log, EVENT_KEY_PROVIDER_UNREACHABLE,
	                  "%s: the key provider could not be asked or did not answer in time%s%s",
	                  endpoint_format(&connection->client, client), reason != NULL ? ": " : "",
	                  reason != NULL ? reason : "");
	set_up_reject(connection, ACCEPT_TEMPORARY_LIMIT, CONTROL_END_KEY_PROVIDER_UNREACHABLE);
}

static void forget_look_up(struct connection *connection)
{
	if (connection->look_up_timer != NULL)
		event_free(connection->look_up_timer);
	connection->look_up_timer = NULL;
	connection->provider = NULL;
	connection->lookup = NULL;
}

/** For those who ask who the client is; without memory for it the key's name has to do. */
static void remember_identity(struct connection *connection, const char *identity)
{
	free(connection->identity);
	connection->identity = identity[0] != '\0' ? strdup(identity) : NULL;
}

/** key_answer: from within key_provider_ask, or later. */
static void on_answer(void *context, int status, const struct shared_secret *secret,
                      const char *reason)
{
	struct connection *connection = context;
	bool ike = (connection->mode & MODE_IKEV2_DERIVED) != 0;

	forget_look_up(connection);
	if (status == 0) {
		remember_identity(connection, secret->identity);
		use_secret(connection, secret, true);
	} else if (status == ERROR_PERMISSION && ike)
		sa_not_allowed(connection, reason);
	else if (status != ERROR_NOT_FOUND)
		provider_unreachable(connection, reason);
	else if (ike)
		sa_not_found(connection);
	else
		key_unknown(connection);
	connection_resume(connection);
}

static void on_look_up_timeout(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;
	char reason[REASON_SIZE];

	(void)fd;
	(void)what;
	(void)snprintf(reason, sizeof(reason), "no answer within %" PRIu64 " ms",
	               connection->server->timing.ike_answer);
	key_provider_cancel(connection->provider, connection->lookup);
	on_answer(connection, ERROR_UNAVAILABLE, NULL, reason);
}

/** An IKE daemon that hangs is told from a slow client. Without memory for the timer the set-up deadline remains. */
static void watch_look_up(struct connection *connection)
{
	struct control_server *server = connection->server;

	connection->look_up_timer =
	        evtimer_new(server->environment.base, on_look_up_timeout, connection);
	if (connection->look_up_timer != NULL)
		timer_arm(connection->look_up_timer, server->timing.ike_answer);
}

void key_agreement_begin(struct connection *connection)
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
	connection->asks_anew = false;
	if (provider == NULL) {
		on_answer(connection, ERROR_NOT_FOUND, NULL, NULL);
		return;
	}
	if (key_provider_ask(provider, &query, on_answer, connection, &lookup) != 0)
		on_answer(connection, ERROR_UNAVAILABLE, NULL, "no memory");
	else if (connection->provider != NULL)
		connection->lookup = lookup;
	if (ike && connection->lookup != NULL)
		watch_look_up(connection);
}

void key_agreement_cancel(struct connection *connection)
{
	if (connection->provider != NULL && connection->lookup != NULL)
		key_provider_cancel(connection->provider, connection->lookup);
	forget_look_up(connection);
	forget_secret(connection);
}
