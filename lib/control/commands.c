/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/commands.h"

#include <string.h>

#include "base/secret.h"
#include "control/connection.h"
#include "control/individual_control.h"
#include "control/negotiation.h"
#include "crypto/key_derivation.h"

/** RFC 4656 section 3.9; reserved in TWAMP, but its length is known. */
#define FETCH_SESSION_SIZE 48u

/** A command whose length is unknown. */
#define UNKNOWN_COMMAND_SIZE (CONTROL_BLOCK + CONTROL_HMAC_SIZE)

static bool is_individual(const struct connection *connection)
{
	return (connection->mode & MODE_INDIVIDUAL_SESSION_CONTROL) != 0;
}

/** True for a session list that this connection may send. */
static bool is_expected_list(const struct connection *connection, uint8_t command)
{
	return is_individual(connection) &&
	       (command == COMMAND_START_N_SESSIONS || command == COMMAND_STOP_N_SESSIONS);
}

/** What it may have had: a limit that was lowered leaves it its sessions. */
static uint32_t sessions_per_connection(const struct connection *connection)
{
	uint32_t limit = connection_session_limit(connection);

	return limit > connection->sessions_most ? limit : connection->sessions_most;
}

/** RFC 5938: from one SID to as many sessions as the client may have. */
static size_t session_list_size(const struct connection *connection, const uint8_t *block)
{
	struct control_server *server = connection->server;
	char client[ENDPOINT_TEXT_SIZE];
	struct session_list list;

	session_list_read(block, &list);
	if (list.sessions >= 1 && list.sessions <= sessions_per_connection(connection))
		return SESSION_LIST_SIZE(list.sessions);
	if (!is_expected_list(connection, list.command))
		return UNKNOWN_COMMAND_SIZE;
	control_log_event(&server->log, EVENT_COMMAND_MALFORMED,
	                  "%s: command %u with %u sessions, of 1 to %u allowed; closed",
	                  endpoint_format(&connection->client, client), (unsigned)list.command,
	                  (unsigned)list.sessions, (unsigned)sessions_per_connection(connection));
	return 0;
}

size_t command_size(const struct connection *connection, const uint8_t block[CONTROL_BLOCK])
{
	switch (block[0]) {
	case COMMAND_START_SESSIONS:
		return START_SESSIONS_SIZE;
	case COMMAND_STOP_SESSIONS:
		return STOP_SESSIONS_SIZE;
	case COMMAND_FETCH_SESSION:
		return FETCH_SESSION_SIZE;
	case COMMAND_REQUEST_TW_SESSION:
		return REQUEST_TW_SESSION_SIZE;
	case COMMAND_START_N_SESSIONS:
	case COMMAND_STOP_N_SESSIONS:
		return session_list_size(connection, block);
	default:
		return UNKNOWN_COMMAND_SIZE;
	}
}

static bool send_accept_session(struct connection *connection, const struct accept_session *answer)
{
	uint8_t octets[ACCEPT_SESSION_SIZE];

	accept_session_write(octets, answer);
	return connection_send(connection, octets, sizeof(octets));
}

/** An Accept-Session that refuses: Port and SID are zero. */
static bool refuse_request(struct connection *connection, enum accept accept, const char *reason)
{
	struct control_server *server = connection->server;
	const struct accept_session answer = {.accept = (uint8_t)accept};
	char client[ENDPOINT_TEXT_SIZE];

	if (accept == ACCEPT_NOT_SUPPORTED)
		server_count(server, CONTROL_SESSIONS_UNSUPPORTED);
	else if (accept == ACCEPT_PERMANENT_LIMIT)
		server_count(server, CONTROL_SESSIONS_REFUSED_PERMANENT);
	else if (accept == ACCEPT_TEMPORARY_LIMIT)
		server_count(server, CONTROL_SESSIONS_REFUSED_TEMPORARY);
	control_log_event(&server->log, EVENT_SESSION_REFUSED, "%s: Accept %u: %s",
	                  endpoint_format(&connection->client, client), (unsigned)accept, reason);
	return send_accept_session(connection, &answer);
}

