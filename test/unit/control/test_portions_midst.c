/* SPDX-License-Identifier: BSD-3-Clause */
/** What may come in the midst of a command that is done in portions: the next commands, wrong ones, an end, others, the operator. */
#include <event2/bufferevent.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "portions_fixture.h"

#define OTHERS 5u
#define KEYED  (MODE_ENCRYPTED | MODE_IKEV2_DERIVED)

/** The template's request, unanswered. */
static void send_request(struct client *client)
{
	struct request_tw_session request = client_request_template(4);
	uint8_t octets[REQUEST_TW_SESSION_SIZE] = {0};

	request_tw_session_write(octets, &request);
	client_send(client, octets, sizeof(octets));
}

/** Nothing is left of anybody, and each was counted in and out once. */
static void check_nothing_is_left(struct harness *harness)
{
	CU_ASSERT_TRUE(harness_wait_connections(harness, 0));
	while (!TAILQ_EMPTY(&harness->server->stopped))
		test_session_end(TAILQ_FIRST(&harness->server->stopped), CONTROL_END_STOPPED);
	CU_ASSERT_TRUE(harness_wait_sessions(harness, 0));
	CU_ASSERT_EQUAL(limits_addresses(harness->server->limits), 0);
	CU_ASSERT_EQUAL(limits_half_open(harness->server->limits), 0);
	CU_ASSERT_EQUAL(control_counts(harness->server).sessions_started, 0);
	CU_ASSERT_EQUAL(control_counts(harness->server).sessions_stopped, 0);
}

static void close_checked(struct fixture *fixture)
{
	client_close(&fixture->client);
	check_nothing_is_left(&fixture->harness);
	harness_close(&fixture->harness);
}

/** Start, Stop, a request, Start, and the end, all in one piece: each finds what the one before has done. */
static void commands_wait_their_turn(void)
{
	struct fixture fixture;
	uint8_t reply[START_ACK_SIZE];
	uint8_t accepted[ACCEPT_SESSION_SIZE];

	set_up(&fixture, MODE_UNAUTHENTICATED);
	fixture.harness.config->control.unauthenticated.sessions_per_address = MANY + 1;
	fixture.harness.server->portion = 1;
	send_start(&fixture);
	client_stop(&fixture.client, ACCEPT_OK, MANY);
	send_request(&fixture.client);
	send_start(&fixture);
	CU_ASSERT_TRUE(client_receive(&fixture.client, reply, sizeof(reply)));
	CU_ASSERT_EQUAL(start_ack_read(reply), ACCEPT_OK);
	CU_ASSERT_TRUE(client_receive(&fixture.client, accepted, sizeof(accepted)));
	CU_ASSERT_EQUAL(accepted[0], ACCEPT_OK);
	CU_ASSERT_TRUE(client_receive(&fixture.client, reply, sizeof(reply)));
	CU_ASSERT_EQUAL(start_ack_read(reply), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_SESSIONS_STARTED), MANY + 1);
	CU_ASSERT_EQUAL(stopped(&fixture), MANY);
	CU_ASSERT_EQUAL(started(&fixture), 1);
	close_checked(&fixture);
}

/** The client resets: its answer is in its socket, unread. What it asked for is done nevertheless. */
static void a_reset_is_no_less_than_a_stop(void)
{
	struct fixture fixture;

	set_up(&fixture, MODE_UNAUTHENTICATED);
	(void)bufferevent_disable(fixture.client.stream, EV_READ);
	send_start(&fixture);
	client_stop(&fixture.client, ACCEPT_OK, MANY);
	run_into(&fixture, stopped);
	client_close(&fixture.client);
	CU_ASSERT_TRUE(harness_wait_connections(&fixture.harness, 0));
	CU_ASSERT_EQUAL(stopped(&fixture), MANY);
	close_checked(&fixture);
}

/** Behind a command that goes on stands one that closes the connection. */
static void a_wrong_command_waits_too(void)
{
	struct fixture fixture;

	set_up(&fixture, MODE_UNAUTHENTICATED);
	fixture.harness.server->portion = 1;
	send_start(&fixture);
	client_stop(&fixture.client, ACCEPT_OK, MANY - 1);
	run_into(&fixture, started);
	CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_STOP_COUNT_MISMATCH), 0);
	CU_ASSERT_TRUE(harness_wait_connections(&fixture.harness, 0));
	CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_STOP_COUNT_MISMATCH), 1);
	CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_SESSIONS_STARTED), MANY);
	CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_SESSIONS_STOPPED), 0);
	close_checked(&fixture);
}

