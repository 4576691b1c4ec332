/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * IKE SAs that are gone, another client's, or out of reach, through a whole Server with a provider that tells so: RFC 7717 sections 5.1
 * and 5.3.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "harness.h"
#include "unit.h"

#define MODE         (MODE_ENCRYPTED | MODE_IKEV2_DERIVED)
#define SPIS         "5350492d696e6974/5350492d72657370" /* SPI-init and SPI-resp */
#define CAPTURE_SIZE 4096
/** PBKDF2 iterations that take many turns of the event loop. */
#define SLOW_COUNT (1u << 16)

static FILE *capture;
static int standard_error;

/** From here to capture_end the log goes to a file. */
static void capture_begin(void)
{
	log_set_level(LOG_LEVEL_WARNING);
	(void)fflush(stderr);
	capture = tmpfile();
	standard_error = dup(STDERR_FILENO);
	CU_ASSERT_FATAL(capture != NULL && standard_error >= 0);
	(void)dup2(fileno(capture), STDERR_FILENO);
}

static void capture_end(char text[CAPTURE_SIZE])
{
	log_set_level(LOG_LEVEL_ERROR);
	(void)fflush(stderr);
	(void)dup2(standard_error, STDERR_FILENO);
	(void)close(standard_error);
	rewind(capture);
	text[fread(text, 1, CAPTURE_SIZE - 1, capture)] = '\0';
	(void)fclose(capture);
}

/** Sends a Set-Up-Response with the SA's SPIs and the right Token. */
static void begin(struct client *client, struct harness *harness)
{
	client_connect(client, harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(client));
	client_send_set_up(client, MODE, NULL, harness->ike.secret.octets,
	                   harness->ike.secret.size);
}

/** The same, until its token key is being derived. */
static void begin_derivation(struct client *client, struct harness *harness)
{
	unsigned asked = harness->ike.asked;

	begin(client, harness);
	while (harness->ike.asked == asked && !client->ended)
		harness_run(harness, 1);
	CU_ASSERT_TRUE(token_key_cache_is_busy(harness->server->token_keys));
}

/** Everything that a client that is refused sees. */
static bool is_refused(struct harness *harness, uint8_t answer[SERVER_START_SIZE])
{
	struct client client;
	bool refused;

	begin(&client, harness);
	refused = client_read(&client, answer, SERVER_START_SIZE) && client_sees_end(&client);
	client_close(&client);
	return refused;
}

static int accept_of(struct harness *harness)
{
	uint8_t answer[SERVER_START_SIZE];
	struct server_start start;

	if (!is_refused(harness, answer))
		return -1;
	server_start_read(answer, &start);
	return start.accept;
}

static void sa_of_another_looks_like_none(void)
{
	struct harness harness;
	uint8_t foreign[SERVER_START_SIZE], unknown[SERVER_START_SIZE];
	char text[CAPTURE_SIZE];

	harness_open(&harness);
	harness.config->control.log_per_minute = 60;
	harness_start(&harness);
	harness.ike.how = FAKE_FORBIDDEN;
	harness.ike.reason = "its peer is 203.0.113.7";
	capture_begin();
	CU_ASSERT_TRUE(is_refused(&harness, foreign));
	capture_end(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " warning sa-not-allowed: " CLIENT_IPV4));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, SPIS));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "its peer is 203.0.113.7"));
	CU_ASSERT_PTR_NULL(strstr(text, "sa-not-found"));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_SA_NOT_ALLOWED), 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_UNKNOWN_SA), 0);

	harness.ike.how = FAKE_IMMEDIATE;
	harness.ike.is_gone = true;
	capture_begin();
	CU_ASSERT_TRUE(is_refused(&harness, unknown));
	capture_end(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " warning sa-not-found: " CLIENT_IPV4));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, SPIS));
	CU_ASSERT_EQUAL(unknown[15], ACCEPT_NO_IKE_SA);
	CU_ASSERT_EQUAL(memcmp(foreign, unknown, sizeof(foreign)), 0);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_SA_NOT_ALLOWED), 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_UNKNOWN_SA), 1);

	/* A provider may have no more to say. */
	harness.ike.how = FAKE_FORBIDDEN;
	harness.ike.reason = NULL;
	CU_ASSERT_EQUAL(accept_of(&harness), ACCEPT_NO_IKE_SA);
	harness_close(&harness);
}

