/* SPDX-License-Identifier: BSD-3-Clause */
/** Commands through a whole Server: RFC 5357 sections 3.4 and 3.6 to 3.8, and the timeouts SERVWAIT, REFWAIT, Timeout. */
#include <event2/event.h>
#include <string.h>
#include <time.h>

#include "control/connection.h"
#include "harness.h"
#include "unit.h"

static void only_stop_is_available_while_measuring(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_AUTHENTICATED));
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_NOT_SUPPORTED);
	client_stop(&client, ACCEPT_FAILURE, 2);
	/* A new round on the same connection. */
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 1);
	client_stop(&client, ACCEPT_OK, 0);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_STOPPED), 3);
	client_close(&client);
	harness_close(&harness);
}

static void stop_for_another_number_closes(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 2);
	CU_ASSERT_TRUE(client_sees_end(&client));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_STOP_COUNT_MISMATCH), 1);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 0);
	client_close(&client);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 1); /* accepted, but never started */
	CU_ASSERT_TRUE(client_sees_end(&client));
	client_close(&client);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 0);
	CU_ASSERT_TRUE(client_sees_end(&client));
	client_close(&client);
	/* What has been stopped once is not counted again. */
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 1);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 2);
	CU_ASSERT_TRUE(client_sees_end(&client));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_STOP_COUNT_MISMATCH), 4);
	client_close(&client);
	harness_close(&harness);
}

static void stopped_sessions_outlive_the_connection_by_their_timeout(void)
{
	struct harness harness;
	struct client client;
	struct request_tw_session message = client_request_template(4);
	struct accept_session answer;

	harness_open(&harness);
	harness_start(&harness);
	message.timeout = 1ULL << 32;
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	CU_ASSERT_TRUE(client_request(&client, &message, &answer));
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 1);
	CU_ASSERT_TRUE(harness_wait_counter(&harness, CONTROL_SESSIONS_STOPPED, 1));
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 1);
	CU_ASSERT_EQUAL(limits_addresses(harness.server->limits), 1);
	CU_ASSERT_TRUE(harness_wait_sessions(&harness, 0));
	CU_ASSERT_EQUAL(limits_addresses(harness.server->limits), 0);
	harness_close(&harness);
}

static void sessions_end_with_a_connection_that_breaks(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 0);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_CONNECTIONS_CLOSED), 1);
	harness_close(&harness);
}

static void unexpected_commands_are_answered_with_accept_3(void)
{
	static const uint8_t commands[] = {0, 1, 6, 7, 8, 9, 10, 11, 255};
	static const uint32_t modes[] = {MODE_UNAUTHENTICATED, MODE_ENCRYPTED};
	struct harness harness;
	struct client client;
	uint8_t fetch[48] = {COMMAND_FETCH_SESSION};
	uint8_t reply[ACCEPT_SESSION_SIZE];

	harness_open(&harness);
	harness_start(&harness);
	for (unsigned m = 0; m < 2; m++) {
		CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, modes[m]));
		for (size_t i = 0; i < sizeof(commands); i++)
			CU_ASSERT_EQUAL(client_command(&client, commands[i]), ACCEPT_NOT_SUPPORTED);
		memset(fetch, 0, sizeof(fetch));
		fetch[0] = COMMAND_FETCH_SESSION;
		client_send(&client, fetch, sizeof(fetch));
		CU_ASSERT_TRUE(client_receive(&client, reply, sizeof(reply)));
		CU_ASSERT_EQUAL(reply[0], ACCEPT_NOT_SUPPORTED);
		CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
		client_close(&client);
		CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	}
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_COMMANDS_UNKNOWN),
	                2 * (sizeof(commands) + 1));
	harness_close(&harness);
}

static void a_wrong_hmac_ends_the_connection(void)
{
	struct harness harness;
	struct client client;
	uint8_t octets[REQUEST_TW_SESSION_SIZE];
	const struct request_tw_session message = client_request_template(4);

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	memset(octets, 0, sizeof(octets));
	request_tw_session_write(octets, &message);
	CU_ASSERT_EQUAL(control_stream_send_with_hmac(client.cipher, octets, sizeof(octets)), 0);
	octets[sizeof(octets) - 1] ^= 1;
	client_write(&client, octets, sizeof(octets));
	CU_ASSERT_TRUE(client_sees_end(&client));
	client_close(&client);
	/* The same for a command that nobody knows: its HMAC is checked before it is answered. */
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	memset(octets, 0x5a, sizeof(octets));
	CU_ASSERT_EQUAL(control_stream_send_with_hmac(client.cipher, octets, 2 * CONTROL_BLOCK), 0);
	octets[2 * CONTROL_BLOCK - 1] ^= 1;
	client_write(&client, octets, 2 * CONTROL_BLOCK);
	CU_ASSERT_TRUE(client_sees_end(&client));
	client_close(&client);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_CONTROL_HMAC_FAILURES), 2);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 0);
	harness_close(&harness);
}

static void messages_may_come_in_pieces_or_together(void)
{
	struct harness harness;
	struct client client;
	uint8_t octets[3 * 2 * CONTROL_BLOCK];
	uint8_t reply[START_ACK_SIZE];

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	memset(octets, 0, sizeof(octets));
	for (unsigned i = 0; i < 3; i++) {
		start_sessions_write(octets + i * START_SESSIONS_SIZE);
		CU_ASSERT_EQUAL(control_stream_send_with_hmac(client.cipher,
		                                              octets + i * START_SESSIONS_SIZE,
		                                              START_SESSIONS_SIZE),
		                0);
	}
	for (size_t i = 0; i < START_SESSIONS_SIZE; i++) {
		client_write(&client, octets + i, 1);
		(void)event_base_loop(harness.base, EVLOOP_NONBLOCK);
	}
	client_write(&client, octets + START_SESSIONS_SIZE, 2 * START_SESSIONS_SIZE);
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_TRUE(client_receive(&client, reply, sizeof(reply)));
		CU_ASSERT_EQUAL(start_ack_read(reply), ACCEPT_FAILURE);
	}
	client_close(&client);
	harness_close(&harness);
}

