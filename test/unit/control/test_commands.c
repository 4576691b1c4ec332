/* SPDX-License-Identifier: BSD-3-Clause */
/** Commands through a whole Server: RFC 5357 sections 3.4 to 3.8, RFC 6038 section 4, and the timeouts SERVWAIT, REFWAIT, Timeout. */
#include <event2/event.h>
#include <string.h>
#include <sys/time.h>

#include "base/bytes.h"
#include "control/connection.h"
#include "harness.h"
#include "unit.h"

static const uint8_t zeros[SID_SIZE];

#define RECEIVER_PORT 20000

static struct core_session *lab_session(const struct harness *harness)
{
	return harness_find(harness, CLIENT_IPV4, SENDER_PORT, OUR_IPV4, RECEIVER_PORT);
}

/** Requests by the template; the Accept, or -1. */
static int request(struct client *client)
{
	const struct request_tw_session message = client_request_template(4);
	struct accept_session answer;

	return client_request(client, &message, &answer) ? answer.accept : -1;
}

/** Runs until the registry has that many sessions. */
static bool wait_sessions(struct harness *harness, unsigned sessions)
{
	for (unsigned i = 0; i < 500 && session_registry_count(harness->sessions) != sessions; i++)
		harness_run(harness, 1);
	return session_registry_count(harness->sessions) == sessions;
}

/** Runs until a counter has that value. */
static bool wait_counter(struct harness *harness, enum control_counter counter, uint64_t value)
{
	for (unsigned i = 0; i < 500 && harness_counter(harness, counter) != value; i++)
		harness_run(harness, 1);
	return harness_counter(harness, counter) == value;
}

static void a_session_lives_in_every_mode(void)
{
	static const struct {
		uint32_t mode;
		enum test_mode test;
	} cases[] = {
	        {MODE_UNAUTHENTICATED, TEST_UNAUTHENTICATED},
	        {MODE_AUTHENTICATED, TEST_AUTHENTICATED},
	        {MODE_ENCRYPTED, TEST_ENCRYPTED},
	        {MODE_MIXED, TEST_UNAUTHENTICATED},
	        {MODE_AUTHENTICATED | MODE_IKEV2_DERIVED, TEST_AUTHENTICATED},
	        {MODE_ENCRYPTED | MODE_IKEV2_DERIVED, TEST_ENCRYPTED},
	        {MODE_MIXED | MODE_IKEV2_DERIVED, TEST_UNAUTHENTICATED},
	};
	struct harness harness;

	harness_open(&harness);
	harness_start(&harness);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client;
		struct core_session *session;

		CU_ASSERT_TRUE_FATAL(client_open(&client, &harness, CLIENT_IPV4, cases[i].mode));
		CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
		session = lab_session(&harness);
		CU_ASSERT_PTR_NOT_NULL_FATAL(session);
		CU_ASSERT_EQUAL(session->mode, cases[i].test);
		CU_ASSERT_EQUAL(session->keys != NULL, cases[i].test != TEST_UNAUTHENTICATED);
		CU_ASSERT_EQUAL(session->reflect_until_tsc, REFLECT_NOT_STARTED);
		CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
		CU_ASSERT_EQUAL(session->reflect_until_tsc, REFLECT_NO_DEADLINE);
		uint64_t before = tsc_now();
		client_stop(&client, ACCEPT_OK, 1);
		CU_ASSERT_TRUE(wait_counter(&harness, CONTROL_SESSIONS_STOPPED, i + 1));
		/* The Timeout asked for is one second, the harness's TSC one of 1 GHz. */
		CU_ASSERT_TRUE(session->reflect_until_tsc >= before + 1000000000 &&
		               session->reflect_until_tsc <= tsc_now() + 1000000000);
		client_close(&client);
		CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
		/* Timeout is not over: packets in transit still find it. */
		CU_ASSERT_PTR_NOT_NULL(lab_session(&harness));
		test_session_end(LIST_FIRST(&harness.server->stopped));
	}
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_STARTED), 7);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_STOPPED), 7);
	harness_close(&harness);
}

static void sids_are_unique_and_made_of_our_ipv4(void)
{
	struct harness harness;
	struct client client;
	struct request_tw_session message = client_request_template(6);
	struct accept_session answers[4];
	static const uint8_t our_ipv4[4] = {192, 0, 2, 2};

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV6, MODE_UNAUTHENTICATED));
	for (unsigned i = 0; i < 4; i++) {
		CU_ASSERT_TRUE(client_request(&client, &message, &answers[i]));
		CU_ASSERT_EQUAL(answers[i].accept, ACCEPT_OK);
		CU_ASSERT_EQUAL(memcmp(answers[i].sid, our_ipv4, sizeof(our_ipv4)), 0);
		CU_ASSERT_TRUE(i == 0 ||
		               load_be64(answers[i].sid + 4) > load_be64(answers[i - 1].sid + 4));
		/* The same request again finds its flow busy: the next port is suggested. */
		CU_ASSERT_EQUAL(answers[i].port, RECEIVER_PORT + i);
	}
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_PORT_SUGGESTED), 3);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_ACCEPTED), 4);
	client_close(&client);
	harness_close(&harness);
}

