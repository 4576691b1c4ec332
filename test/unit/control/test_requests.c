/* SPDX-License-Identifier: BSD-3-Clause */
/** Request-TW-Session through a whole Server: RFC 5357 section 3.5, RFC 6038 section 4, limits, and what an accepted session becomes. */
#include <string.h>

#include "base/bytes.h"
#include "control/test_session.h"
#include "harness.h"
#include "unit.h"

static const uint8_t zeros[SID_SIZE];

/** The published session of the first request by the template. */
static struct core_session *lab_session(const struct harness *harness)
{
	return harness_find(harness, CLIENT_IPV4, SENDER_PORT, OUR_IPV4, RECEIVER_PORT);
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
		CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
		session = lab_session(&harness);
		CU_ASSERT_PTR_NOT_NULL_FATAL(session);
		CU_ASSERT_EQUAL(session->mode, cases[i].test);
		CU_ASSERT_EQUAL(session->keys != NULL, cases[i].test != TEST_UNAUTHENTICATED);
		CU_ASSERT_EQUAL(session->reflect_until_tsc, REFLECT_NOT_STARTED);
		CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
		CU_ASSERT_EQUAL(session->reflect_until_tsc, REFLECT_NO_DEADLINE);
		uint64_t before = tsc_now();
		client_stop(&client, ACCEPT_OK, 1);
		CU_ASSERT_TRUE(harness_wait_counter(&harness, CONTROL_SESSIONS_STOPPED, i + 1));
		/* The Timeout asked for is one second, the harness's TSC one of 1 GHz. */
		CU_ASSERT_TRUE(session->reflect_until_tsc >= before + 1000000000 &&
		               session->reflect_until_tsc <= tsc_now() + 1000000000);
		client_close(&client);
		CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
		/* Timeout is not over: packets in transit still find it. */
		CU_ASSERT_PTR_NOT_NULL(lab_session(&harness));
		test_session_end(TAILQ_FIRST(&harness.server->stopped), CONTROL_END_STOPPED);
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
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
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
	CU_ASSERT_EQUAL(client_request_accept(&first), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&first), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&first), ACCEPT_PERMANENT_LIMIT);
	CU_ASSERT_EQUAL(client_request_accept(&second), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&second), ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(client_request_accept(&keyed), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_REFUSED_PERMANENT), 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SESSIONS_REFUSED_TEMPORARY), 1);
	client_close(&first);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 2));
	CU_ASSERT_EQUAL(client_request_accept(&second), ACCEPT_OK);
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
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_TEMPORARY_LIMIT);
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
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-requests", tests);
}
