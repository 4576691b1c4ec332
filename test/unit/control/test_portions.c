/* SPDX-License-Identifier: BSD-3-Clause */
/** What is done to many sessions is done in portions: others are served between them, and whoever comes in between finds all in order. */
#include "portions_fixture.h"

static void start_and_stop_in_portions(void)
{
	struct fixture fixture;
	uint8_t reply[START_ACK_SIZE];

	set_up(&fixture, MODE_UNAUTHENTICATED);
	send_start(&fixture);
	/* Comes in one piece with it, and is understood after it. */
	client_stop(&fixture.client, ACCEPT_OK, MANY);
	run_into(&fixture, started);
	CU_ASSERT_EQUAL(stopped(&fixture), 0);
	for (unsigned i = 0; i < 1000 && stopped(&fixture) == 0; i++) {
		unsigned before = started(&fixture);

		turn(&fixture);
		CU_ASSERT_TRUE(started(&fixture) <= before + PORTION);
	}
	CU_ASSERT_TRUE(client_receive(&fixture.client, reply, sizeof(reply)));
	CU_ASSERT_EQUAL(start_ack_read(reply), ACCEPT_OK);
	for (unsigned i = 0; i < 1000 && stopped(&fixture) < MANY; i++)
		turn(&fixture);
	CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_SESSIONS_STOPPED), MANY);
	CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_STOP_COUNT_MISMATCH), 0);
	/* All of them are answered for the same time, counted from the command. */
	const struct test_session *first = TAILQ_FIRST(&fixture.harness.server->stopped), *other;
	TAILQ_FOREACH(other, &fixture.harness.server->stopped, link)
	CU_ASSERT_EQUAL(other->until_tsc, first->until_tsc);
	CU_ASSERT_FALSE(fixture.client.ended);
	tear_down(&fixture);
}

static void a_client_that_leaves_has_stopped_all(void)
{
	struct fixture fixture;

	set_up(&fixture, MODE_UNAUTHENTICATED);
	CU_ASSERT_EQUAL(client_start(&fixture.client), ACCEPT_OK);
	client_stop(&fixture.client, ACCEPT_OK, MANY);
	run_into(&fixture, stopped);
	client_close(&fixture.client);
	CU_ASSERT_TRUE(harness_wait_connections(&fixture.harness, 0));
	CU_ASSERT_EQUAL(stopped(&fixture), MANY);
	CU_ASSERT_EQUAL(session_registry_count(fixture.harness.sessions), MANY);
	harness_close(&fixture.harness);
}

