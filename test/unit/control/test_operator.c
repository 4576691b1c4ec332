/* SPDX-License-Identifier: BSD-3-Clause */
/** What an operator does to a running Server: another configuration and other keys, draining, closing. */
#include <stdlib.h>
#include <string.h>

#include "control/control_operator.h"
#include "control/control_status.h"
#include "harness.h"
#include "unit.h"

#define NEW_PASSPHRASE "another passphrase"
/** PBKDF2 iterations that take many turns of the event loop. */
#define SLOW_COUNT (1u << 16)

static struct key_provider *parse_keys(const char *text)
{
	struct key_provider *provider = NULL;

	CU_ASSERT_EQUAL(psk_file_parse("psk.yaml", text, strlen(text), &provider, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(provider);
	return provider;
}

/** Greeting to Server-Start with a KeyID and a passphrase: the Accept, or -1. */
static int set_up_with(struct harness *harness, struct client *client, const char *key_id,
                       const char *passphrase)
{
	client_connect(client, harness, CLIENT_IPV4);
	if (!client_read_greeting(client))
		return -1;
	client_send_set_up(client, MODE_ENCRYPTED, key_id, passphrase, strlen(passphrase));
	return client_read_server_start(client, MODE_ENCRYPTED);
}

static int accept_of(struct harness *harness, const char *key_id, const char *passphrase)
{
	struct client client;
	int accept = set_up_with(harness, &client, key_id, passphrase);

	client_close(&client);
	return accept;
}

static void reconfigure(struct harness *harness, struct key_provider *psk)
{
	control_server_reconfigure(harness->server, harness->config, psk, &harness->ike.base);
}

static void keys_change_and_sessions_go_on(void)
{
	struct key_provider *first = parse_keys("keys: [{key-id: key, secret-key: a passphrase}, "
	                                        "{key-id: other, secret-key: stays as it is}]\n");
	struct key_provider *second =
	        parse_keys("keys: [{key-id: key, secret-key: another passphrase}, "
	                   "{key-id: other, secret-key: stays as it is}]\n");
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	reconfigure(&harness, first);
	CU_ASSERT_EQUAL(set_up_with(&harness, &client, "key", PASSPHRASE), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(accept_of(&harness, "other", "stays as it is"), ACCEPT_OK);

	reconfigure(&harness, second);
	key_provider_destroy(first);
	uint64_t derivations = harness_counter(&harness, CONTROL_KEY_DERIVATIONS);
	CU_ASSERT_EQUAL(accept_of(&harness, "key", PASSPHRASE), ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(accept_of(&harness, "key", NEW_PASSPHRASE), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), derivations + 1);
	/* What was derived from a key that stays is still there. */
	CU_ASSERT_EQUAL(accept_of(&harness, "other", "stays as it is"), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), derivations + 1);
	/* The old connection's commands are still understood. */
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 1);
	client_stop(&client, ACCEPT_OK, 1);
	harness_run(&harness, 5);
	CU_ASSERT_EQUAL(control_counts(harness.server).sessions_stopped, 1);

	/* No key file at all. */
	reconfigure(&harness, NULL);
	key_provider_destroy(second);
	CU_ASSERT_EQUAL(accept_of(&harness, "key", NEW_PASSPHRASE), ACCEPT_FAILURE);
	client_close(&client);
	harness_close(&harness);
}

static void a_look_up_that_waits_is_asked_anew(void)
{
	struct key_provider *keys = parse_keys("keys: [{key-id: key, secret-key: a passphrase}]\n");
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	harness.psk.how = FAKE_LATER;
	CU_ASSERT_TRUE(client_begin(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	while (harness.psk.asked == 0 && !client.ended)
		harness_run(&harness, 1);
	reconfigure(&harness, keys);
	CU_ASSERT_EQUAL(harness.psk.cancelled, 1);
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE_ENCRYPTED), ACCEPT_OK);
	client_close(&client);
	harness_close(&harness);
	key_provider_destroy(keys);
}

static void a_derivation_of_a_removed_key_ends(void)
{
	struct key_provider *keys = parse_keys("keys: [{key-id: key, secret-key: a passphrase}]\n");
	struct key_provider *others =
	        parse_keys("keys: [{key-id: other, secret-key: something else}]\n");
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->control.count = SLOW_COUNT;
	harness_start(&harness);
	reconfigure(&harness, keys);
	CU_ASSERT_TRUE(client_begin(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	while (!token_key_cache_is_busy(harness.server->token_keys) && !client.ended)
		harness_run(&harness, 1);
	reconfigure(&harness, others);
	CU_ASSERT_FALSE(token_key_cache_is_busy(harness.server->token_keys));
	key_provider_destroy(keys);
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE_ENCRYPTED), ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_UNKNOWN_KEY), 1);
	client_close(&client);
	harness_close(&harness);
	key_provider_destroy(others);
}

