/* SPDX-License-Identifier: BSD-3-Clause */
/** What the observer of the Server hears of connections and sessions. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "control/connection.h"
#include "harness.h"
#include "unit.h"

#define LINES 16
#define LINE  256

/** Each call as a line of text, without what differs from run to run. */
struct diary {
	struct control_audit audit;
	char lines[LINES][LINE];
	unsigned count;
	struct control_audit_session session; /**< the last one */
};

static char *next_line(struct diary *diary)
{
	CU_ASSERT_FATAL(diary->count < LINES);
	return diary->lines[diary->count++];
}

static void write_connection(struct diary *diary, const char *what,
                             const struct control_audit_connection *who, const char *end)
{
	static const char *const kinds[] = {"none", "key-id", "ike-sa"};
	char client[ENDPOINT_TEXT_SIZE], local[ENDPOINT_TEXT_SIZE];

	(void)snprintf(next_line(diary), LINE, "%s %u %s %s mode %u %s '%s' '%s' %u%s", what,
	               (unsigned)who->id, endpoint_format(who->client, client),
	               endpoint_format(who->local, local), (unsigned)who->mode,
	               kinds[who->key_kind], who->key, who->identity, who->sessions, end);
}

static void on_refused(void *context, const struct control_audit_connection *who,
                       enum control_end end, const char *detail)
{
	char text[LINE / 2];

	(void)snprintf(text, sizeof(text), " %s '%s'", control_end_name(end), detail);
	write_connection(context, "refused", who, text);
}

static void on_opened(void *context, const struct control_audit_connection *who)
{
	write_connection(context, "opened", who, "");
}

static void on_closed(void *context, const struct control_audit_connection *who,
                      enum control_end end)
{
	char text[LINE / 2];

	(void)snprintf(text, sizeof(text), " %s", control_end_name(end));
	write_connection(context, "closed", who, text);
}

static void write_session(struct diary *diary, const char *what,
                          const struct control_audit_session *session, const char *end)
{
	char sender[ENDPOINT_TEXT_SIZE], reflector[ENDPOINT_TEXT_SIZE];

	diary->session = *session;
	(void)snprintf(next_line(diary), LINE, "%s %u %s %s mode %u %u/%u%s", what,
	               (unsigned)session->connection, endpoint_format(&session->sender, sender),
	               endpoint_format(&session->reflector, reflector), (unsigned)session->mode,
	               (unsigned)session->totals.received, (unsigned)session->totals.reflected,
	               end);
}

static void on_started(void *context, const struct control_audit_session *session)
{
	write_session(context, "started", session, "");
}

static void on_ended(void *context, const struct control_audit_session *session,
                     enum control_end end)
{
	char text[LINE / 2];

	(void)snprintf(text, sizeof(text), " %s", control_end_name(end));
	write_session(context, "ended", session, text);
}

/** A Server that is observed. */
static void open_observed(struct harness *harness, struct diary *diary)
{
	memset(diary, 0, sizeof(*diary));
	diary->audit = (struct control_audit){.context = diary,
	                                      .refused = on_refused,
	                                      .opened = on_opened,
	                                      .closed = on_closed,
	                                      .session_started = on_started,
	                                      .session_ended = on_ended};
	harness_open(harness);
	harness->audit = &diary->audit;
}

#define EXPECT(diary, number, text) CU_ASSERT_STRING_EQUAL((diary)->lines[number], text)

