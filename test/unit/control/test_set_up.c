/* SPDX-License-Identifier: BSD-3-Clause */
/** Connection set-up through a whole Server: RFC 4656 section 3.1, RFC 5357 section 3.1, RFC 7717 section 5. */
#include <string.h>

#include "base/bytes.h"
#include "harness.h"
#include "unit.h"

static const uint8_t zeros[64];

static void greeting_offers_modes_and_a_fresh_challenge(void)
{
	struct harness harness;
	struct client first;
	struct client second;
	uint8_t octets[GREETING_SIZE];

	harness_open(&harness);
	harness.config->control.modes = MODE_UNAUTHENTICATED | MODE_ENCRYPTED;
	harness_start(&harness);
	client_connect(&first, &harness, CLIENT_IPV4);
	client_connect(&second, &harness, CLIENT_IPV6);
	CU_ASSERT_TRUE(client_read(&first, octets, sizeof(octets)));
	server_greeting_read(octets, &first.greeting);
	CU_ASSERT_EQUAL(memcmp(octets, zeros, 12), 0);
	CU_ASSERT_EQUAL(memcmp(octets + 52, zeros, 12), 0);
	CU_ASSERT_TRUE(client_read_greeting(&second));
	/* The IKE provider is there: MODE_IKEV2_DERIVED is offered. */
	CU_ASSERT_EQUAL(first.greeting.modes,
	                MODE_UNAUTHENTICATED | MODE_ENCRYPTED | MODE_IKEV2_DERIVED);
	CU_ASSERT_EQUAL(first.greeting.count, 1024);
	CU_ASSERT_NOT_EQUAL(
	        memcmp(first.greeting.challenge, second.greeting.challenge, CHALLENGE_SIZE), 0);
	CU_ASSERT_EQUAL(memcmp(first.greeting.salt, second.greeting.salt, SALT_SIZE), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(first.greeting.salt, zeros, SALT_SIZE), 0);
	client_close(&first);
	client_close(&second);
	harness_close(&harness);
}

static void ikev2_derived_needs_a_provider(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->control.modes |= MODE_IKEV2_DERIVED;
	harness_start(&harness);
	struct control_environment environment = harness.server->environment;
	control_server_destroy(harness.server);
	environment.ike_provider = NULL;
	CU_ASSERT_EQUAL_FATAL(control_server_create(&environment, &harness.server, NULL), 0);
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	CU_ASSERT_EQUAL(client.greeting.modes & MODE_IKEV2_DERIVED, 0);
	CU_ASSERT_NOT_EQUAL(client.greeting.modes, 0);
	client_close(&client);
	harness_close(&harness);
}

static void every_mode_is_set_up(void)
{
	static const uint32_t modes[] = {
	        MODE_UNAUTHENTICATED,
	        MODE_AUTHENTICATED,
	        MODE_ENCRYPTED,
	        MODE_MIXED,
	        MODE_UNAUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL | MODE_REFLECT_OCTETS |
	                MODE_SYMMETRICAL_SIZE,
	        MODE_UNAUTHENTICATED | MODE_DSCP_ECN_MONITORING,
	        MODE_ENCRYPTED | MODE_DSCP_ECN_MONITORING | MODE_PTP_TIMESTAMPS,
	        MODE_AUTHENTICATED | MODE_IKEV2_DERIVED,
	        MODE_ENCRYPTED | MODE_IKEV2_DERIVED,
	        MODE_MIXED | MODE_IKEV2_DERIVED,
	};
	const size_t count = sizeof(modes) / sizeof(modes[0]);
	struct harness harness;
	uint64_t start_time = 0;

	harness_open(&harness);
	harness_start(&harness);
	for (size_t i = 0; i < count; i++) {
		bool keyed = (modes[i] & MODE_KEYED_MASK) != 0;
		struct client client;

		CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, modes[i]));
		CU_ASSERT_EQUAL(memcmp(client.start.server_iv, zeros, IV_SIZE) != 0, keyed);
		CU_ASSERT_TRUE(start_time == 0 || start_time == client.start.start_time);
		start_time = client.start.start_time;
		client_close(&client);
	}
	CU_ASSERT_NOT_EQUAL(start_time, 0);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_COMPLETED), count);
	/* Two secrets, seven set-ups with one of them each. */
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), 2);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS_CACHED), 5);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	harness_close(&harness);
}