/** A SID that stands twice is done once, in whatever portion it comes again; one that nobody has is refused. */
static void the_same_sid_in_two_portions(void)
{
	struct fixture fixture;
	struct session_list header;
	uint8_t asked[MANY][SID_SIZE];
	uint8_t answered[MANY][SID_SIZE];

	set_up(&fixture, INDIVIDUAL);
	fixture.harness.server->portion = 1;
	for (unsigned i = 0; i < MANY; i++)
		memcpy(asked[i], fixture.sids[i / 2], SID_SIZE);
	memset(asked[MANY - 1], 0xee, SID_SIZE);
	for (unsigned what = 0; what < 2; what++) {
		client_send_list(&fixture.client,
		                 what == 0 ? COMMAND_START_N_SESSIONS : COMMAND_STOP_N_SESSIONS,
		                 (const uint8_t(*)[SID_SIZE])asked, MANY);
		CU_ASSERT_TRUE(client_read_list(&fixture.client, &header, answered, MANY));
		CU_ASSERT_EQUAL(header.accept, ACCEPT_OK);
		CU_ASSERT_EQUAL(header.sessions, MANY / 2);
		CU_ASSERT_TRUE(client_read_list(&fixture.client, &header, answered, MANY));
		CU_ASSERT_EQUAL(header.accept, ACCEPT_FAILURE);
		CU_ASSERT_EQUAL(header.sessions, MANY / 2 + 1);
		CU_ASSERT_EQUAL(memcmp(answered[MANY / 2], asked[MANY - 1], SID_SIZE), 0);
	}
	CU_ASSERT_EQUAL(stopped(&fixture), MANY / 2);
	CU_ASSERT_EQUAL(started(&fixture), 0);
	close_checked(&fixture);
}

static void ask_for_a_turn(evutil_socket_t fd, short what, void *context)
{
	const struct control_server *server = context;

	(void)fd;
	(void)what;
	timer_arm_soon(server->portions);
}

/** Others begin something in every turn, before what goes on has its own: it goes on nevertheless. */
static void nobody_puts_it_off(void)
{
	struct fixture fixture;
	int ready = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);

	set_up(&fixture, MODE_UNAUTHENTICATED);
	struct event *others = event_new(fixture.harness.base, ready, EV_READ | EV_PERSIST,
	                                 ask_for_a_turn, fixture.harness.server);
	CU_ASSERT_PTR_NOT_NULL_FATAL(others);
	(void)event_add(others, NULL);
	send_start(&fixture);
	for (unsigned i = 0; i < 1000 && started(&fixture) < MANY; i++)
		turn(&fixture);
	CU_ASSERT_EQUAL(started(&fixture), MANY);
	event_free(others);
	(void)close(ready);
	close_checked(&fixture);
}

/** Clients with one session each do not wait for one with many, nor each for a turn of its own. */
static void short_commands_share_a_portion(void)
{
	struct fixture fixture;
	struct client others[OTHERS];
	uint8_t octets[START_SESSIONS_SIZE];

	set_up(&fixture, MODE_UNAUTHENTICATED);
	for (unsigned i = 0; i < OTHERS; i++) {
		fixture.harness.config->control.unauthenticated.sessions = 2 * MANY;
		fixture.harness.config->control.unauthenticated.sessions_per_address = 2 * MANY;
		CU_ASSERT_TRUE(client_open(&others[i], &fixture.harness, CLIENT_IPV4,
		                           MODE_UNAUTHENTICATED));
		struct request_tw_session request = client_request_template(4);
		struct accept_session answer;
		request.sender.port = (uint16_t)(SENDER_PORT + 100 + i);
		CU_ASSERT_TRUE(client_request(&others[i], &request, &answer));
		CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
	}
	fixture.harness.server->portion = 1;
	send_start(&fixture);
	for (unsigned i = 0; i < OTHERS; i++) {
		memset(octets, 0, sizeof(octets));
		start_sessions_write(octets);
		client_send(&others[i], octets, sizeof(octets));
	}
	for (unsigned i = 0; i < 1000 && TAILQ_EMPTY(&fixture.harness.server->working); i++)
		turn(&fixture);
	for (unsigned i = 0; i < 3; i++)
		turn(&fixture);
	fixture.harness.server->portion = OTHERS + 1;
	turn(&fixture);
	turn(&fixture);
	CU_ASSERT_EQUAL(started(&fixture), MANY + OTHERS);
	for (unsigned i = 0; i < OTHERS; i++)
		client_close(&others[i]);
	close_checked(&fixture);
}