static void without_an_ipv4_address_the_sid_has_the_end_of_our_ipv6(void)
{
	struct harness harness;
	struct client client;
	struct request_tw_session message = client_request_template(6);
	struct accept_session answer;
	static const uint8_t end_of_ipv6[4] = {0, 0, 0, 2};

	harness_open(&harness);
	harness.config->ports[0].addresses[0] = harness.config->ports[0].addresses[1];
	harness.config->ports[0].address_count = 1;
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV6, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(client_request(&client, &message, &answer));
	CU_ASSERT_EQUAL(memcmp(answer.sid, end_of_ipv6, sizeof(end_of_ipv6)), 0);
	client_close(&client);
	harness_close(&harness);
}

static void a_refusal_has_neither_port_nor_sid(void)
{
	struct harness harness;
	struct client client;
	struct request_tw_session message = client_request_template(4);
	struct accept_session answer;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	message.conf_receiver = 1;
	message.octets_to_reflect = 0x1234;
	CU_ASSERT_TRUE(client_request(&client, &message, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(answer.port, 0);
	CU_ASSERT_EQUAL(memcmp(answer.sid, zeros, SID_SIZE), 0);
	message = client_request_template(4);
	message.ip_version = 5;
	CU_ASSERT_TRUE(client_request(&client, &message, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_NOT_SUPPORTED);
	message = client_request_template(4);
	(void)address_parse("203.0.113.9", &message.receiver.address);
	CU_ASSERT_TRUE(client_request(&client, &message, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_FOREIGN_ADDRESS), 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_UNSUPPORTED), 3);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 0);
	/* The connection goes on. */
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	client_close(&client);
	harness_close(&harness);
}

static void limits_of_sessions(void)
{
	struct harness harness;
	struct client first;
	struct client second;
	struct client keyed;

	harness_open(&harness);
	harness.config->control.unauthenticated.sessions_per_connection = 2;
	harness.config->control.unauthenticated.sessions_per_address = 3;
	harness.config->control.unauthenticated.sessions = 4;
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&first, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(client_open(&second, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(client_open(&keyed, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	CU_ASSERT_EQUAL(request(&first), ACCEPT_OK);
	CU_ASSERT_EQUAL(request(&first), ACCEPT_OK);
	CU_ASSERT_EQUAL(request(&first), ACCEPT_PERMANENT_LIMIT);
	CU_ASSERT_EQUAL(request(&second), ACCEPT_OK);
	CU_ASSERT_EQUAL(request(&second), ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(request(&keyed), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_REFUSED_PERMANENT), 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_REFUSED_TEMPORARY), 1);
	client_close(&first);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 2));
	CU_ASSERT_EQUAL(request(&second), ACCEPT_OK);
	client_close(&second);
	client_close(&keyed);
	harness_close(&harness);
}

static void no_free_port_is_temporary(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->test.port_upper = harness.config->test.port_lower + 1;
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(request(&client), ACCEPT_TEMPORARY_LIMIT);
	client_close(&client);
	harness_close(&harness);
}

static void reflected_octets_are_those_asked_for(void)
{
	struct harness harness;
	struct client client;
	struct request_tw_session message = client_request_template(4);
	struct accept_session answer;

	harness_open(&harness);
	harness_start(&harness);
	message.octets_to_reflect = 0xbeef;
	message.padding_length = 27 + 8;
	message.padding_to_reflect_length = 8;
	message.type_p = type_p_from_dscp(46);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4,
	                           MODE_UNAUTHENTICATED | MODE_REFLECT_OCTETS));
	CU_ASSERT_TRUE(client_request(&client, &message, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
	CU_ASSERT_EQUAL(answer.reflected_octets, 0xbeef);
	CU_ASSERT_EQUAL(answer.server_octets, 0);
	CU_ASSERT_EQUAL(lab_session(&harness)->padding_to_reflect_length, 8);
	CU_ASSERT_EQUAL(lab_session(&harness)->traffic_class, 46 << 2);
	message.padding_length--;
	CU_ASSERT_TRUE(client_request(&client, &message, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_NOT_SUPPORTED);
	client_close(&client);
	/* Without the mode the field is MBZ, and ignored. */
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(client_request(&client, &message, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
	CU_ASSERT_EQUAL(answer.reflected_octets, 0);
	client_close(&client);
	harness_close(&harness);
}

static void only_stop_is_available_while_measuring(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_AUTHENTICATED));
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(request(&client), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_NOT_SUPPORTED);
	client_stop(&client, ACCEPT_FAILURE, 2);
	/* A new round on the same connection. */
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 1);
	client_stop(&client, ACCEPT_OK, 0);
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
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
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 2);
	CU_ASSERT_TRUE(client_sees_end(&client));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_STOP_COUNT_MISMATCH), 1);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 0);
	client_close(&client);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 1); /* accepted, but never started */
	CU_ASSERT_TRUE(client_sees_end(&client));
	client_close(&client);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 0);
	CU_ASSERT_TRUE(client_sees_end(&client));
	client_close(&client);
	/* What has been stopped once is not counted again. */
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 1);
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_stop(&client, ACCEPT_OK, 2);
	CU_ASSERT_TRUE(client_sees_end(&client));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_STOP_COUNT_MISMATCH), 4);
	client_close(&client);
	harness_close(&harness);
}