static void token_key_may_be_the_ike_secret_itself(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->ikev2.token_key = TOKEN_KEY_DIRECT;
	harness_start(&harness);
	CU_ASSERT_TRUE(
	        client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED | MODE_IKEV2_DERIVED));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), 0);
	client_close(&client);
	/* A PSK is still derived. */
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), 1);
	client_close(&client);
	harness_close(&harness);
}

static void client_may_decline(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	client_send_set_up(&client, 0, NULL, NULL, 0);
	CU_ASSERT_TRUE(client_sees_end(&client));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_DECLINED), 1);
	client_close(&client);
	harness_close(&harness);
}

/** One set-up that must be refused in clear: the Accept, with Server-IV and Start-Time zero and the connection closed; -1 if not. */
static int refused(struct harness *harness, uint32_t mode, const char *key_id, const char *secret)
{
	struct client client;
	uint8_t octets[SERVER_START_SIZE];
	int accept = -1;

	client_connect(&client, harness, CLIENT_IPV4);
	if (client_read_greeting(&client)) {
		client_send_set_up(&client, mode, key_id, secret, strlen(secret));
		if (client_read(&client, octets, sizeof(octets)) && client_sees_end(&client) &&
		    memcmp(octets, zeros, 15) == 0 && memcmp(octets + 16, zeros, 32) == 0)
			accept = octets[15];
	}
	client_close(&client);
	return accept;
}

static void modes_that_make_no_sense_are_refused(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->control.modes =
	        MODE_KNOWN_MASK & ~(uint32_t)(MODE_MIXED | MODE_REFLECT_OCTETS |
	                                      MODE_DSCP_ECN_MONITORING | MODE_PTP_TIMESTAMPS);
	harness_start(&harness);
	CU_ASSERT_EQUAL(refused(&harness, MODE_AUTHENTICATED | MODE_ENCRYPTED, "key", PASSPHRASE),
	                ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(refused(&harness, MODE_UNAUTHENTICATED | MODE_ENCRYPTED, "key", PASSPHRASE),
	                ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(refused(&harness, MODE_MIXED, "key", PASSPHRASE), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(refused(&harness, MODE_UNAUTHENTICATED | MODE_REFLECT_OCTETS, "", ""),
	                ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(refused(&harness, MODE_UNAUTHENTICATED | MODE_IKEV2_DERIVED, "", ""),
	                ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(refused(&harness, MODE_UNAUTHENTICATED | MODE_DSCP_ECN_MONITORING, "", ""),
	                ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(refused(&harness, MODE_UNAUTHENTICATED | MODE_PTP_TIMESTAMPS, "", ""),
	                ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_BAD_MODE), 7);
	/* Reserved bits are ignored. */
	CU_ASSERT_TRUE(
	        client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED | 0x80000400));
	client_close(&client);
	harness_close(&harness);
}

static void unknown_key_id_looks_like_a_wrong_passphrase(void)
{
	struct harness harness;
	struct client client;
	int unknown;
	int wrong;

	harness_open(&harness);
	harness_start(&harness);
	unknown = refused(&harness, MODE_ENCRYPTED, "nobody", PASSPHRASE);
	wrong = refused(&harness, MODE_ENCRYPTED, "key", "another passphrase");
	CU_ASSERT_EQUAL(unknown, ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(wrong, ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_UNKNOWN_KEY), 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_BAD_TOKEN), 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), 2);
	/* Not even who guesses the secret that stands in for it is let in. */
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	client_send_set_up(&client, MODE_ENCRYPTED, "nobody", harness.server->unknown_secret.octets,
	                   harness.server->unknown_secret.size);
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE_ENCRYPTED), ACCEPT_FAILURE);
	client_close(&client);
	harness_close(&harness);
}

