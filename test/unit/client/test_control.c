/* SPDX-License-Identifier: BSD-3-Clause */
/** The Control-Client against a scripted server on loopback, which does right or wrong as each test says. */
#include "control_client.h"

#include <string.h>

#include "server_fixture.h"
#include "unit.h"

#define NO_INTERRUPT (-1)

static const char psk_text[] = "keys:\n  - key-id: lab\n    secret-key: " SERVER_PASSPHRASE "\n";
static const char sa_text[] =
        "security-associations:\n"
        "  - spi-i: \"0102030405060708\"\n"
        "    spi-r: \"1112131415161718\"\n"
        "    prf: hmac-sha2-256\n"
        "    sk-d: \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"\n";

/** How far a client got, and why not further. */
struct outcome {
	int result;
	const char *step;
	struct error error;
	uint16_t port;
};

static struct outcome client_steps(struct control_client *client, const struct server *server,
                                   uint32_t mode, const struct credentials *credentials)
{
	struct outcome o = {.step = "connect"};
	uint8_t sids[SERVER_SESSIONS][SID_SIZE];

	o.result =
	        control_client_connect(client, &server->endpoint, NULL, 0, NO_INTERRUPT, &o.error);
	if (o.result == 0 && (mode & MODE_KEYED_MASK)) {
		o.step = "count";
		o.result = control_client_check_count(client->greeting.count, 32768, &o.error);
	}
	if (o.result == 0) {
		o.step = "set-up";
		o.result = control_client_set_up(client, mode, credentials, &o.error);
	}
	for (unsigned i = 0; i < SERVER_SESSIONS && o.result == 0; i++) {
		struct request_tw_session request = {
		        .ip_version = 4,
		        .sender = client->channel.local,
		        .receiver = {.address = client->channel.peer.address, .port = 1234},
		        .octets_to_reflect = 0x4711};
		struct accept_session accept;
		o.step = "request";
		o.result = control_client_request_session(client, &request, &accept, &o.error);
		o.port = accept.port;
		memcpy(sids[i], accept.sid, SID_SIZE);
	}
	if (o.result == 0) {
		o.step = "start";
		o.result = control_client_start(client, (const uint8_t(*)[SID_SIZE])sids,
		                                SERVER_SESSIONS, &o.error);
	}
	if (o.result == 0) {
		o.step = "stop";
		o.result = control_client_stop(client, (const uint8_t(*)[SID_SIZE])sids,
		                               SERVER_SESSIONS, &o.error);
	}
	return o;
}

/** Plays a script against a client that chooses mode. *server is over when this returns. */
static struct outcome play(struct server *server, struct script script, uint32_t mode)
{
	struct credentials credentials = {.key_id = "lab", .sa.known = true};
	struct control_client client;
	struct outcome outcome;
	struct error error;

	CU_ASSERT_FATAL(psk_file_parse("psk", psk_text, sizeof(psk_text) - 1, &credentials.keys,
	                               &error) == 0);
	CU_ASSERT_FATAL(
	        sa_file_parse("sa", sa_text, sizeof(sa_text) - 1, &credentials.sas, &error) == 0);
	CU_ASSERT(sa_file_spis(credentials.sas, 0, credentials.sa.spi_i, credentials.sa.spi_r) ==
	          0);
	server_start_thread(server, script);
	outcome = client_steps(&client, server, mode, &credentials);
	control_client_close(&client);
	credentials_free(&credentials);
	server_stop(server);
	return outcome;
}

static void every_mode_runs(void)
{
	static const uint32_t modes[] = {MODE_UNAUTHENTICATED,
	                                 MODE_AUTHENTICATED,
	                                 MODE_ENCRYPTED,
	                                 MODE_MIXED,
	                                 MODE_AUTHENTICATED | MODE_IKEV2_DERIVED,
	                                 MODE_ENCRYPTED | MODE_INDIVIDUAL_SESSION_CONTROL,
	                                 MODE_UNAUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL,
	                                 MODE_MIXED | MODE_REFLECT_OCTETS};

	for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct server server;
		struct outcome o = play(&server, server_fair, modes[i]);
		CU_ASSERT(o.result == 0 && o.port == SERVER_PORT_GRANTED);
		CU_ASSERT(server.request_count == SERVER_SESSIONS &&
		          server.stopped == SERVER_SESSIONS);
		CU_ASSERT(server.response.mode == modes[i]);
		CU_ASSERT(server.requests[0].receiver.port == 1234);
	}
}

/** RFC 7717 section 5.3: SPIi, SPIr, zeros. */
static void spis_go_into_the_key_id(void)
{
	static const uint8_t expected[KEY_ID_SIZE] = {
	        1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18};
	static const uint8_t lab[KEY_ID_SIZE] = "lab", none[KEY_ID_SIZE];
	struct server server;

	(void)play(&server, server_fair, MODE_MIXED | MODE_IKEV2_DERIVED);
	CU_ASSERT(memcmp(server.response.key_id, expected, KEY_ID_SIZE) == 0);
	(void)play(&server, server_fair, MODE_MIXED);
	CU_ASSERT(memcmp(server.response.key_id, lab, KEY_ID_SIZE) == 0);
	(void)play(&server, server_fair, MODE_UNAUTHENTICATED);
	CU_ASSERT(memcmp(server.response.key_id, none, KEY_ID_SIZE) == 0);
}