/** REFWAIT ends sessions while they are being stopped, or have lost their connection. */
static void refwait_in_the_midst(void)
{
	for (unsigned what = 0; what < 2; what++) {
		struct fixture fixture;

		set_up(&fixture, MODE_UNAUTHENTICATED);
		CU_ASSERT_EQUAL(client_start(&fixture.client), ACCEPT_OK);
		fixture.harness.server->portion = 1;
		if (what == 0)
			client_stop(&fixture.client, ACCEPT_OK, MANY);
		else
			client_close(&fixture.client);
		run_into(&fixture, what == 0 ? stopped : ended);
		fixture.harness.server->timing.refwait = 0;
		struct connection *connection =
		        TAILQ_FIRST(what == 0 ? &fixture.harness.server->working
		                              : &fixture.harness.server->ending);
		CU_ASSERT_PTR_NOT_NULL_FATAL(connection);
		unsigned left = connection->session_count;
		for (unsigned i = 0; i < left; i++)
			test_session_deadline(&TAILQ_FIRST(&connection->started)->deadline);
		CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_SESSIONS_REFWAIT),
		                what == 0 ? left : 0);
		close_checked(&fixture);
	}
}

/** The SA is gone, and then its provider: sessions have keys of their own. */
static void keys_go_in_the_midst(void)
{
	struct fixture fixture;
	uint8_t reply[START_ACK_SIZE];

	set_up(&fixture, KEYED);
	fixture.harness.server->portion = 1;
	send_start(&fixture);
	client_stop(&fixture.client, ACCEPT_OK, MANY);
	run_into(&fixture, started);
	fake_provider_lose(&fixture.harness.ike);
	turn(&fixture);
	control_server_reconfigure(fixture.harness.server, fixture.harness.config, NULL, NULL);
	CU_ASSERT_TRUE(client_receive(&fixture.client, reply, sizeof(reply)));
	CU_ASSERT_EQUAL(start_ack_read(reply), ACCEPT_OK);
	for (unsigned i = 0; i < 1000 && stopped(&fixture) < MANY; i++)
		turn(&fixture);
	CU_ASSERT_EQUAL(stopped(&fixture), MANY);
	close_checked(&fixture);
}

/** What began before is finished, and what stands behind it is refused. */
static void draining_in_the_midst(void)
{
	struct fixture fixture;
	uint8_t reply[START_ACK_SIZE];
	uint8_t refused[ACCEPT_SESSION_SIZE];

	set_up(&fixture, MODE_UNAUTHENTICATED);
	fixture.harness.server->portion = 1;
	send_start(&fixture);
	client_stop(&fixture.client, ACCEPT_OK, MANY);
	send_request(&fixture.client);
	run_into(&fixture, started);
	control_server_drain(fixture.harness.server);
	CU_ASSERT_TRUE(client_receive(&fixture.client, reply, sizeof(reply)));
	CU_ASSERT_EQUAL(start_ack_read(reply), ACCEPT_OK);
	CU_ASSERT_TRUE(client_receive(&fixture.client, refused, sizeof(refused)));
	CU_ASSERT_EQUAL(refused[0], ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(stopped(&fixture), MANY);
	close_checked(&fixture);
}

/** Again and again, with clients that come in between and with each thing that can be closed. */
static void an_operator_who_insists(void)
{
	struct fixture fixture;
	struct control_closed closed;
	struct client later[OTHERS];

	set_up(&fixture, INDIVIDUAL);
	fixture.harness.server->portion = 1;
	client_send_list(&fixture.client, COMMAND_START_N_SESSIONS,
	                 (const uint8_t(*)[SID_SIZE])fixture.sids, MANY);
	run_into(&fixture, started);
	for (unsigned i = 0; i < OTHERS; i++) {
		closed = control_server_close_all(fixture.harness.server);
		client_connect(&later[i], &fixture.harness, CLIENT_IPV4);
		turn(&fixture);
		(void)control_server_close_session(fixture.harness.server, fixture.sids[i],
		                                   &closed);
		(void)control_server_close_connection(fixture.harness.server, i, &closed);
		if (i == 2)
			client_close(&fixture.client);
	}
	/* The last one came after all. */
	CU_ASSERT_EQUAL(client_set_up(&later[OTHERS - 1], MODE_UNAUTHENTICATED), ACCEPT_OK);
	for (unsigned i = 0; i < OTHERS; i++)
		client_close(&later[i]);
	close_checked(&fixture);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"commands wait their turn", commands_wait_their_turn},
	        {"a reset is no less than a stop", a_reset_is_no_less_than_a_stop},
	        {"a wrong command waits too", a_wrong_command_waits_too},
	        {"the same SID in two portions", the_same_sid_in_two_portions},
	        {"nobody puts it off", nobody_puts_it_off},
	        {"short commands share a portion", short_commands_share_a_portion},
	        {"REFWAIT in the midst", refwait_in_the_midst},
	        {"keys go in the midst", keys_go_in_the_midst},
	        {"draining in the midst", draining_in_the_midst},
	        {"an operator who insists", an_operator_who_insists},
	        CU_TEST_INFO_NULL,
	};

	/* As the appliance does. */
	(void)signal(SIGPIPE, SIG_IGN);
	return unit_run("control-portions-midst", tests);
}