/** Sessions that the registry refuses give their places back. */
static void a_full_registry_is_temporary(void)
{
	struct harness harness;
	struct client client;
	struct request_tw_session message = client_request_template(4);
	struct accept_session answer;
	struct config_limits *limits;
	unsigned accepted = 0;

	harness_open(&harness);
	limits = &harness.config->control.unauthenticated;
	limits->sessions = limits->sessions_per_address = limits->sessions_per_connection = 10000;
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	while (client_request(&client, &message, &answer) && answer.accept == ACCEPT_OK &&
	       accepted < 10000) {
		accepted++;
		message.sender.port++;
	}
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), accepted);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_REFUSED_TEMPORARY), 1);
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL(limits_addresses(harness.server->limits), 0);
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
	CU_ASSERT_TRUE(wait_counter(&harness, CONTROL_SESSIONS_STOPPED, 1));
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 1);
	CU_ASSERT_EQUAL(limits_addresses(harness.server->limits), 1);
	CU_ASSERT_TRUE(wait_sessions(&harness, 0));
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
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
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
		CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
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
	harness.server->timing.servwait = 40;
	CU_ASSERT_TRUE(client_open(&idle, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(client_open(&measuring, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(request(&measuring), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&measuring), ACCEPT_OK);
	CU_ASSERT_TRUE(client_sees_end(&idle));
	CU_ASSERT_TRUE(client_sees_nothing(&measuring, 80));
	client_stop(&measuring, ACCEPT_OK, 1);
	CU_ASSERT_TRUE(client_sees_end(&measuring));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_CONNECTIONS_SERVWAIT), 2);
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
	harness.server->timing.servwait = 100;
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	/* The first session has received a packet, in a future that REFWAIT does not reach; the second has none. */
	core = harness_find(&harness, CLIENT_IPV4, SENDER_PORT, OUR_IPV4, RECEIVER_PORT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(core);
	core->last_received_tsc = UINT64_MAX;
	CU_ASSERT_TRUE(wait_sessions(&harness, 1));
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
	struct timeval now;
	struct timeval end;

	harness_open(&harness);
	harness_start(&harness);
	harness.server->timing.refwait = 2000;
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	struct connection *connection = LIST_FIRST(&harness.server->connections);
	struct event *timer = LIST_FIRST(&connection->sessions)->timer;
	struct core_session *core =
	        harness_find(&harness, CLIENT_IPV4, SENDER_PORT, OUR_IPV4, RECEIVER_PORT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(core);
	core->last_received_tsc = tsc_now() - harness.server->environment.tsc_hz;
	/* As if its time had come. */
	event_active(timer, EV_TIMEOUT, 0);
	(void)event_base_loop(harness.base, EVLOOP_NONBLOCK);
	CU_ASSERT_TRUE_FATAL(event_pending(timer, EV_TIMEOUT, &end) != 0);
	(void)gettimeofday(&now, NULL);
	CU_ASSERT_TRUE((double)(end.tv_sec - now.tv_sec) +
	                       (double)(end.tv_usec - now.tv_usec) / 1e6 <
	               1.5);
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
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	CU_ASSERT_TRUE(wait_sessions(&harness, 0));
	client_stop(&client, ACCEPT_OK, 1);
	CU_ASSERT_EQUAL(request(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_STOP_COUNT_MISMATCH), 0);
	client_close(&client);
	harness_close(&harness);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a session lives in every mode", a_session_lives_in_every_mode},
	        {"SIDs are unique and made of our IPv4", sids_are_unique_and_made_of_our_ipv4},
	        {"without an IPv4 address the SID has the end of our IPv6",
	         without_an_ipv4_address_the_sid_has_the_end_of_our_ipv6},
	        {"a refusal has neither Port nor SID", a_refusal_has_neither_port_nor_sid},
	        {"limits of sessions", limits_of_sessions},
	        {"a full registry is temporary", a_full_registry_is_temporary},
	        {"no free port is temporary", no_free_port_is_temporary},
	        {"reflected octets are those asked for", reflected_octets_are_those_asked_for},
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
