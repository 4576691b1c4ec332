/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/test_session.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "clock/tsc_clock.h"
#include "control/audit.h"
#include "control/connection.h"

/** Added to the Timeout's timer, so that the session outlives the deadline that the cores compare with. */
#define WITHDRAW_MARGIN_MS 10u

/** Where SIDs are random, so that nobody outside can aim at one bucket. */
static struct test_session_list *bucket_of(const struct control_server *server, const uint8_t *sid)
{
	return &server->by_sid[load_be32(sid + SID_RANDOM) & server->by_sid_mask];
}

struct test_session *test_session_by_sid(const struct control_server *server,
                                         const uint8_t sid[SID_SIZE])
{
	struct test_session *test = LIST_FIRST(bucket_of(server, sid));

	while (test != NULL && memcmp(test->session->sid, sid, SID_SIZE) != 0)
		test = LIST_NEXT(test, sid_link);
	return test;
}

struct test_session *test_session_find(const struct connection *connection,
                                       const uint8_t sid[SID_SIZE])
{
	struct test_session *test = test_session_by_sid(connection->server, sid);

	return test != NULL && test->connection == connection ? test : NULL;
}

static uint64_t elapsed_ms(const struct test_session *test, uint64_t since_tsc)
{
	uint64_t now = tsc_now();

	/* A core's TSC may be read a little before ours. */
	if (now <= since_tsc)
		return 0;
	return (uint64_t)((unsigned __int128)(now - since_tsc) * 1000 /
	                  test->server->environment.tsc_hz);
}

/** REFWAIT (RFC 5357 section 4.2): ends the session, or waits for what is left of it since the last packet. */
static void check_refwait(struct test_session *test)
{
	struct control_server *server = test->server;
	struct connection *connection = test->connection;

	/* It ends with its connection, in some turns. */
	if (connection->state == CONNECTION_ENDED)
		return;
	struct session_totals totals = session_totals(server->environment.sessions, test->session);
	uint64_t last =
	        totals.last_received_tsc != 0 ? totals.last_received_tsc : test->started_tsc;
	uint64_t idle = elapsed_ms(test, last);
	char client[ENDPOINT_TEXT_SIZE];

	if (idle < server->timing.refwait) {
		deadline_arm(server->deadlines, &test->deadline, server->timing.refwait - idle);
		return;
	}
	server_count(server, CONTROL_SESSIONS_REFWAIT);
	control_log_event(&server->log, EVENT_SESSION_REFWAIT,
	                  "%s: no test packet for REFWAIT, session ended",
	                  endpoint_format(&connection->client, client));
	test_session_end(test, CONTROL_END_REFWAIT);
	connection_watch_activity(connection);
}

static struct test_session *session_of(struct deadline *deadline)
{
	return (struct test_session *)(void *)((uint8_t *)deadline -
	                                       offsetof(struct test_session, deadline));
}

void test_session_deadline(struct deadline *deadline)
{
	struct test_session *test = session_of(deadline);

	if (test->state == TEST_SESSION_STARTED)
		check_refwait(test);
	else if (tsc_now() < test->until_tsc)
		/* Two clocks. */
		deadline_arm(test->server->deadlines, deadline, WITHDRAW_MARGIN_MS);
	else
		test_session_end(test, CONTROL_END_STOPPED);
}

int test_session_create(struct connection *connection, const struct session_parameters *parameters,
                        uint64_t timeout, struct test_session **created, struct error *error)
{
	struct control_server *server = connection->server;
	struct test_session *test = calloc(1, sizeof(*test));
	int status;

	if (test == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a session");
	status = session_publish(server->environment.sessions, parameters, &test->session, error);
	if (status != 0) {
		free(test);
		return status;
	}
	test->server = server;
	test->connection = connection;
	test->connection_id = connection->id;
	test->timeout = timeout;
	test->usage = connection->usage;
	test->pool = connection->pool;
	TAILQ_INSERT_TAIL(&connection->accepted, test, link);
	LIST_INSERT_HEAD(bucket_of(server, parameters->sid), test, sid_link);
	connection->session_count++;
	*created = test;
	return 0;
}

void test_session_start(struct test_session *test)
{
	struct control_server *server = test->server;
	struct connection *connection = test->connection;

	TAILQ_REMOVE(&connection->accepted, test, link);
	TAILQ_INSERT_TAIL(&connection->started, test, link);
	test->state = TEST_SESSION_STARTED;
	connection->in_progress++;
	server->sessions_started++;
	test->started_tsc = tsc_now();
	test->started = tsc_clock_read(server->environment.clock, test->started_tsc).ntp;
	session_start(server->environment.sessions, test->session);
	server_count(server, CONTROL_SESSIONS_STARTED);
	audit_session_started(test);
	if (server->timing.refwait > 0)
		deadline_arm(server->deadlines, &test->deadline, server->timing.refwait);
}

/** Takes it off its connection or off the server's stopped ones. */
static void unlink_session(struct test_session *test)
{
	struct control_server *server = test->server;
	struct connection *connection = test->connection;

	if (test->state == TEST_SESSION_STOPPED) {
		TAILQ_REMOVE(&server->stopped, test, link);
		server->sessions_stopped--;
		return;
	}
	connection->session_count--;
	if (test->state == TEST_SESSION_STARTED) {
		TAILQ_REMOVE(&connection->started, test, link);
		connection->in_progress--;
		server->sessions_started--;
	} else {
		TAILQ_REMOVE(&connection->accepted, test, link);
	}
	test->connection = NULL;
}

void test_session_stop(struct test_session *test, uint64_t stopped_tsc)
{
	struct control_server *server = test->server;
	uint64_t ticks =
	        (uint64_t)(((unsigned __int128)test->timeout * server->environment.tsc_hz) >> 32);
	uint64_t milliseconds = (uint64_t)(((unsigned __int128)test->timeout * 1000) >> 32);

	test->until_tsc = stopped_tsc + ticks;
	test->ended = tsc_clock_read(server->environment.clock, stopped_tsc).ntp;
	session_stop(server->environment.sessions, test->session, test->until_tsc);
	server_count(server, CONTROL_SESSIONS_STOPPED);
	unlink_session(test);
	test->state = TEST_SESSION_STOPPED;
	test->stop_number = ++server->last_stop_number;
	server->sessions_stopped++;
	TAILQ_INSERT_TAIL(&server->stopped, test, link);
	deadline_arm(server->deadlines, &test->deadline, milliseconds + WITHDRAW_MARGIN_MS);
}

void test_session_end(struct test_session *test, enum control_end end)
{
	struct control_server *server = test->server;

	audit_session_ended(test, end);
	unlink_session(test);
	LIST_REMOVE(test, sid_link);
	session_withdraw(server->environment.sessions, test->session);
	limits_release_session(server->limits, test->usage, test->pool);
	deadline_disarm(server->deadlines, &test->deadline);
	free(test);
}