static void servwait_ends_idle_connections_but_not_measuring_ones(void)
{
	struct harness harness;
	struct client idle;
	struct client measuring;

	harness_open(&harness);
	harness_start(&harness);
	const uint64_t servwait = harness.server->timing.servwait;
	unsigned ended = 0;
	/* Again when a busy machine let the time pass before the start. */
	for (bool measures = false; !measures && ended < 100; ended++) {
		harness.server->timing.servwait = servwait;
		CU_ASSERT_TRUE(
		        client_open(&measuring, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
		harness.server->timing.servwait = 40;
		measures = client_request_accept(&measuring) == ACCEPT_OK &&
		           client_start(&measuring) == ACCEPT_OK;
		if (!measures)
			client_close(&measuring);
	}
	CU_ASSERT_TRUE(client_open(&idle, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(client_sees_end(&idle));
	CU_ASSERT_TRUE(client_sees_nothing(&measuring, 80));
	client_stop(&measuring, ACCEPT_OK, 1);
	CU_ASSERT_TRUE(client_sees_end(&measuring));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_CONNECTIONS_SERVWAIT), ended + 1);
	client_close(&idle);
	client_close(&measuring);
	harness_close(&harness);
}

static void refwait_ends_sessions_without_packets_and_lets_servwait_resume(void)
{
	struct harness harness;
	struct client client;
	struct core_session *core;

	harness_open(&harness);
	harness_start(&harness);
	harness.server->timing.refwait = 200;
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	harness.server->timing.servwait = 100;
	/* The first session has received a packet, in a future that REFWAIT does not reach; the second has none. */
	core = harness_find(&harness, CLIENT_IPV4, SENDER_PORT, OUR_IPV4, RECEIVER_PORT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(core);
	core->last_received_tsc = UINT64_MAX;
	CU_ASSERT_TRUE(harness_wait_sessions(&harness, 1));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_REFWAIT), 1);
	CU_ASSERT_TRUE(client_sees_nothing(&client, 150));
	/* Now it ends too; SERVWAIT runs again and closes the connection. */
	core->last_received_tsc = 1;
	CU_ASSERT_TRUE(client_sees_end(&client));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_REFWAIT), 2);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_CONNECTIONS_SERVWAIT), 1);
	client_close(&client);
	harness_close(&harness);
}

/** REFWAIT counts from the last packet: after one that came half of it ago, only the other half is waited for. */
static void refwait_runs_from_the_last_packet(void)
{
	struct harness harness;
	struct client client;
	struct timespec now;

	harness_open(&harness);
	harness_start(&harness);
	harness.server->timing.refwait = 2000;
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	struct connection *connection = TAILQ_FIRST(&harness.server->connections);
	struct deadline *deadline = &TAILQ_FIRST(&connection->started)->deadline;
	struct core_session *core =
	        harness_find(&harness, CLIENT_IPV4, SENDER_PORT, OUR_IPV4, RECEIVER_PORT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(core);
	core->last_received_tsc = tsc_now() - harness.server->environment.tsc_hz;
	/* As if its time had come. */
	deadline_disarm(harness.server->deadlines, deadline);
	test_session_deadline(deadline);
	CU_ASSERT_TRUE(deadline->is_armed);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	CU_ASSERT_TRUE((double)deadline->tick * DEADLINES_TICK_MS / 1e3 <
	               (double)now.tv_sec + (double)now.tv_nsec / 1e9 + 1.5);
	client_close(&client);
	harness_close(&harness);
}

static void stop_may_still_count_sessions_that_refwait_ended(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	harness.server->timing.refwait = 20;
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	CU_ASSERT_TRUE(harness_wait_sessions(&harness, 0));
	client_stop(&client, ACCEPT_OK, 1);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_STOP_COUNT_MISMATCH), 0);
	client_close(&client);
	harness_close(&harness);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"only Stop is available while measuring", only_stop_is_available_while_measuring},
	        {"Stop for another number closes", stop_for_another_number_closes},
	        {"stopped sessions outlive the connection by their Timeout",
	         stopped_sessions_outlive_the_connection_by_their_timeout},
	        {"sessions end with a connection that breaks",
	         sessions_end_with_a_connection_that_breaks},
	        {"unexpected commands are answered with Accept 3",
	         unexpected_commands_are_answered_with_accept_3},
	        {"a wrong HMAC ends the connection", a_wrong_hmac_ends_the_connection},
	        {"messages may come in pieces or together",
	         messages_may_come_in_pieces_or_together},
	        {"SERVWAIT ends idle connections but not measuring ones",
	         servwait_ends_idle_connections_but_not_measuring_ones},
	        {"REFWAIT ends sessions without packets and lets SERVWAIT resume",
	         refwait_ends_sessions_without_packets_and_lets_servwait_resume},
	        {"REFWAIT runs from the last packet", refwait_runs_from_the_last_packet},
	        {"Stop may still count sessions that REFWAIT ended",
	         stop_may_still_count_sessions_that_refwait_ended},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-commands", tests);
}