static void daemon_out_of_reach_is_temporary(void)
{
	struct harness harness;
	struct client client;
	char text[CAPTURE_SIZE];

	harness_open(&harness);
	harness.config->control.log_per_minute = 60;
	harness_start(&harness);
	harness.ike.how = FAKE_UNAVAILABLE;
	harness.ike.reason = "/run/charon.ippm-keys: Connection refused";
	capture_begin();
	CU_ASSERT_EQUAL(accept_of(&harness), ACCEPT_TEMPORARY_LIMIT);
	capture_end(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " error key-provider-unreachable: " CLIENT_IPV4));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ": /run/charon.ippm-keys: Connection refused\n"));

	harness.ike.how = FAKE_LATER;
	harness.server->timing.ike_answer = 20;
	capture_begin();
	CU_ASSERT_EQUAL(accept_of(&harness), ACCEPT_TEMPORARY_LIMIT);
	capture_end(text);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, ": no answer within 20 ms\n"));

	/* Of a KeyID nobody says that it is another's. */
	harness.psk.how = FAKE_FORBIDDEN;
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_EQUAL(client_set_up(&client, MODE_ENCRYPTED), ACCEPT_TEMPORARY_LIMIT);
	client_close(&client);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_PROVIDER_UNREACHABLE), 3);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_SA_NOT_ALLOWED), 0);
	harness_close(&harness);
}

static void running_connection_outlives_its_sa(void)
{
	struct harness harness;
	struct client client;
	struct request_tw_session request = client_request_template(4);
	struct accept_session answer;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE));
	CU_ASSERT_TRUE(client_request(&client, &request, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	fake_provider_lose(&harness.ike);
	CU_ASSERT_TRUE(client_sees_nothing(&client, 20));
	CU_ASSERT_PTR_NOT_NULL(
	        harness_find(&harness, CLIENT_IPV4, SENDER_PORT, OUR_IPV4, answer.port));
	client_stop(&client, ACCEPT_OK, 1);
	/* New sessions, too, are the connection's: its keys came from the Token. */
	request.sender.port++;
	request.receiver.port++;
	CU_ASSERT_TRUE(client_request(&client, &request, &answer));
	CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
	CU_ASSERT_EQUAL(client_start(&client), ACCEPT_OK);
	CU_ASSERT_PTR_NOT_NULL(
	        harness_find(&harness, CLIENT_IPV4, SENDER_PORT + 1, OUR_IPV4, answer.port));
	CU_ASSERT_EQUAL(harness.ike.asked, 1);
	/* A new connection needs an SA that is there, though its key had been derived. */
	CU_ASSERT_EQUAL(accept_of(&harness), ACCEPT_NO_IKE_SA);
	client_stop(&client, ACCEPT_OK, 1);
	CU_ASSERT_TRUE(client_sees_nothing(&client, 10));
	client_close(&client);
	harness_close(&harness);
}

static void nothing_derived_from_it_is_kept(void)
{
	struct harness harness;
	struct client clients[2];

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&clients[0], &harness, CLIENT_IPV4, MODE));
	fake_provider_lose(&harness.ike);
	/* The daemon was only out of reach: the SA is the same. */
	harness.ike.is_gone = false;
	CU_ASSERT_TRUE(client_open(&clients[1], &harness, CLIENT_IPV4, MODE));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), 2);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS_CACHED), 0);
	CU_ASSERT_EQUAL(client_command(&clients[0], 200), ACCEPT_NOT_SUPPORTED);
	client_close(&clients[0]);
	client_close(&clients[1]);
	harness_close(&harness);
}

static void set_up_that_waits_needs_a_live_sa(void)
{
	struct harness harness;
	struct client first, second, waiting;

	harness_open(&harness);
	harness.config->control.count = SLOW_COUNT;
	harness_start(&harness);
	begin_derivation(&first, &harness);
	begin_derivation(&second, &harness);
	/* One with another secret, whose turn comes when that of the SA ends. */
	CU_ASSERT_TRUE(client_begin(&waiting, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	while (harness.psk.asked == 0)
		harness_run(&harness, 1);
	fake_provider_lose(&harness.ike);
	/* Not from within the provider's call. */
	CU_ASSERT_EQUAL(harness.ike.asked, 2);
	CU_ASSERT_EQUAL(client_read_server_start(&first, MODE), ACCEPT_NO_IKE_SA);
	CU_ASSERT_EQUAL(client_read_server_start(&second, MODE), ACCEPT_NO_IKE_SA);
	CU_ASSERT_EQUAL(harness.ike.asked, 4);
	CU_ASSERT_EQUAL(client_read_server_start(&waiting, MODE_ENCRYPTED), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness.psk.asked, 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_UNKNOWN_SA), 2);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), 1);
	client_close(&first);
	client_close(&second);
	client_close(&waiting);
	harness_close(&harness);
}