/** RFC 5357 section 3.5: an unexpected Command Number MUST be answered with Accept-Session, Accept 3. */
static bool refuse_command(struct connection *connection, uint8_t command)
{
	struct control_server *server = connection->server;
	const struct accept_session answer = {.accept = ACCEPT_NOT_SUPPORTED};
	char client[ENDPOINT_TEXT_SIZE];

	server_count(server, CONTROL_COMMANDS_UNKNOWN);
	control_log_event(&server->log, EVENT_COMMAND_UNEXPECTED, "%s: command %u",
	                  endpoint_format(&connection->client, client), (unsigned)command);
	return send_accept_session(connection, &answer);
}

/** SID, keys and publication of a session that has been agreed on; the limits have been taken. */
static int publish(struct connection *connection, struct negotiation *agreed, struct error *error)
{
	struct session_parameters *parameters = &agreed->parameters;
	struct test_session *test;
	int status;

	status = server_make_sid(connection->server, &connection->local.address, parameters->sid);
	if (status == 0 && parameters->mode != TEST_UNAUTHENTICATED)
		status = test_keys_derive(&connection->keys, parameters->sid, &parameters->keys);
	if (status == 0)
		status = test_session_create(connection, parameters, agreed->timeout, &test, error);
	else
		(void)error_set(error, status, "no keys for the session");
	secret_wipe(&parameters->keys, sizeof(parameters->keys));
	return status;
}

/** The session exists: tells the client. */
static bool accept_request(struct connection *connection, const struct request_tw_session *request,
                           const struct negotiation *agreed)
{
	struct control_server *server = connection->server;
	struct accept_session answer = {.accept = ACCEPT_OK, .port = agreed->reflector.port};
	char client[ENDPOINT_TEXT_SIZE];
	char sender[ENDPOINT_TEXT_SIZE];
	char reflector[ENDPOINT_TEXT_SIZE];

	memcpy(answer.sid, agreed->parameters.sid, sizeof(answer.sid));
	/* RFC 6038 section 4.3; Server octets stay zero: none are required in test packets. */
	if ((connection->mode & MODE_REFLECT_OCTETS) != 0)
		answer.reflected_octets = request->octets_to_reflect;
	server_count(server, CONTROL_SESSIONS_ACCEPTED);
	if (agreed->reflector.port != request->receiver.port)
		server_count(server, CONTROL_SESSIONS_PORT_SUGGESTED);
	control_log_event(&server->log, EVENT_SESSION_ACCEPTED, "%s: %s to %s",
	                  endpoint_format(&connection->client, client),
	                  endpoint_format(&agreed->sender, sender),
	                  endpoint_format(&agreed->reflector, reflector));
	return send_accept_session(connection, &answer);
}

/** Everything about a request that can refuse it: result->accept and reason tell; the limits are taken when it is ACCEPT_OK. */
static void decide(struct connection *connection, const struct request_tw_session *request,
                   struct negotiation *result)
{
	struct control_server *server = connection->server;
	const struct negotiation_terms terms = {.config = server->environment.config,
	                                        .mode = connection->mode,
	                                        .client = connection->client,
	                                        .local = connection->local};

	negotiate(&terms, request, result);
	if (result->accept == ACCEPT_OK)
		negotiate_port(terms.config, server->environment.sessions, result);
	if (result->accept == ACCEPT_OK)
		result->accept =
		        limits_take_session(server->limits, connection->usage, connection->pool,
		                            connection->session_count, &result->reason);
	if (result->foreign_address)
		server_count(server, CONTROL_SESSIONS_FOREIGN_ADDRESS);
}

static bool request_tw_session(struct connection *connection, const uint8_t *octets)
{
	struct control_server *server = connection->server;
	struct request_tw_session request;
	struct negotiation agreed;
	struct error error = {.text = ""};
	char client[ENDPOINT_TEXT_SIZE];
	int status;

	if (connection->server->draining)
		return refuse_request(connection, ACCEPT_TEMPORARY_LIMIT,
		                      "draining: no new session is taken");
	/* RFC 4656 section 3.4; RFC 5938 lifts it. */
	if (!is_individual(connection) && connection_is_measuring(connection))
		return refuse_request(connection, ACCEPT_NOT_SUPPORTED,
		                      "request while sessions are in progress");
	/* An IPVN that is neither 4 nor 6 is refused by negotiate. */
	(void)request_tw_session_read(octets, &request);
	decide(connection, &request, &agreed);
	if (agreed.accept != ACCEPT_OK)
		return refuse_request(connection, agreed.accept, agreed.reason);
	status = publish(connection, &agreed, &error);
	if (status == 0)
		return accept_request(connection, &request, &agreed);
	limits_release_session(server->limits, connection->usage, connection->pool);
	if (status == ERROR_LIMIT)
		return refuse_request(connection, ACCEPT_TEMPORARY_LIMIT, error.text);
	control_log_event(&server->log, EVENT_SESSION_FAILED, "%s: %s",
	                  endpoint_format(&connection->client, client), error.text);
	return refuse_request(connection, ACCEPT_INTERNAL_ERROR, error.text);
}