static void a_session_is_told_from_start_to_end(void)
{
	struct harness harness;
	struct diary diary;
	struct client client;
	struct accept_session answer;
	struct request_tw_session request = client_request_template(4);

	open_observed(&harness, &diary);
	harness_start(&harness);
	uint64_t before = server_now(harness.server);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	CU_ASSERT_TRUE(client_request(&client, &request, &answer));
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	struct core_session *session =
	        harness_find(&harness, CLIENT_IPV4, SENDER_PORT, OUR_IPV4, RECEIVER_PORT);
	CU_ASSERT_PTR_NOT_NULL_FATAL(session);
	session->reflected = 7;
	session->not_reflected = 2;
	client_stop(&client, ACCEPT_OK, 1);
	CU_ASSERT_TRUE(harness_wait_counter(&harness, CONTROL_SESSIONS_STOPPED, 1));
	uint64_t stopped = server_now(harness.server);
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	/* Packets in transit still count. */
	session->reflected++;
	test_session_end(TAILQ_FIRST(&harness.server->stopped), CONTROL_END_STOPPED);

	CU_ASSERT_EQUAL_FATAL(diary.count, 4);
	EXPECT(&diary, 0, "opened 1 192.0.2.1:40000 192.0.2.2:862 mode 4 key-id 'key' '' 0");
	EXPECT(&diary, 1, "started 1 192.0.2.1:30000 192.0.2.2:20000 mode 2 0/0");
	EXPECT(&diary, 2,
	       "closed 1 192.0.2.1:40000 192.0.2.2:862 mode 4 key-id 'key' '' 0 "
	       "connection-closed");
	EXPECT(&diary, 3, "ended 1 192.0.2.1:30000 192.0.2.2:20000 mode 2 10/8 stopped");
	CU_ASSERT_EQUAL(memcmp(diary.session.sid, answer.sid, SID_SIZE), 0);
	CU_ASSERT_TRUE(diary.session.accepted >= before &&
	               diary.session.accepted <= diary.session.started);
	CU_ASSERT_TRUE(diary.session.started <= diary.session.ended &&
	               diary.session.ended <= stopped);
	harness_close(&harness);
	CU_ASSERT_EQUAL(diary.count, 4);
}

static void who_an_ike_peer_is(void)
{
	struct harness harness;
	struct diary diary;
	struct client client;

	open_observed(&harness, &diary);
	(void)strcpy(harness.ike.secret.identity, "probe@example.net");
	harness.ike.how = FAKE_LATER;
	harness_start(&harness);
	client_connect(&client, &harness, CLIENT_IPV6);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	client_send_set_up(&client, MODE_MIXED | MODE_IKEV2_DERIVED, NULL,
	                   harness.ike.secret.octets, harness.ike.secret.size);
	while (harness.ike.asked == 0)
		harness_run(&harness, 1);
	fake_provider_answer(&harness.ike, 0);
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE_MIXED | MODE_IKEV2_DERIVED), 0);
	CU_ASSERT_EQUAL_FATAL(diary.count, 1);
	EXPECT(&diary, 0,
	       "opened 1 [2001:db8::1]:40000 [2001:db8::2]:862 mode 136 ike-sa "
	       "'5350492d696e6974/5350492d72657370' 'probe@example.net' 0");
	client_close(&client);
	harness_close(&harness);
}

static void refused_with_what_key(void)
{
	struct harness harness;
	struct diary diary;
	struct client client;

	open_observed(&harness, &diary);
	harness.config->control.half_open = 1;
	harness.config->control.modes = MODE_AUTHENTICATED;
	harness_start(&harness);
	for (unsigned i = 0; i < 2; i++) {
		client_connect(&client, &harness, CLIENT_IPV4);
		CU_ASSERT_TRUE(client_read_greeting(&client));
		client_send_set_up(&client, MODE_AUTHENTICATED, i == 0 ? "guess" : "key", "wrong",
		                   5);
		CU_ASSERT_EQUAL(client_read_server_start(&client, MODE_AUTHENTICATED),
		                ACCEPT_FAILURE);
		client_close(&client);
		CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	}
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	client_send_set_up(&client, MODE_UNAUTHENTICATED, NULL, "", 0);
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE_UNAUTHENTICATED),
	                ACCEPT_NOT_SUPPORTED);
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	struct client second;
	client_connect(&second, &harness, CLIENT_IPV4);
	client_close(&client);
	client_close(&second);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));