/** The SA is gone while its token key is derived; the second answer of the provider is how's. The Accept. */
static int ask_anew(enum fake_answer how)
{
	struct harness harness;
	struct client client;
	int accept;

	harness_open(&harness);
	harness.config->control.count = SLOW_COUNT;
	harness_start(&harness);
	begin_derivation(&client, &harness);
	fake_provider_lose(&harness.ike);
	harness.ike.is_gone = false;
	harness.ike.how = how;
	if (how == FAKE_LATER) {
		CU_ASSERT_TRUE(client_sees_nothing(&client, 20));
		/* Once, whatever else is gone. */
		harness.ike.base.gone(harness.ike.base.gone_context, &harness.psk.secret);
		CU_ASSERT_TRUE(client_sees_nothing(&client, 20));
		fake_provider_answer(&harness.ike, 0);
	}
	accept = client_read_server_start(&client, MODE);
	CU_ASSERT_EQUAL(harness.ike.asked, 2);
	CU_ASSERT_TRUE(accept != ACCEPT_OK || client_command(&client, 200) == ACCEPT_NOT_SUPPORTED);
	client_close(&client);
	harness_close(&harness);
	return accept;
}

static void provider_is_asked_anew(void)
{
	CU_ASSERT_EQUAL(ask_anew(FAKE_IMMEDIATE), ACCEPT_OK);
	CU_ASSERT_EQUAL(ask_anew(FAKE_LATER), ACCEPT_OK);
	CU_ASSERT_EQUAL(ask_anew(FAKE_UNAVAILABLE), ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(ask_anew(FAKE_NO_MEMORY), ACCEPT_TEMPORARY_LIMIT);
	CU_ASSERT_EQUAL(ask_anew(FAKE_FORBIDDEN), ACCEPT_NO_IKE_SA);
}

static void client_may_leave_meanwhile(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->control.count = SLOW_COUNT;
	harness_start(&harness);
	/* Before it is asked anew. */
	begin_derivation(&client, &harness);
	client_close(&client);
	fake_provider_lose(&harness.ike);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	/* While the answer is awaited. */
	harness.ike.is_gone = false;
	begin_derivation(&client, &harness);
	harness.ike.how = FAKE_LATER;
	fake_provider_lose(&harness.ike);
	CU_ASSERT_TRUE(client_sees_nothing(&client, 20));
	CU_ASSERT_EQUAL(harness.ike.cancelled, 0);
	client_close(&client);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL(harness.ike.cancelled, 1);
	/* The Server ends between the news and its turn. */
	harness.ike.how = FAKE_IMMEDIATE;
	harness.ike.is_gone = false;
	begin_derivation(&client, &harness);
	fake_provider_lose(&harness.ike);
	client_close(&client);
	harness_close(&harness);
}

static void other_secrets_are_left_alone(void)
{
	struct harness harness;
	struct client client;
	struct shared_secret other;

	harness_open(&harness);
	harness.config->control.count = SLOW_COUNT;
	harness_start(&harness);
	other = harness.ike.secret;
	other.octets[0]++;
	begin_derivation(&client, &harness);
	harness.ike.base.gone(harness.ike.base.gone_context, &other);
	CU_ASSERT_TRUE(token_key_cache_is_busy(harness.server->token_keys));
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE), ACCEPT_OK);
	client_close(&client);
	harness.ike.base.gone(harness.ike.base.gone_context, &other);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS), 1);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_KEY_DERIVATIONS_CACHED), 1);
	CU_ASSERT_EQUAL(harness.ike.asked, 2);
	client_close(&client);
	/* A look-up under way is the provider's to answer. */
	harness.ike.how = FAKE_LATER;
	begin(&client, &harness);
	CU_ASSERT_TRUE(client_sees_nothing(&client, 20));
	fake_provider_lose(&harness.ike);
	CU_ASSERT_TRUE(client_sees_nothing(&client, 20));
	CU_ASSERT_EQUAL(harness.ike.asked, 3);
	fake_provider_answer(&harness.ike, 0);
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE), ACCEPT_NO_IKE_SA);
	client_close(&client);
	harness_close(&harness);
}