/** Nobody waits for the sessions of a connection that has ended; their places are free when they are. */
static void a_connection_ends_in_portions(void)
{
	struct request_tw_session request = client_request_template(4);
	struct accept_session answer;
	struct fixture fixture;
	struct client other;

	set_up(&fixture, MODE_UNAUTHENTICATED);
	CU_ASSERT_TRUE(client_open(&other, &fixture.harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_start(&fixture.client), ACCEPT_OK);
	fixture.harness.server->portion = 1;
	client_close(&fixture.client);
	run_into(&fixture, ended);
	CU_ASSERT_EQUAL(counts(&fixture).connections, 1);
	CU_ASSERT_EQUAL(started(&fixture) + ended(&fixture), MANY);
	/* A session that ends by itself meanwhile. */
	struct connection *ending = TAILQ_FIRST(&fixture.harness.server->ending);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ending);
	test_session_deadline(&connection_any_session(ending)->deadline);
	struct control_closed closed;
	uint8_t sid[SID_SIZE];
	memcpy(sid, connection_any_session(ending)->session->sid, SID_SIZE);
	CU_ASSERT_EQUAL(control_server_close_session(fixture.harness.server, sid, &closed), 0);
	CU_ASSERT_TRUE(harness_wait_sessions(&fixture.harness, 0));
	CU_ASSERT_TRUE(TAILQ_EMPTY(&fixture.harness.server->ending));
	CU_ASSERT_TRUE(client_request(&other, &request, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
	CU_ASSERT_EQUAL(limits_addresses(fixture.harness.server->limits), 1);
	client_close(&other);
	CU_ASSERT_TRUE(harness_wait_connections(&fixture.harness, 0));
	CU_ASSERT_EQUAL(limits_addresses(fixture.harness.server->limits), 0);
	harness_close(&fixture.harness);
}

static void an_operator_closes_all_in_portions(void)
{
	struct fixture fixture;
	struct client other, later;

	set_up(&fixture, MODE_UNAUTHENTICATED);
	CU_ASSERT_TRUE(client_open(&other, &fixture.harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_start(&fixture.client), ACCEPT_OK);
	fixture.harness.server->portion = 1;
	client_stop(&fixture.client, ACCEPT_OK, MANY);
	run_into(&fixture, stopped);
	struct control_closed closed = control_server_close_all(fixture.harness.server);
	CU_ASSERT_EQUAL(closed.connections, 2);
	CU_ASSERT_EQUAL(closed.sessions, MANY);
	client_connect(&later, &fixture.harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(harness_wait_sessions(&fixture.harness, 0));
	CU_ASSERT_TRUE(client_sees_end(&other));
	CU_ASSERT_TRUE(client_sees_end(&fixture.client));
	/* Whoever comes afterwards is not concerned. */
	CU_ASSERT_EQUAL(client_set_up(&later, MODE_UNAUTHENTICATED), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&later), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&later), ACCEPT_OK);
	client_stop(&later, ACCEPT_OK, 1);
	harness_run(&fixture.harness, 5);
	CU_ASSERT_EQUAL(stopped(&fixture), 1);
	client_close(&later);
	client_close(&other);
	tear_down(&fixture);
}

static void lists_in_portions(void)
{
	struct fixture fixture;
	struct session_list header;
	uint8_t answered[MANY][SID_SIZE];
	struct control_closed closed;

	set_up(&fixture, INDIVIDUAL);
	client_send_list(&fixture.client, COMMAND_START_N_SESSIONS,
	                 (const uint8_t(*)[SID_SIZE])fixture.sids, MANY);
	run_into(&fixture, started);
	/* One of the list is gone when its turn comes: it is answered apart. */
	CU_ASSERT_EQUAL(control_server_close_session(fixture.harness.server, fixture.sids[MANY - 1],
	                                             &closed),
	                0);
	CU_ASSERT_TRUE(client_read_list(&fixture.client, &header, answered, MANY));
	CU_ASSERT_EQUAL(header.accept, ACCEPT_OK);
	CU_ASSERT_EQUAL(header.sessions, MANY - 1);
	CU_ASSERT_EQUAL(memcmp(answered, fixture.sids, (size_t)(MANY - 1) * SID_SIZE), 0);
	CU_ASSERT_TRUE(client_read_list(&fixture.client, &header, answered, MANY));
	CU_ASSERT_EQUAL(header.accept, ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(header.sessions, 1);
	client_send_list(&fixture.client, COMMAND_STOP_N_SESSIONS,
	                 (const uint8_t(*)[SID_SIZE])fixture.sids, MANY - 1);
	run_into(&fixture, stopped);
	CU_ASSERT_TRUE(client_read_list(&fixture.client, &header, answered, MANY));
	CU_ASSERT_EQUAL(header.sessions, MANY - 1);
	CU_ASSERT_EQUAL(stopped(&fixture), MANY - 1);
	tear_down(&fixture);
}

/** SERVWAIT does not run while a command is being done, and does afterwards. */
static void servwait_waits_for_a_command(void)
{
	struct fixture fixture;
	struct connection *connection;

	set_up(&fixture, MODE_UNAUTHENTICATED);
	connection = TAILQ_FIRST(&fixture.harness.server->connections);
	CU_ASSERT_TRUE(evtimer_pending(connection->timer, NULL) != 0);
	send_start(&fixture);
	run_into(&fixture, started);
	CU_ASSERT_EQUAL(evtimer_pending(connection->timer, NULL), 0);
	for (unsigned i = 0; i < 1000 && started(&fixture) < MANY; i++)
		turn(&fixture);
	client_stop(&fixture.client, ACCEPT_OK, MANY);
	run_into(&fixture, stopped);
	for (unsigned i = 0; i < 1000 && evtimer_pending(connection->timer, NULL) == 0; i++)
		turn(&fixture);
	CU_ASSERT_EQUAL(stopped(&fixture), MANY);
	CU_ASSERT_TRUE(evtimer_pending(connection->timer, NULL) != 0);
	tear_down(&fixture);
}

/** In the midst of each kind of work the Server is destroyed, its configuration replaced, or the connection closed. */
static void the_end_may_come_at_any_time(void)
{
	for (unsigned what = 0; what < 4; what++) {
		for (unsigned how = 0; how < 3; how++) {
			struct fixture fixture;
			struct control_closed closed;

			set_up(&fixture, what == 3 ? INDIVIDUAL : MODE_UNAUTHENTICATED);
			fixture.harness.server->portion = 1;
			if (what == 3)
				client_send_list(&fixture.client, COMMAND_START_N_SESSIONS,
				                 (const uint8_t(*)[SID_SIZE])fixture.sids, MANY);
			else if (what == 0)
				send_start(&fixture);
			else if (what == 1)
				client_close(&fixture.client);
			else
				closed = control_server_close_all(fixture.harness.server);
			run_into(&fixture, what == 0 || what == 3 ? started : ended);
			if (how == 1)
				control_server_reconfigure(
				        fixture.harness.server, fixture.harness.config,
				        &fixture.harness.psk.base, &fixture.harness.ike.base);
			if (how == 2) {
				(void)control_server_close_connection(fixture.harness.server, 1,
				                                      &closed);
				(void)control_server_close_all(fixture.harness.server);
			}
			if (how > 0)
				harness_run(&fixture.harness, 5);
			if (how == 2)
				CU_ASSERT_EQUAL(session_registry_count(fixture.harness.sessions),
				                0);
			if (what != 1)
				client_close(&fixture.client);
			harness_close(&fixture.harness);
		}
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"start and stop in portions", start_and_stop_in_portions},
	        {"a client that leaves has stopped all", a_client_that_leaves_has_stopped_all},
	        {"a connection ends in portions", a_connection_ends_in_portions},
	        {"an operator closes all in portions", an_operator_closes_all_in_portions},
	        {"lists in portions", lists_in_portions},
	        {"SERVWAIT waits for a command", servwait_waits_for_a_command},
	        {"the end may come at any time", the_end_may_come_at_any_time},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-portions", tests);
}
