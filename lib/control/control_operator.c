/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control_operator.h"

#include "control/connection.h"
#include "control/key_agreement.h"
#include "control/server.h"
#include "key/secret_table.h"

static void forget(void *context, const struct shared_secret *secret)
{
	const struct control_server *server = context;

	token_key_cache_forget(server->token_keys, secret);
}

/** What was derived from keys that only old has is wiped; everything, where that can't be told. */
static void retire(struct control_server *server, int kind, struct key_provider *old,
                   const struct key_provider *next)
{
	const struct secret_table *table;
	const struct secret_table *successor;

	if (old == NULL || old == next)
		return;
	key_provider_watch(old, NULL, NULL);
	table = secret_table_of(old, kind);
	successor = next != NULL ? secret_table_of(next, kind) : NULL;
	if (table == NULL || secret_table_compare(table, successor, forget, server) < 0)
		token_key_cache_forget_all(server->token_keys);
}

void control_server_reconfigure(struct control_server *server, const struct config *config,
                                struct key_provider *psk_provider,
                                struct key_provider *ike_provider)
{
	struct control_environment *environment = &server->environment;

	/* First, while the providers that are asked are there. */
	key_agreement_restart(server);
	retire(server, KEY_QUERY_KEY_ID, environment->psk_provider, psk_provider);
	retire(server, KEY_QUERY_IKE_SA, environment->ike_provider, ike_provider);
	environment->config = config;
	environment->psk_provider = psk_provider;
	environment->ike_provider = ike_provider;
	server_configure(server);
}

void control_server_observe(struct control_server *server, const struct control_audit *audit)
{
	server->environment.audit = audit;
}

void control_server_drain(struct control_server *server)
{
	server->draining = true;
}

int control_server_close_connection(struct control_server *server, uint64_t id,
                                    struct control_closed *closed)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &server->connections, link)
	{
		if (connection->id != id)
			continue;
		*closed = (struct control_closed){1, connection->session_count};
		connection_close(connection, CONTROL_END_OPERATOR);
		return 0;
	}
	return ERROR_NOT_FOUND;
}

int control_server_close_session(struct control_server *server, const uint8_t sid[SID_SIZE],
                                 struct control_closed *closed)
{
	struct test_session *test = test_session_by_sid(server, sid);
	struct connection *connection;

	if (test == NULL)
		return ERROR_NOT_FOUND;
	*closed = (struct control_closed){.sessions = 1};
	connection = test->connection;
	test_session_end(test, CONTROL_END_OPERATOR);
	if (connection != NULL)
		connection_watch_activity(connection);
	return 0;
}

struct control_closed control_server_close_all(struct control_server *server)
{
	struct control_closed closed = {.connections = server->connection_count,
	                                .sessions = server->sessions_stopped};
	const struct connection *connection;

	TAILQ_FOREACH(connection, &server->connections, link)
	closed.sessions += connection->session_count;
	portions_close_all(server);
	return closed;
}