static void unknown_sa_is_answered_with_accept_6(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_EQUAL(
	        refused(&harness, MODE_ENCRYPTED | MODE_IKEV2_DERIVED, "no SA with this", "x"),
	        ACCEPT_NO_IKE_SA);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_UNKNOWN_SA), 1);
	/* The octets after the SPIs are ignored. */
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	client_send_set_up(&client, MODE_MIXED | MODE_IKEV2_DERIVED, "SPI-initSPI-resp and more",
	                   harness.ike.secret.octets, harness.ike.secret.size);
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE_MIXED | MODE_IKEV2_DERIVED),
	                ACCEPT_OK);
	CU_ASSERT_EQUAL(harness.ike.query.kind, KEY_QUERY_IKE_SA);
	struct address peer;
	CU_ASSERT_EQUAL(address_parse(CLIENT_IPV4, &peer), 0);
	CU_ASSERT_TRUE(address_equal(&harness.ike.query.peer, &peer));
	client_close(&client);
	harness_close(&harness);
}

static void unreachable_provider_is_temporary(void)
{
	struct harness harness;

	harness_open(&harness);
	harness_start(&harness);
	harness.psk.how = FAKE_UNAVAILABLE;
	CU_ASSERT_EQUAL(refused(&harness, MODE_ENCRYPTED, "key", PASSPHRASE),
	                ACCEPT_TEMPORARY_LIMIT);
	harness.psk.how = FAKE_NO_MEMORY;
	CU_ASSERT_EQUAL(refused(&harness, MODE_ENCRYPTED, "key", PASSPHRASE),
	                ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_PROVIDER_UNREACHABLE), 2);
	harness_close(&harness);
}