static void another_count_is_for_new_greetings(void)
{
	struct harness harness;
	struct client early, late;

	harness_open(&harness);
	harness_start(&harness);
	client_connect(&early, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&early));
	harness.config->control.count = 2048;
	reconfigure(&harness, &harness.psk.base);
	client_connect(&late, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&late));
	CU_ASSERT_EQUAL(early.greeting.count, 1024);
	CU_ASSERT_EQUAL(late.greeting.count, 2048);
	CU_ASSERT(memcmp(early.greeting.salt, late.greeting.salt, SALT_SIZE) != 0);
	/* Whoever was greeted with the old one derives by it. */
	client_send_set_up(&early, MODE_ENCRYPTED, "key", PASSPHRASE, strlen(PASSPHRASE));
	CU_ASSERT_EQUAL(client_read_server_start(&early, MODE_ENCRYPTED), ACCEPT_OK);
	client_send_set_up(&late, MODE_ENCRYPTED, "key", PASSPHRASE, strlen(PASSPHRASE));
	CU_ASSERT_EQUAL(client_read_server_start(&late, MODE_ENCRYPTED), ACCEPT_OK);
	client_close(&early);
	client_close(&late);
	harness_close(&harness);
}

static void lower_limits_refuse_new_ones_only(void)
{
	const uint32_t mode = MODE_UNAUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL;
	struct harness harness;
	struct client client, other;
	struct request_tw_session request = client_request_template(4);
	struct accept_session answers[3];
	uint8_t sids[3][SID_SIZE];
	uint8_t answered[3][SID_SIZE];
	struct session_list header;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, mode));
	for (unsigned i = 0; i < 3; i++) {
		request.sender.port++;
		CU_ASSERT_TRUE(client_request(&client, &request, &answers[i]));
		memcpy(sids[i], answers[i].sid, SID_SIZE);
	}
	harness.config->control.unauthenticated =
	        (struct config_limits){.connections = 1,
	                               .connections_per_address = 1,
	                               .sessions = 1,
	                               .sessions_per_connection = 1,
	                               .sessions_per_address = 1};
	reconfigure(&harness, &harness.psk.base);
	request.sender.port++;
	CU_ASSERT_TRUE(client_request(&client, &request, &answers[0]));
	CU_ASSERT_EQUAL(answers[0].accept, ACCEPT_PERMANENT_LIMIT);
	client_connect(&other, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&other));
	client_send_set_up(&other, mode, "", "", 0);
	CU_ASSERT_EQUAL(client_read_server_start(&other, mode), ACCEPT_TEMPORARY_LIMIT);
	client_close(&other);
	/* A list of more sessions than a new connection may have. */
	client_send_list(&client, COMMAND_START_N_SESSIONS, (const uint8_t(*)[SID_SIZE])sids, 3);
	CU_ASSERT_TRUE(client_read_list(&client, &header, answered, 3));
	CU_ASSERT_EQUAL(control_counts(harness.server).sessions_started, 3);
	client_close(&client);
	harness_close(&harness);
}

