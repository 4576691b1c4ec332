/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/portions.h"

#include <event2/event.h>

#include "base/error.h"
#include "control/connection.h"
#include "control/test_session.h"

/** Closing a connection takes the time of about so many sessions. */
#define CONNECTION_COST 16u

/**
 * What is left of this turn's portion. The loop's own clock stands still for a turn, and tells one from the next. Outside of the loop
 * each call is a turn.
 */
static unsigned left(struct control_server *server)
{
	struct timeval now;

	if (event_base_gettimeofday_cached(server->environment.base, &now) != 0)
		return server->portion;
	if (now.tv_sec != server->turn.tv_sec || now.tv_usec != server->turn.tv_usec) {
		server->turn = now;
		server->spent = 0;
	}
	return server->spent < server->portion ? server->portion - server->spent : 0;
}

/** As many as the turn has room for; true when none is left. */
static bool end_sessions(struct connection *connection)
{
	struct control_server *server = connection->server;

	for (unsigned most = left(server); most > 0; most--) {
		struct test_session *test = connection_any_session(connection);

		if (test == NULL)
			break;
		test_session_end(test, connection->end);
		server->spent++;
	}
	return connection->session_count == 0;
}

void portions_end(struct connection *connection)
{
	struct control_server *server = connection->server;

	if (end_sessions(connection)) {
		connection_free(connection);
		return;
	}
	TAILQ_INSERT_TAIL(&server->ending, connection, portion_link);
	timer_arm_soon(server->portions);
}

static void end_connections(struct control_server *server)
{
	struct connection *connection;

	while ((connection = TAILQ_FIRST(&server->ending)) != NULL && end_sessions(connection)) {
		TAILQ_REMOVE(&server->ending, connection, portion_link);
		connection_free(connection);
	}
}

bool portions_is_doomed(const struct connection *connection)
{
	return connection->id <= connection->server->doomed_connections;
}

/** The oldest one; NULL when there is none that is to be closed with all. */
static struct connection *doomed_connection(const struct control_server *server)
{
	struct connection *oldest = TAILQ_LAST(&server->connections, connection_list);

	return oldest != NULL && portions_is_doomed(oldest) ? oldest : NULL;
}

static struct test_session *doomed_session(const struct control_server *server)
{
	struct test_session *oldest = TAILQ_FIRST(&server->stopped);

	return oldest != NULL && oldest->stop_number <= server->doomed_stops ? oldest : NULL;
}

static void close_doomed(struct control_server *server)
{
	struct connection *connection;
	struct test_session *test;

	while (left(server) > 0 && (connection = doomed_connection(server)) != NULL) {
		server->spent += CONNECTION_COST;
		connection_close(connection, CONTROL_END_OPERATOR);
	}
	for (unsigned most = left(server); most > 0; most--) {
		test = doomed_session(server);
		if (test == NULL)
			return;
		test_session_end(test, CONTROL_END_OPERATOR);
		server->spent++;
	}
}

void portions_close_all(struct control_server *server)
{
	server->doomed_connections = server->last_connection_id;
	server->doomed_stops = server->last_stop_number;
	while (!TAILQ_EMPTY(&server->working))
		portions_cancel(TAILQ_FIRST(&server->working));
	close_doomed(server);
	timer_arm_soon(server->portions);
}

/** As much of a command as the turn has room for. */
static enum step_outcome take_step(struct connection *connection, portion_step step)
{
	struct control_server *server = connection->server;
	unsigned most = left(server);
	unsigned rest = most;
	enum step_outcome outcome = step(connection, &rest);

	server->spent += most - rest;
	return outcome;
}

/** One more portion, of each connection's command in its turn: what a short one leaves of it is the next one's. */
static void work(struct control_server *server)
{
	struct connection *connection;

	while (left(server) > 0 && (connection = TAILQ_FIRST(&server->working)) != NULL) {
		TAILQ_REMOVE(&server->working, connection, portion_link);
		enum step_outcome outcome = take_step(connection, connection->step);
		if (outcome == STEP_MORE)
			TAILQ_INSERT_TAIL(&server->working, connection, portion_link);
		else
			connection_command_done(connection, outcome == STEP_DONE);
	}
}

bool portions_run(struct connection *connection, portion_step step)
{
	struct control_server *server = connection->server;
	enum step_outcome outcome = take_step(connection, step);

	if (outcome != STEP_MORE)
		return outcome == STEP_DONE;
	connection_command_goes_on(connection, step);
	TAILQ_INSERT_TAIL(&server->working, connection, portion_link);
	timer_arm_soon(server->portions);
	return true;
}

void portions_cancel(struct connection *connection)
{
	if (connection->step == NULL)
		return;
	TAILQ_REMOVE(&connection->server->working, connection, portion_link);
	connection->step = NULL;
}

static bool has_more(const struct control_server *server)
{
	return !TAILQ_EMPTY(&server->ending) || !TAILQ_EMPTY(&server->working) ||
	       doomed_connection(server) != NULL || doomed_session(server) != NULL;
}

/** What began first is done first; a command goes on in any case. */
static void on_turn(evutil_socket_t fd, short what, void *context)
{
	struct control_server *server = context;

	(void)fd;
	(void)what;
	end_connections(server);
	close_doomed(server);
	server->spent = 0;
	work(server);
	if (has_more(server))
		timer_arm_soon(server->portions);
}

int portions_create(struct control_server *server)
{
	server->portion = PORTION_SESSIONS;
	server->portions = evtimer_new(server->environment.base, on_turn, server);
	return server->portions != NULL ? 0 : ERROR_MEMORY;
}

void portions_destroy(struct control_server *server)
{
	server->portion = UINT32_MAX;
	end_connections(server);
	if (server->portions != NULL)
		event_free(server->portions);
	server->portions = NULL;
}