static void slow_provider_holds_up_nobody_else(void)
{
	struct harness harness;
	struct client slow;
	struct client other;

	harness_open(&harness);
	harness_start(&harness);
	harness.psk.how = FAKE_LATER;
	CU_ASSERT_TRUE(client_begin(&slow, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	CU_ASSERT_TRUE(client_sees_nothing(&slow, 20));
	CU_ASSERT_EQUAL(harness.psk.asked, 1);
	CU_ASSERT_TRUE(client_open(&other, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	fake_provider_answer(&harness.psk, 0);
	CU_ASSERT_EQUAL(client_read_server_start(&slow, MODE_ENCRYPTED), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_command(&slow, 200), ACCEPT_NOT_SUPPORTED);
	client_close(&slow);
	client_close(&other);
	harness_close(&harness);
}

static void begin_set_up(struct client *client, struct harness *harness, const char *key_id)
{
	client_connect(client, harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(client));
	client_send_set_up(client, MODE_ENCRYPTED, key_id, PASSPHRASE, strlen(PASSPHRASE));
}

static void key_derivation_holds_up_nobody_else(void)
{
	struct harness harness;
	struct client first;
	struct client same;
	struct client unknown;
	struct client gone;
	struct client other;

	harness_open(&harness);
	harness.config->control.count = 1u << 17;
	harness_start(&harness);
	begin_set_up(&gone, &harness, "nobody");
	begin_set_up(&first, &harness, "key");
	begin_set_up(&same, &harness, "key");
	begin_set_up(&unknown, &harness, "nobody");
	CU_ASSERT_TRUE(client_open(&other, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(token_key_cache_is_busy(harness.server->token_keys));
	client_close(&gone);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 4));
	CU_ASSERT_EQUAL(client_read_server_start(&first, MODE_ENCRYPTED), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_read_server_start(&same, MODE_ENCRYPTED), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_read_server_start(&unknown, MODE_ENCRYPTED), ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(client_command(&same, 200), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), 2);
	client_close(&first);
	client_close(&same);
	client_close(&unknown);
	client_close(&other);
	/* Destroyed in the middle of a derivation that somebody waits for. */
	harness.psk.secret.octets[0]++;
	begin_set_up(&first, &harness, "key");
	harness_run(&harness, 5);
	CU_ASSERT_TRUE(token_key_cache_is_busy(harness.server->token_keys));
	client_close(&first);
	harness_close(&harness);
}

static void commands_sent_ahead_wait_for_the_key(void)
{
	struct harness harness;
	struct client client;
	uint8_t octets[START_SESSIONS_SIZE] = {0};
	uint8_t reply[START_ACK_SIZE];
	static const uint8_t client_iv[IV_SIZE] = "client-iv-------";

	harness_open(&harness);
	harness_start(&harness);
	harness.psk.how = FAKE_LATER;
	CU_ASSERT_TRUE(client_begin(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	/* The client knows its own keys and IV: it may send before Server-Start comes. */
	struct control_stream *ahead = control_stream_create(&client.keys, client_iv, zeros);

	start_sessions_write(octets);
	CU_ASSERT_EQUAL(control_stream_send_with_hmac(ahead, octets, sizeof(octets)), 0);
	client_write(&client, octets, sizeof(octets));
	control_stream_destroy(ahead);
	CU_ASSERT_TRUE(client_sees_nothing(&client, 20));
	fake_provider_answer(&harness.psk, 0);
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE_ENCRYPTED), ACCEPT_OK);
	CU_ASSERT_TRUE(client_receive(&client, reply, sizeof(reply)));
	CU_ASSERT_EQUAL(start_ack_read(reply), ACCEPT_FAILURE);
	client_close(&client);
	harness_close(&harness);
}

static void client_that_leaves_cancels_the_look_up(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness_start(&harness);
	harness.psk.how = FAKE_LATER;
	CU_ASSERT_TRUE(client_begin(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	CU_ASSERT_TRUE(client_sees_nothing(&client, 20));
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL(harness.psk.cancelled, 1);
	harness_close(&harness);
}

static void ike_provider_answers_in_time_or_is_given_up(void)
{
	struct harness harness;

	harness_open(&harness);
	harness_start(&harness);
	harness.server->timing.ike_answer = 20;
	harness.ike.how = FAKE_LATER; /* and never answers */
	CU_ASSERT_EQUAL(
	        refused(&harness, MODE_ENCRYPTED | MODE_IKEV2_DERIVED, "SPI-initSPI-resp", "any"),
	        ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(harness.ike.cancelled, 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_PROVIDER_UNREACHABLE), 1);
	harness_close(&harness);
}

static void half_open_set_ups_have_a_deadline(void)
{
	struct harness harness;
	struct client silent;
	struct client waiting;

	harness_open(&harness);
	harness_start(&harness);
	harness.server->timing.set_up_deadline = 30;
	harness.psk.how = FAKE_LATER; /* and never answers */
	client_connect(&silent, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&silent));
	CU_ASSERT_TRUE(client_sees_end(&silent));
	client_close(&silent);
	unsigned expired = 1;
	/* Again when a busy machine let the time pass before the key was asked for. */
	while (harness.psk.cancelled == 0 && expired < 100) {
		client_connect(&waiting, &harness, CLIENT_IPV4);
		CU_ASSERT_TRUE(client_read_greeting(&waiting));
		client_send_set_up(&waiting, MODE_ENCRYPTED, "key", PASSPHRASE, strlen(PASSPHRASE));
		CU_ASSERT_TRUE(client_sees_end(&waiting));
		client_close(&waiting);
		expired++;
	}
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_EXPIRED), expired);
	CU_ASSERT_EQUAL(harness.psk.cancelled, 1);
	harness_close(&harness);
}

/** True when a new connection from there is greeted with Modes 0 and closed. */
static bool is_turned_away(struct harness *harness, const char *address)
{
	struct client client;
	bool turned_away;

	client_connect(&client, harness, address);
	turned_away = client_read_greeting(&client) && client.greeting.modes == 0 &&
	              client_sees_end(&client);
	client_close(&client);
	return turned_away;
}

static void connections_over_a_limit_are_greeted_with_modes_0(void)
{
	struct harness harness;
	struct client clients[4];

	harness_open(&harness);
	harness.config->control.half_open = 3;
	harness.config->control.unauthenticated.connections = 2;
	harness.config->control.keyed.connections = 2;
	harness.config->control.unauthenticated.connections_per_address = 1;
	harness.config->control.keyed.connections_per_address = 1;
	harness_start(&harness);
	/* Two of an address, four in all. */
	CU_ASSERT_TRUE(client_open(&clients[0], &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(client_open(&clients[1], &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	CU_ASSERT_TRUE(is_turned_away(&harness, CLIENT_IPV4));
	CU_ASSERT_TRUE(client_open(&clients[2], &harness, CLIENT_IPV6, MODE_UNAUTHENTICATED));
	CU_ASSERT_TRUE(client_open(&clients[3], &harness, "192.0.2.78", MODE_ENCRYPTED));
	CU_ASSERT_TRUE(is_turned_away(&harness, "192.0.2.79"));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_CONNECTIONS_REFUSED), 2);
	/* A place that becomes free is given again. */
	client_close(&clients[3]);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 3));
	CU_ASSERT_TRUE(client_open(&clients[3], &harness, "192.0.2.79", MODE_MIXED));
	for (unsigned i = 0; i < 4; i++)
		client_close(&clients[i]);
	harness_close(&harness);
}

static void pools_are_separate(void)
{
	struct harness harness;
	struct client open;
	struct client keyed;

	harness_open(&harness);
	harness.config->control.unauthenticated.connections = 1;
	harness.config->control.keyed.connections = 1;
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&open, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(refused(&harness, MODE_UNAUTHENTICATED, "", ""), ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_TRUE(client_open(&keyed, &harness, CLIENT_IPV4, MODE_AUTHENTICATED));
	client_close(&open);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 1));
	CU_ASSERT_EQUAL(refused(&harness, MODE_MIXED, "key", PASSPHRASE), ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(harness.psk.asked, 1); /* a full pool costs no key look-up */
	CU_ASSERT_TRUE(client_open(&open, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	client_close(&open);
	client_close(&keyed);
	harness_close(&harness);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"greeting offers modes and a fresh Challenge",
	         greeting_offers_modes_and_a_fresh_challenge},
	        {"IKEv2Derived needs a provider", ikev2_derived_needs_a_provider},
	        {"every mode is set up", every_mode_is_set_up},
	        {"token key may be the IKE secret itself", token_key_may_be_the_ike_secret_itself},
	        {"client may decline", client_may_decline},
	        {"modes that make no sense are refused", modes_that_make_no_sense_are_refused},
	        {"unknown KeyID looks like a wrong passphrase",
	         unknown_key_id_looks_like_a_wrong_passphrase},
	        {"unknown SA is answered with Accept 6", unknown_sa_is_answered_with_accept_6},
	        {"unreachable provider is temporary", unreachable_provider_is_temporary},
	        {"slow provider holds up nobody else", slow_provider_holds_up_nobody_else},
	        {"key derivation holds up nobody else", key_derivation_holds_up_nobody_else},
	        {"commands sent ahead wait for the key", commands_sent_ahead_wait_for_the_key},
	        {"client that leaves cancels the look-up", client_that_leaves_cancels_the_look_up},
	        {"IKE provider answers in time or is given up",
	         ike_provider_answers_in_time_or_is_given_up},
	        {"half-open set-ups have a deadline", half_open_set_ups_have_a_deadline},
	        {"connections over a limit are greeted with Modes 0",
	         connections_over_a_limit_are_greeted_with_modes_0},
	        {"pools are separate", pools_are_separate},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-set-up", tests);
}
