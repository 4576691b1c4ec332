/* SPDX-License-Identifier: BSD-3-Clause */
/** Individual Session Control: RFC 5938 section 3. */
#include <string.h>

#include "harness.h"
#include "unit.h"

#define SESSIONS 4

static const uint8_t no_such_sid[SID_SIZE] = "no session's SID";

/** Four accepted sessions of one connection. */
struct fixture {
	struct harness harness;
	struct client client;
	uint8_t sids[SESSIONS][SID_SIZE];
};

static void set_up(struct fixture *fixture, uint32_t mode)
{
	struct request_tw_session message = client_request_template(4);
	struct accept_session answer;

	harness_open(&fixture->harness);
	harness_start(&fixture->harness);
	CU_ASSERT_TRUE_FATAL(client_open(&fixture->client, &fixture->harness, CLIENT_IPV4,
	                                 mode | MODE_INDIVIDUAL_SESSION_CONTROL));
	for (unsigned i = 0; i < SESSIONS; i++) {
		CU_ASSERT_TRUE(client_request(&fixture->client, &message, &answer));
		CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
		memcpy(fixture->sids[i], answer.sid, SID_SIZE);
	}
}

static void tear_down(struct fixture *fixture)
{
	client_close(&fixture->client);
	harness_close(&fixture->harness);
}

static uint64_t deadline(const struct fixture *fixture, unsigned index)
{
	const struct core_session *core = harness_find(&fixture->harness, CLIENT_IPV4, SENDER_PORT,
	                                               OUR_IPV4, (uint16_t)(20000 + index));

	return core == NULL ? 0 : core->reflect_until_tsc;
}

/** Reads an acknowledgement and checks it against what is expected. */
static void expect_ack(struct fixture *fixture, uint8_t command, uint8_t accept,
                       const uint8_t (*sids)[SID_SIZE], uint32_t count)
{
	uint8_t got[8][SID_SIZE];
	struct session_list header;

	CU_ASSERT_TRUE_FATAL(client_read_list(&fixture->client, &header, got, 8));
	CU_ASSERT_EQUAL(header.command, command);
	CU_ASSERT_EQUAL(header.accept, accept);
	CU_ASSERT_EQUAL_FATAL(header.sessions, count);
	CU_ASSERT_EQUAL(memcmp(got, sids, (size_t)count * SID_SIZE), 0);
}

static const uint8_t (*constant(uint8_t (*sids)[SID_SIZE]))[SID_SIZE]
{
	return (const uint8_t(*)[SID_SIZE])sids;
}

static void sessions_start_and_stop_one_by_one(void)
{
	static const uint32_t modes[] = {MODE_UNAUTHENTICATED, MODE_ENCRYPTED};

	for (unsigned m = 0; m < 2; m++) {
		struct fixture fixture;

		set_up(&fixture, modes[m]);
		client_send_list(&fixture.client, COMMAND_START_N_SESSIONS,
		                 constant(fixture.sids + 1), 2);
		expect_ack(&fixture, COMMAND_START_N_ACK, ACCEPT_OK, constant(fixture.sids + 1), 2);
		CU_ASSERT_EQUAL(deadline(&fixture, 0), REFLECT_NOT_STARTED);
		CU_ASSERT_EQUAL(deadline(&fixture, 1), REFLECT_NO_DEADLINE);
		CU_ASSERT_EQUAL(deadline(&fixture, 2), REFLECT_NO_DEADLINE);
		client_send_list(&fixture.client, COMMAND_STOP_N_SESSIONS,
		                 constant(fixture.sids + 2), 1);
		expect_ack(&fixture, COMMAND_STOP_N_ACK, ACCEPT_OK, constant(fixture.sids + 2), 1);
		CU_ASSERT_EQUAL(deadline(&fixture, 1), REFLECT_NO_DEADLINE);
		CU_ASSERT_TRUE(deadline(&fixture, 2) != REFLECT_NOT_STARTED &&
		               deadline(&fixture, 2) != REFLECT_NO_DEADLINE);
		tear_down(&fixture);
	}
}

static void one_command_may_be_answered_by_two_acknowledgements(void)
{
	struct fixture fixture;
	uint8_t asked[5][SID_SIZE];
	uint8_t failed[2][SID_SIZE];

	set_up(&fixture, MODE_AUTHENTICATED);
	/* Known, unknown, known, the first again, known. */
	memcpy(asked[0], fixture.sids[0], SID_SIZE);
	memcpy(asked[1], no_such_sid, SID_SIZE);
	memcpy(asked[2], fixture.sids[1], SID_SIZE);
	memcpy(asked[3], fixture.sids[0], SID_SIZE);
	memcpy(asked[4], fixture.sids[2], SID_SIZE);
	memcpy(failed[0], no_such_sid, SID_SIZE);
	memcpy(failed[1], fixture.sids[0], SID_SIZE);
	client_send_list(&fixture.client, COMMAND_START_N_SESSIONS, constant(asked), 5);
	expect_ack(&fixture, COMMAND_START_N_ACK, ACCEPT_OK, constant(fixture.sids), 3);
	expect_ack(&fixture, COMMAND_START_N_ACK, ACCEPT_FAILURE, constant(failed), 2);
	client_send_list(&fixture.client, COMMAND_STOP_N_SESSIONS, constant(asked), 5);
	expect_ack(&fixture, COMMAND_STOP_N_ACK, ACCEPT_OK, constant(fixture.sids), 3);
	expect_ack(&fixture, COMMAND_STOP_N_ACK, ACCEPT_FAILURE, constant(failed), 2);
	CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_SESSIONS_STARTED), 3);
	CU_ASSERT_EQUAL(harness_counter(&fixture.harness, CONTROL_SESSIONS_STOPPED), 3);
	/* Nothing but failures: one acknowledgement. */
	client_send_list(&fixture.client, COMMAND_STOP_N_SESSIONS, constant(failed), 2);
	expect_ack(&fixture, COMMAND_STOP_N_ACK, ACCEPT_FAILURE, constant(failed), 2);
	tear_down(&fixture);
}