static void equal_secret_of_another_origin_goes_on(void)
{
	struct harness harness;
	struct client psk, ike;
	struct shared_secret other;

	harness_open(&harness);
	harness.config->control.count = SLOW_COUNT;
	harness_start(&harness);
	harness.psk.secret = harness.ike.secret;
	client_connect(&psk, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&psk));
	client_send_set_up(&psk, MODE_ENCRYPTED, "key", harness.psk.secret.octets,
	                   harness.psk.secret.size);
	begin_derivation(&ike, &harness);
	other = harness.ike.secret;
	other.name[0] = '?';
	harness.ike.base.gone(harness.ike.base.gone_context, &other);
	/* The derivation ended, and begins again for who still waits. */
	CU_ASSERT_FALSE(token_key_cache_is_busy(harness.server->token_keys));
	CU_ASSERT_EQUAL(client_read_server_start(&psk, MODE_ENCRYPTED), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_read_server_start(&ike, MODE), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness.psk.asked, 1);
	CU_ASSERT_EQUAL(harness.ike.asked, 1);
	client_close(&psk);
	client_close(&ike);
	harness_close(&harness);
}

static void passphrases_do_not_go(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->control.count = SLOW_COUNT;
	harness_start(&harness);
	harness.psk.secret = harness.ike.secret;
	client_connect(&client, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_read_greeting(&client));
	client_send_set_up(&client, MODE_ENCRYPTED, "key", harness.psk.secret.octets,
	                   harness.psk.secret.size);
	while (harness.psk.asked == 0)
		harness_run(&harness, 1);
	fake_provider_lose(&harness.ike);
	CU_ASSERT_EQUAL(client_read_server_start(&client, MODE_ENCRYPTED), ACCEPT_OK);
	CU_ASSERT_EQUAL(harness.psk.asked, 1);
	CU_ASSERT_EQUAL(harness.ike.asked, 0);
	client_close(&client);
	harness_close(&harness);
}

static void secret_itself_as_token_key_needs_a_live_sa(void)
{
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->ikev2.token_key = TOKEN_KEY_DIRECT;
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE));
	fake_provider_lose(&harness.ike);
	CU_ASSERT_EQUAL(client_command(&client, 200), ACCEPT_NOT_SUPPORTED);
	CU_ASSERT_EQUAL(accept_of(&harness), ACCEPT_NO_IKE_SA);
	CU_ASSERT_EQUAL(client_command(&client, 200), ACCEPT_NOT_SUPPORTED);
	client_close(&client);
	/* A secret that is no whole AES key. */
	harness.ike.is_gone = false;
	harness.ike.secret.size = TOKEN_KEY_SIZE - 1;
	CU_ASSERT_EQUAL(accept_of(&harness), ACCEPT_INTERNAL_ERROR);
	harness_close(&harness);
}

static void server_that_ends_watches_no_more(void)
{
	struct harness harness;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_PTR_NOT_NULL(harness.ike.base.gone);
	CU_ASSERT_PTR_NULL(harness.psk.base.gone);
	control_server_destroy(harness.server);
	harness.server = NULL;
	CU_ASSERT_PTR_NULL(harness.ike.base.gone);
	CU_ASSERT_PTR_NULL(harness.ike.base.gone_context);
	/* As the appliance does: the provider ends later. */
	fake_provider_lose(&harness.ike);
	harness_close(&harness);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"SA of another looks like none", sa_of_another_looks_like_none},
	        {"daemon out of reach is temporary", daemon_out_of_reach_is_temporary},
	        {"running connection outlives its SA", running_connection_outlives_its_sa},
	        {"nothing derived from it is kept", nothing_derived_from_it_is_kept},
	        {"set-up that waits needs a live SA", set_up_that_waits_needs_a_live_sa},
	        {"provider is asked anew", provider_is_asked_anew},
	        {"client may leave meanwhile", client_may_leave_meanwhile},
	        {"other secrets are left alone", other_secrets_are_left_alone},
	        {"equal secret of another origin goes on", equal_secret_of_another_origin_goes_on},
	        {"passphrases do not go", passphrases_do_not_go},
	        {"secret itself as token key needs a live SA",
	         secret_itself_as_token_key_needs_a_live_sa},
	        {"server that ends watches no more", server_that_ends_watches_no_more},
	        CU_TEST_INFO_NULL};
	(void)signal(SIGPIPE, SIG_IGN); /* as main does: clients leave */
	return unit_run("control-ike-sa", tests);
}