static void expect(struct script script, uint32_t mode, int result, const char *step,
                   const char *text)
{
	struct server server;
	struct outcome o = play(&server, script, mode);

	CU_ASSERT(o.result == result);
	CU_ASSERT_STRING_EQUAL(o.step, step);
	CU_ASSERT(strstr(o.error.text, text) != NULL);
}

static void refusals_are_told(void)
{
	struct script script = server_fair;

	script.modes = 0;
	expect(script, MODE_UNAUTHENTICATED, ERROR_UNAVAILABLE, "connect", "offers no mode");
	script = server_fair;
	script.close_before_greeting = true;
	expect(script, MODE_UNAUTHENTICATED, ERROR_UNAVAILABLE, "connect", "Server-Greeting");
	script = server_fair;
	script.set_up_accept = ACCEPT_NO_IKE_SA;
	expect(script, MODE_MIXED | MODE_IKEV2_DERIVED, ERROR_NOT_FOUND, "set-up", "Accept 6");
	script.set_up_accept = ACCEPT_TEMPORARY_LIMIT;
	expect(script, MODE_MIXED, ERROR_PERMISSION, "set-up", "try again later");
	script = server_fair;
	script.other_key = true;
	expect(script, MODE_ENCRYPTED, ERROR_PERMISSION, "set-up", "--key-file");
	script = server_fair;
	script.session_accept = ACCEPT_NOT_SUPPORTED;
	expect(script, MODE_UNAUTHENTICATED, ERROR_PERMISSION, "request", "Accept 3");
	script = server_fair;
	script.start_accept = ACCEPT_INTERNAL_ERROR;
	expect(script, MODE_AUTHENTICATED, ERROR_PERMISSION, "start", "Accept 2");
	expect(script, MODE_AUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL, ERROR_PERMISSION,
	       "start", "Accept 2");
}

static void counts_are_bounded(void)
{
	struct script script = server_fair;
	struct error error;

	script.count = 65536;
	expect(script, MODE_MIXED, ERROR_LIMIT, "count", "--allow-count 65536");
	script.count = 512;
	expect(script, MODE_MIXED, ERROR_LIMIT, "count", "512");
	CU_ASSERT(control_client_check_count(1024, 32768, &error) == 0);
	CU_ASSERT(control_client_check_count(32768, 32768, &error) == 0);
	CU_ASSERT(control_client_check_count(65536, 65536, &error) == 0);
	CU_ASSERT(control_client_check_count(3000, 32768, &error) == ERROR_LIMIT);
	CU_ASSERT(control_client_check_count(0, 32768, &error) == ERROR_LIMIT);
	CU_ASSERT(control_client_check_count(0x80000000u, UINT32_MAX, &error) == 0);
}

static void suggested_port_is_taken(void)
{
	struct script script = server_fair;
	struct server server;
	struct outcome o;

	script.suggested_port = 20001;
	o = play(&server, script, MODE_AUTHENTICATED);
	CU_ASSERT(o.result == 0 && server.request_count == SERVER_SESSIONS + 1);
	CU_ASSERT(server.requests[1].receiver.port == 20001);
}

static void lying_servers_are_seen(void)
{
	struct script script = server_fair;
	uint32_t individual = MODE_ENCRYPTED | MODE_INDIVIDUAL_SESSION_CONTROL;

	script.flip_hmac = true;
	expect(script, MODE_ENCRYPTED, ERROR_CRYPTO, "request", "HMAC");
	script = server_fair;
	script.reflected_octets_change = 1;
	expect(script, MODE_MIXED | MODE_REFLECT_OCTETS, ERROR_FORMAT, "request", "RFC 6038");
	script = server_fair;
	script.foreign_sid = true;
	expect(script, individual, ERROR_FORMAT, "start", "not ours");
	script = server_fair;
	script.too_many_acks = true;
	expect(script, individual, ERROR_FORMAT, "start", "something else");
}

static void acks_may_come_apart(void)
{
	struct script script = server_fair;
	struct server server;

	script.split_acks = true;
	CU_ASSERT(play(&server, script, MODE_AUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL)
	                  .result == 0);
	CU_ASSERT(server.stopped == SERVER_SESSIONS);
}

static void nobody_there_is_told(void)
{
	struct endpoint closed = {.address = address_make(4, "\x7f\0\0\1"), .port = 1};
	struct control_client client;
	struct error error;

	CU_ASSERT(control_client_connect(&client, &closed, NULL, 0, NO_INTERRUPT, &error) ==
	          ERROR_UNAVAILABLE);
	CU_ASSERT(strstr(error.text, "refused the connection") != NULL);
	control_client_close(&client);
}

int main(void)
{
	CU_TestInfo tests[] = {{"every mode runs", every_mode_runs},
	                       {"SPIs go into the KeyID", spis_go_into_the_key_id},
	                       {"refusals are told", refusals_are_told},
	                       {"counts are bounded", counts_are_bounded},
	                       {"suggested port is taken", suggested_port_is_taken},
	                       {"lying servers are seen", lying_servers_are_seen},
	                       {"acks may come apart", acks_may_come_apart},
	                       {"nobody there is told", nobody_there_is_told},
	                       CU_TEST_INFO_NULL};
	return unit_run("client-control", tests);
}