static void sessions_of_others_can_not_be_touched(void)
{
	struct fixture fixture;
	struct client other;
	uint8_t got[1][SID_SIZE];
	struct session_list header;

	set_up(&fixture, MODE_UNAUTHENTICATED);
	CU_ASSERT_TRUE(client_open(&other, &fixture.harness, CLIENT_IPV4,
	                           MODE_UNAUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL));
	client_send_list(&other, COMMAND_STOP_N_SESSIONS, constant(fixture.sids), 1);
	CU_ASSERT_TRUE(client_read_list(&other, &header, got, 1));
	CU_ASSERT_EQUAL(header.accept, ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(session_registry_count(fixture.harness.sessions), SESSIONS);
	client_close(&other);
	tear_down(&fixture);
}

static void requests_are_welcome_while_measuring(void)
{
	struct fixture fixture;
	struct request_tw_session message = client_request_template(4);
	struct accept_session answer;

	set_up(&fixture, MODE_MIXED);
	client_send_list(&fixture.client, COMMAND_START_N_SESSIONS, constant(fixture.sids), 1);
	expect_ack(&fixture, COMMAND_START_N_ACK, ACCEPT_OK, constant(fixture.sids), 1);
	CU_ASSERT_TRUE(client_request(&fixture.client, &message, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
	tear_down(&fixture);
}

static void a_session_may_be_stopped_before_it_starts(void)
{
	struct fixture fixture;

	set_up(&fixture, MODE_UNAUTHENTICATED);
	client_send_list(&fixture.client, COMMAND_STOP_N_SESSIONS, constant(fixture.sids), 1);
	expect_ack(&fixture, COMMAND_STOP_N_ACK, ACCEPT_OK, constant(fixture.sids), 1);
	CU_ASSERT_EQUAL(session_registry_count(fixture.harness.sessions), SESSIONS - 1);
	tear_down(&fixture);
}

static void classic_start_and_stop_are_unexpected(void)
{
	struct fixture fixture;

	set_up(&fixture, MODE_ENCRYPTED);
	CU_ASSERT_EQUAL(client_command(&fixture.client, COMMAND_START_SESSIONS),
	                ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(client_command(&fixture.client, COMMAND_STOP_SESSIONS),
	                ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(client_command(&fixture.client, COMMAND_START_N_ACK), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(client_command(&fixture.client, COMMAND_STOP_N_ACK), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(deadline(&fixture, 0), REFLECT_NOT_STARTED);
	tear_down(&fixture);
}

/** True when a list that claims that many sessions ends the connection. */
static bool closes(uint32_t sessions)
{
	struct fixture fixture;
	const struct session_list header = {.command = COMMAND_START_N_SESSIONS,
	                                    .sessions = sessions};
	uint8_t octets[SESSION_LIST_SIZE(0)] = {0};
	bool closed;

	set_up(&fixture, MODE_ENCRYPTED);
	session_list_write(octets, &header);
	client_send(&fixture.client, octets, sizeof(octets));
	closed = client_sees_end(&fixture.client);
	tear_down(&fixture);
	return closed;
}

static void numbers_of_sessions_have_bounds(void)
{
	CU_ASSERT_TRUE(closes(0));
	CU_ASSERT_TRUE(closes(9)); /* a connection may have eight */
	CU_ASSERT_TRUE(closes(UINT32_MAX));
}

static void servwait_waits_for_the_last_session(void)
{
	struct fixture fixture;

	set_up(&fixture, MODE_UNAUTHENTICATED);
	fixture.harness.server->timing.servwait = 30;
	client_send_list(&fixture.client, COMMAND_START_N_SESSIONS, constant(fixture.sids), 2);
	expect_ack(&fixture, COMMAND_START_N_ACK, ACCEPT_OK, constant(fixture.sids), 2);
	client_send_list(&fixture.client, COMMAND_STOP_N_SESSIONS, constant(fixture.sids), 1);
	expect_ack(&fixture, COMMAND_STOP_N_ACK, ACCEPT_OK, constant(fixture.sids), 1);
	CU_ASSERT_TRUE(client_sees_nothing(&fixture.client, 60));
	client_send_list(&fixture.client, COMMAND_STOP_N_SESSIONS, constant(fixture.sids + 1), 1);
	expect_ack(&fixture, COMMAND_STOP_N_ACK, ACCEPT_OK, constant(fixture.sids + 1), 1);
	CU_ASSERT_TRUE(client_sees_end(&fixture.client));
	tear_down(&fixture);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"sessions start and stop one by one", sessions_start_and_stop_one_by_one},
	        {"one command may be answered by two acknowledgements",
	         one_command_may_be_answered_by_two_acknowledgements},
	        {"sessions of others can not be touched", sessions_of_others_can_not_be_touched},
	        {"requests are welcome while measuring", requests_are_welcome_while_measuring},
	        {"a session may be stopped before it starts",
	         a_session_may_be_stopped_before_it_starts},
	        {"classic Start and Stop are unexpected", classic_start_and_stop_are_unexpected},
	        {"numbers of sessions have bounds", numbers_of_sessions_have_bounds},
	        {"SERVWAIT waits for the last session", servwait_waits_for_the_last_session},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-individual", tests);
}