static bool acknowledge_start(struct connection *connection, enum accept accept)
{
	uint8_t octets[START_ACK_SIZE];

	start_ack_write(octets, (uint8_t)accept);
	return connection_send(connection, octets, sizeof(octets));
}

/** All before the answer, so that the first packet finds its session started. */
static enum step_outcome start_some(struct connection *connection, unsigned *left)
{
	struct test_session *test;

	while ((test = TAILQ_FIRST(&connection->accepted)) != NULL) {
		if (*left == 0)
			return STEP_MORE;
		--*left;
		test_session_start(test);
		connection->unstopped++;
	}
	return acknowledge_start(connection, ACCEPT_OK) ? STEP_DONE : STEP_FAILED;
}

/**
 * RFC 4656 section 3.7. Refused with Accept 3 while sessions are in progress, since only Stop-Sessions is available then, and with
 * Accept 1 when there is no session to start. The Start Time of a request is not waited for: the reflector sends no stream of its own,
 * and clocks that differ would lose a session's first packets.
 */
static bool start_sessions(struct connection *connection)
{
	if (connection_is_measuring(connection))
		return acknowledge_start(connection, ACCEPT_NOT_SUPPORTED);
	if (TAILQ_EMPTY(&connection->accepted))
		return acknowledge_start(connection, ACCEPT_FAILURE);
	return portions_run(connection, start_some);
}

/** The others are stopped later, but for how long they are answered is counted from the command. */
static enum step_outcome stop_some(struct connection *connection, unsigned *left)
{
	struct test_session *test;

	while ((test = TAILQ_FIRST(&connection->started)) != NULL) {
		if (*left == 0)
			return STEP_MORE;
		--*left;
		test_session_stop(test, connection->command_tsc);
	}
	connection->unstopped = 0;
	return STEP_DONE;
}

/**
 * RFC 5357 section 3.8: all started sessions stop; there is no answer. The Number of Sessions must be that of the sessions started and
 * not yet stopped; those that REFWAIT ended may be counted or not, since the client can't know. Else the connection is closed.
 */
static bool stop_sessions(struct connection *connection, const uint8_t *octets)
{
	struct control_server *server = connection->server;
	unsigned in_progress = connection->in_progress;
	struct stop_sessions message;
	char client[ENDPOINT_TEXT_SIZE];

	stop_sessions_read(octets, &message);
	if (message.sessions < in_progress || message.sessions > connection->unstopped) {
		server_count(server, CONTROL_STOP_COUNT_MISMATCH);
		control_log_event(&server->log, EVENT_STOP_COUNT_WRONG,
		                  "%s: Stop-Sessions for %u sessions, %u are in progress; closed",
		                  endpoint_format(&connection->client, client),
		                  (unsigned)message.sessions, in_progress);
		return false;
	}
	control_log_event(&server->log, EVENT_SESSIONS_STOPPED, "%s: %u sessions, Accept %u (%s)",
	                  endpoint_format(&connection->client, client), in_progress,
	                  (unsigned)message.accept, accept_name(message.accept));
	connection->command_tsc = tsc_now();
	return portions_run(connection, stop_some);
}

bool command_handle(struct connection *connection, uint8_t *octets)
{
	bool individual = is_individual(connection);

	if (octets[0] == COMMAND_REQUEST_TW_SESSION)
		return request_tw_session(connection, octets);
	if (octets[0] == COMMAND_START_SESSIONS && !individual)
		return start_sessions(connection);
	if (octets[0] == COMMAND_STOP_SESSIONS && !individual)
		return stop_sessions(connection, octets);
	if (octets[0] == COMMAND_START_N_SESSIONS && individual)
		return start_n_sessions(connection, octets);
	if (octets[0] == COMMAND_STOP_N_SESSIONS && individual)
		return stop_n_sessions(connection, octets);
	return refuse_command(connection, octets[0]);
}