static void modes_and_addresses_of_new_greetings_and_requests(void)
{
	struct harness harness;
	struct client client, late;
	struct request_tw_session request = client_request_template(4);
	struct accept_session answer;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	harness.config->control.modes = MODE_AUTHENTICATED;
	harness.config->control.sender_address_count = 0;
	harness.config->test.timeout_maximum = 1;
	control_server_reconfigure(harness.server, harness.config, &harness.psk.base, NULL);
	client_connect(&late, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&late));
	CU_ASSERT_EQUAL(late.greeting.modes, MODE_AUTHENTICATED);
	/* The connection keeps its mode, and the next request is judged by what holds now. */
	CU_ASSERT_EQUAL(address_parse("198.51.100.7", &request.sender.address), 0);
	CU_ASSERT_TRUE(client_request(&client, &request, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_NOT_SUPPORTED);
	request = client_request_template(4);
	request.timeout = 2ull << 32;
	CU_ASSERT_TRUE(client_request(&client, &request, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	client_close(&late);
	client_close(&client);
	harness_close(&harness);
}

static void draining_takes_nothing_new(void)
{
	struct harness harness;
	struct client client, greeted, late;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	client_connect(&greeted, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&greeted));
	control_server_drain(harness.server);
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	client_send_set_up(&greeted, MODE_ENCRYPTED, "key", PASSPHRASE, strlen(PASSPHRASE));
	CU_ASSERT_EQUAL(client_read_server_start(&greeted, MODE_ENCRYPTED), ACCEPT_TEMPORARY_LIMIT);
	client_connect(&late, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&late));
	CU_ASSERT_EQUAL(late.greeting.modes, 0);
	CU_ASSERT_TRUE(client_sees_end(&late));
	client_stop(&client, ACCEPT_OK, 1);
	CU_ASSERT_TRUE(harness_wait_sessions(&harness, 0));
	client_close(&greeted);
	client_close(&late);
	client_close(&client);
	harness_close(&harness);
}

static bool take_id(void *context, const struct control_connection_status *connection)
{
	*(uint64_t *)context = connection->id;
	return false;
}

static void an_operator_closes(void)
{
	struct harness harness;
	struct client client, other;
	struct request_tw_session request = client_request_template(4);
	struct accept_session first, second;
	struct control_closed closed;
	uint64_t id = 0;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(client_request(&client, &request, &first));
	request.sender.port++;
	CU_ASSERT_TRUE(client_request(&client, &request, &second));
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	CU_ASSERT_EQUAL(control_server_close_session(harness.server, first.sid, &closed), 0);
	CU_ASSERT_EQUAL(control_server_close_session(harness.server, first.sid, &closed),
	                ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 1);
	/* The client may count the session that is gone, and go on. */
	client_stop(&client, ACCEPT_OK, 2);
	harness_run(&harness, 5);
	CU_ASSERT_FALSE(client.ended);
	CU_ASSERT_EQUAL(control_server_close_session(harness.server, second.sid, &closed), 0);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 0);

	control_visit_connections(harness.server, take_id, &id);
	CU_ASSERT_EQUAL(control_server_close_connection(harness.server, id + 1, &closed),
	                ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(control_server_close_connection(harness.server, id, &closed), 0);
	CU_ASSERT_EQUAL(closed.connections, 1);
	CU_ASSERT_EQUAL(closed.sessions, 0);
	CU_ASSERT_TRUE(client_sees_end(&client));
	CU_ASSERT_TRUE(client_open(&other, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&other), ACCEPT_OK);
	closed = control_server_close_all(harness.server);
	CU_ASSERT_EQUAL(closed.connections, 1);
	CU_ASSERT_EQUAL(closed.sessions, 1);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 0);
	client_close(&client);
	client_close(&other);
	harness_close(&harness);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"keys change and sessions go on", keys_change_and_sessions_go_on},
	        {"a look-up that waits is asked anew", a_look_up_that_waits_is_asked_anew},
	        {"a derivation of a removed key ends", a_derivation_of_a_removed_key_ends},
	        {"another count is for new greetings", another_count_is_for_new_greetings},
	        {"lower limits refuse new ones only", lower_limits_refuse_new_ones_only},
	        {"modes and addresses of new greetings and requests",
	         modes_and_addresses_of_new_greetings_and_requests},
	        {"draining takes nothing new", draining_takes_nothing_new},
	        {"an operator closes", an_operator_closes},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-operator", tests);
}