#define FROM "192.0.2.1:40000 192.0.2.2:862 "
	CU_ASSERT_EQUAL_FATAL(diary.count, 5);
	EXPECT(&diary, 0, "refused 1 " FROM "mode 2 key-id 'guess' '' 0 key-unknown ''");
	EXPECT(&diary, 1, "refused 2 " FROM "mode 2 key-id 'key' '' 0 token-wrong ''");
	EXPECT(&diary, 2, "refused 3 " FROM "mode 0 none '' '' 0 mode-refused ''");
	EXPECT(&diary, 3, "refused 4 " FROM "mode 0 none '' '' 0 limit ''");
	EXPECT(&diary, 4, "refused 5 " FROM "mode 0 none '' '' 0 connection-closed ''");
	harness_close(&harness);
}

static void refused_at_once(void)
{
	struct harness harness;
	struct diary diary;
	struct client client, second;

	open_observed(&harness, &diary);
	harness.config->control.unauthenticated.connections = 1;
	harness.config->control.unauthenticated.connections_per_address = 1;
	harness.config->control.keyed.connections = 0;
	harness.config->control.keyed.connections_per_address = 0;
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	client_connect(&second, &harness, CLIENT_IPV4);
	CU_ASSERT_EQUAL_FATAL(diary.count, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(diary.lines[1], "refused 0 " FROM));
	CU_ASSERT_PTR_NOT_NULL(strstr(diary.lines[1], " limit '"));
	client_close(&second);
	client_close(&client);
	harness_close(&harness);
}

static void sessions_end_with_their_connection(void)
{
	static const enum control_end ends[] = {CONTROL_END_OPERATOR, CONTROL_END_SHUT_DOWN,
	                                        CONTROL_END_PROTOCOL_ERROR};

	for (unsigned i = 0; i < 3; i++) {
		struct harness harness;
		struct diary diary;
		struct client client;
		uint8_t octets[STOP_SESSIONS_SIZE];
		const struct stop_sessions wrong = {.sessions = 5};
		char text[64];

		open_observed(&harness, &diary);
		harness_start(&harness);
		CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_AUTHENTICATED));
		CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
		CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
		if (ends[i] == CONTROL_END_OPERATOR) {
			connection_close(TAILQ_FIRST(&harness.server->connections), ends[i]);
		} else if (ends[i] == CONTROL_END_PROTOCOL_ERROR) {
			memset(octets, 0, sizeof(octets));
			stop_sessions_write(octets, &wrong);
			client_send(&client, octets, sizeof(octets));
			CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
		}
		client_close(&client);
		harness_close(&harness);
		CU_ASSERT_EQUAL_FATAL(diary.count, 4);
		(void)snprintf(text, sizeof(text), "' '' 1 %s", control_end_name(ends[i]));
		CU_ASSERT_PTR_NOT_NULL(strstr(diary.lines[2], text));
		(void)snprintf(text, sizeof(text), " mode 1 0/0 %s", control_end_name(ends[i]));
		CU_ASSERT_PTR_NOT_NULL(strstr(diary.lines[3], text));
		CU_ASSERT_NOT_EQUAL(diary.session.ended, 0);
	}
}

static void a_session_that_never_started(void)
{
	struct harness harness;
	struct diary diary;
	struct client client;

	open_observed(&harness, &diary);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL_FATAL(diary.count, 3);
	EXPECT(&diary, 2, "ended 1 192.0.2.1:30000 192.0.2.2:20000 mode 0 0/0 connection-closed");
	CU_ASSERT_EQUAL(diary.session.started, 0);
	CU_ASSERT_NOT_EQUAL(diary.session.accepted, 0);
	harness_close(&harness);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a session is told from start to end", a_session_is_told_from_start_to_end},
	        {"who an IKE peer is", who_an_ike_peer_is},
	        {"refused, with what key", refused_with_what_key},
	        {"refused at once", refused_at_once},
	        {"sessions end with their connection", sessions_end_with_their_connection},
	        {"a session that never started", a_session_that_never_started},
	        CU_TEST_INFO_NULL};
	return unit_run("control-audit", tests);
}
