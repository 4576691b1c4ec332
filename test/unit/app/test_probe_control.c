/* SPDX-License-Identifier: BSD-3-Clause */
/** The Control-Client against a scripted server on loopback, which does right or wrong as each test says. */
#include "control_client.h"

#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define PASSPHRASE    "specular lab"
#define COUNT         1024u
#define PORT_GRANTED  20000u
#define NO_INTERRUPT  (-1)
#define SESSIONS      2u
#define MESSAGE_LIMIT 256u

static const char psk_text[] = "keys:\n  - key-id: lab\n    secret-key: " PASSPHRASE "\n";
static const char sa_text[] =
        "security-associations:\n"
        "  - spi-i: \"0102030405060708\"\n"
        "    spi-r: \"1112131415161718\"\n"
        "    prf: hmac-sha2-256\n"
        "    sk-d: \"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"\n";

/** What the server does. */
struct script {
	uint32_t modes;
	uint32_t count;
	uint8_t set_up_accept;
	uint8_t session_accept;
	uint16_t suggested_port; /**< not 0: the first request is answered with Accept 1 and this */
	uint8_t start_accept;
	uint16_t reflected_octets_change;
	bool close_before_greeting;
	bool other_key;     /**< the server's passphrase is another one */
	bool flip_hmac;     /**< of each Accept-Session */
	bool foreign_sid;   /**< in the Acks */
	bool split_acks;    /**< one Ack a SID */
	bool too_many_acks; /**< an Ack that claims more SIDs than were asked */
};

struct server {
	struct script script;
	int listener;
	int socket;
	struct endpoint endpoint;
	pthread_t thread;
	struct control_stream *stream;
	struct set_up_response response;
	struct request_tw_session requests[SESSIONS + 1];
	unsigned request_count;
	uint32_t stopped; /**< Number of Sessions in the Stop command */
};

static bool read_all(int fd, uint8_t *octets, size_t size)
{
	return recv(fd, octets, size, MSG_WAITALL) == (ssize_t)size;
}

static bool send_all(int fd, const uint8_t *octets, size_t size)
{
	return send(fd, octets, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static bool server_key(const struct server *server, uint8_t key[TOKEN_KEY_SIZE])
{
	static const uint8_t salt[SALT_SIZE] = {0x5a};
	const char *passphrase = server->script.other_key ? "another" : PASSPHRASE;
	uint8_t sk_d[32], secret[IKE_SECRET_SIZE_MAXIMUM];
	size_t size;

	if (!(server->response.mode & MODE_IKEV2_DERIVED))
		return token_key_derive((const uint8_t *)passphrase, strlen(passphrase), salt,
		                        server->script.count, key) == 0;
	for (uint8_t i = 0; i < sizeof(sk_d); i++)
		sk_d[i] = i;
	return ike_shared_secret(IKE_PRF_HMAC_SHA2_256, sk_d, sizeof(sk_d), secret, &size) == 0 &&
	       token_key_derive(secret, size, salt, server->script.count, key) == 0;
}

static bool server_set_up(struct server *server)
{
	struct server_greeting greeting = {.modes = server->script.modes,
	                                   .challenge = {1},
	                                   .salt = {0x5a},
	                                   .count = server->script.count};
	struct server_start start = {.accept = server->script.set_up_accept, .server_iv = {9}};
	uint8_t octets[SET_UP_RESPONSE_SIZE], key[TOKEN_KEY_SIZE];
	struct session_keys keys;
	bool keyed;

	server_greeting_write(octets, &greeting);
	if (!send_all(server->socket, octets, GREETING_SIZE) ||
	    !read_all(server->socket, octets, SET_UP_RESPONSE_SIZE))
		return false;
	set_up_response_read(octets, &server->response);
	keyed = server->response.mode & MODE_KEYED_MASK;
	if (keyed && (!server_key(server, key) ||
	              token_open(key, server->response.token, greeting.challenge, &keys) != 0))
		start.accept = ACCEPT_FAILURE;
	server_start_write(octets, &start);
	if (start.accept != ACCEPT_OK)
		return send_all(server->socket, octets, SERVER_START_SIZE) && false;
	server->stream = control_stream_create(keyed ? &keys : NULL, start.server_iv,
	                                       server->response.client_iv);
	return server->stream != NULL &&
	       control_stream_send(server->stream, octets + SERVER_START_CLEAR_SIZE,
	                           SERVER_START_SIZE - SERVER_START_CLEAR_SIZE) == 0 &&
	       send_all(server->socket, octets, SERVER_START_SIZE);
}

/** The blocks of a message behind its first one, and its HMAC. */
static bool read_rest(struct server *server, uint8_t *octets, size_t size)
{
	uint8_t hmac[CONTROL_STREAM_HMAC_SIZE];

	return read_all(server->socket, octets + CONTROL_BLOCK,
	                size - CONTROL_BLOCK - sizeof(hmac)) &&
	       control_stream_receive(server->stream, octets + CONTROL_BLOCK,
	                              size - CONTROL_BLOCK - sizeof(hmac)) == 0 &&
	       read_all(server->socket, hmac, sizeof(hmac)) &&
	       control_stream_receive_hmac(server->stream, hmac);
}

static bool answer(struct server *server, uint8_t *octets, size_t size)
{
	return control_stream_send_with_hmac(server->stream, octets, size) == 0 &&
	       send_all(server->socket, octets, size);
}

static bool serve_request(struct server *server, uint8_t *octets)
{
	struct accept_session accept = {.accept = server->script.session_accept,
	                                .port = PORT_GRANTED,
	                                .sid = {0x51, (uint8_t)server->request_count}};
	struct request_tw_session *request = &server->requests[server->request_count];
	uint8_t message[ACCEPT_SESSION_SIZE] = {0};

	if (server->request_count > SESSIONS ||
	    !read_rest(server, octets, REQUEST_TW_SESSION_SIZE) ||
	    request_tw_session_read(octets, request) != 0)
		return false;
	accept.reflected_octets =
	        request->octets_to_reflect ^ server->script.reflected_octets_change;
	if (server->script.suggested_port != 0 && server->request_count == 0) {
		accept.accept = ACCEPT_FAILURE;
		accept.port = server->script.suggested_port;
	} else if (accept.accept != ACCEPT_OK) {
		accept.port = 0;
	}
	server->request_count++;
	accept_session_write(message, &accept);
	if (!server->script.flip_hmac)
		return answer(server, message, sizeof(message));
	return control_stream_send_with_hmac(server->stream, message, sizeof(message)) == 0 &&
	       (message[sizeof(message) - 1] ^= 1, true) &&
	       send_all(server->socket, message, sizeof(message));
}

static bool serve_list(struct server *server, uint8_t *octets, uint8_t ack)
{
	uint8_t message[SESSION_LIST_SIZE(SESSIONS)] = {0};
	uint8_t *sids = octets + SESSION_LIST_HEADER_SIZE;
	struct session_list list, reply = {.command = ack, .accept = server->script.start_accept};
	uint32_t each;

	session_list_read(octets, &list);
	if (list.sessions != SESSIONS || !read_rest(server, octets, SESSION_LIST_SIZE(SESSIONS)))
		return false;
	if (server->script.foreign_sid)
		sids[SID_SIZE + 5] ^= 1;
	each = server->script.split_acks ? 1 : SESSIONS;
	server->stopped = ack == COMMAND_STOP_N_ACK ? list.sessions : 0;
	for (uint32_t done = 0; done < SESSIONS; done += each) {
		reply.sessions = server->script.too_many_acks ? SESSIONS + 1 : each;
		session_list_write(message, &reply);
		memcpy(message + SESSION_LIST_HEADER_SIZE, sids + (size_t)done * SID_SIZE,
		       (size_t)each * SID_SIZE);
		if (!answer(server, message, SESSION_LIST_SIZE(each)))
			return false;
	}
	return true;
}

static bool serve_command(struct server *server)
{
	uint8_t octets[MESSAGE_LIMIT], message[START_ACK_SIZE] = {0};
	struct stop_sessions stop;

	if (!read_all(server->socket, octets, CONTROL_BLOCK) ||
	    control_stream_receive(server->stream, octets, CONTROL_BLOCK) != 0)
		return false;
	switch (octets[0]) {
	case COMMAND_REQUEST_TW_SESSION:
		return serve_request(server, octets);
	case COMMAND_START_SESSIONS:
		start_ack_write(message, server->script.start_accept);
		return read_rest(server, octets, START_SESSIONS_SIZE) &&
		       answer(server, message, sizeof(message));
	case COMMAND_STOP_SESSIONS:
		stop_sessions_read(octets, &stop);
		server->stopped = stop.sessions;
		return read_rest(server, octets, STOP_SESSIONS_SIZE);
	case COMMAND_START_N_SESSIONS:
		return serve_list(server, octets, COMMAND_START_N_ACK);
	case COMMAND_STOP_N_SESSIONS:
		return serve_list(server, octets, COMMAND_STOP_N_ACK);
	default:
		return false;
	}
}

static void *serve(void *context)
{
	struct server *server = context;

	server->socket = accept(server->listener, NULL, NULL);
	if (!server->script.close_before_greeting && server_set_up(server))
		while (serve_command(server))
			;
	control_stream_destroy(server->stream);
	(void)close(server->socket);
	return NULL;
}

static void server_start_thread(struct server *server, struct script script)
{
	struct endpoint any = {.address = address_make(4, "\x7f\0\0\1")};
	struct sockaddr_storage storage;
	socklen_t size = endpoint_to_sockaddr(&any, &storage);

	*server = (struct server){.script = script};
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_FATAL(bind(server->listener, (struct sockaddr *)&storage, size) == 0);
	CU_ASSERT_FATAL(listen(server->listener, 1) == 0);
	size = sizeof(storage);
	CU_ASSERT_FATAL(getsockname(server->listener, (struct sockaddr *)&storage, &size) == 0);
	CU_ASSERT_FATAL(endpoint_from_sockaddr((struct sockaddr *)&storage, &server->endpoint) ==
	                0);
	CU_ASSERT_FATAL(pthread_create(&server->thread, NULL, serve, server) == 0);
}

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
	uint8_t sids[SESSIONS][SID_SIZE];

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
	for (unsigned i = 0; i < SESSIONS && o.result == 0; i++) {
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
		o.result = control_client_start(client, (const uint8_t(*)[SID_SIZE])sids, SESSIONS,
		                                &o.error);
	}
	if (o.result == 0) {
		o.step = "stop";
		o.result = control_client_stop(client, (const uint8_t(*)[SID_SIZE])sids, SESSIONS,
		                               &o.error);
	}
	return o;
}

/** Plays a script against a client that chooses mode. *server is over when this returns. */
static struct outcome play(struct server *server, struct script script, uint32_t mode)
{
	struct credentials credentials = {.key_id = "lab", .sa_known = true};
	struct control_client client;
	struct outcome outcome;
	struct error error;

	CU_ASSERT_FATAL(psk_file_parse("psk", psk_text, sizeof(psk_text) - 1, &credentials.keys,
	                               &error) == 0);
	CU_ASSERT_FATAL(
	        sa_file_parse("sa", sa_text, sizeof(sa_text) - 1, &credentials.sas, &error) == 0);
	CU_ASSERT(sa_file_spis(credentials.sas, 0, credentials.spi_i, credentials.spi_r) == 0);
	server_start_thread(server, script);
	outcome = client_steps(&client, server, mode, &credentials);
	control_client_close(&client);
	credentials_free(&credentials);
	CU_ASSERT(pthread_join(server->thread, NULL) == 0);
	(void)close(server->listener);
	return outcome;
}

static const struct script fair = {.modes = 0xff, .count = COUNT};

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
		struct outcome o = play(&server, fair, modes[i]);
		CU_ASSERT(o.result == 0 && o.port == PORT_GRANTED);
		CU_ASSERT(server.request_count == SESSIONS && server.stopped == SESSIONS);
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

	(void)play(&server, fair, MODE_MIXED | MODE_IKEV2_DERIVED);
	CU_ASSERT(memcmp(server.response.key_id, expected, KEY_ID_SIZE) == 0);
	(void)play(&server, fair, MODE_MIXED);
	CU_ASSERT(memcmp(server.response.key_id, lab, KEY_ID_SIZE) == 0);
	(void)play(&server, fair, MODE_UNAUTHENTICATED);
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
	struct script script = fair;

	script.modes = 0;
	expect(script, MODE_UNAUTHENTICATED, ERROR_UNAVAILABLE, "connect", "offers no mode");
	script = fair;
	script.close_before_greeting = true;
	expect(script, MODE_UNAUTHENTICATED, ERROR_UNAVAILABLE, "connect", "Server-Greeting");
	script = fair;
	script.set_up_accept = ACCEPT_NO_IKE_SA;
	expect(script, MODE_MIXED | MODE_IKEV2_DERIVED, ERROR_NOT_FOUND, "set-up", "Accept 6");
	script.set_up_accept = ACCEPT_TEMPORARY_LIMIT;
	expect(script, MODE_MIXED, ERROR_PERMISSION, "set-up", "try again later");
	script = fair;
	script.other_key = true;
	expect(script, MODE_ENCRYPTED, ERROR_PERMISSION, "set-up", "--key-file");
	script = fair;
	script.session_accept = ACCEPT_NOT_SUPPORTED;
	expect(script, MODE_UNAUTHENTICATED, ERROR_PERMISSION, "request", "Accept 3");
	script = fair;
	script.start_accept = ACCEPT_INTERNAL_ERROR;
	expect(script, MODE_AUTHENTICATED, ERROR_PERMISSION, "start", "Accept 2");
	expect(script, MODE_AUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL, ERROR_PERMISSION,
	       "start", "Accept 2");
}

static void counts_are_bounded(void)
{
	struct script script = fair;
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
	struct script script = fair;
	struct server server;
	struct outcome o;

	script.suggested_port = 20001;
	o = play(&server, script, MODE_AUTHENTICATED);
	CU_ASSERT(o.result == 0 && server.request_count == SESSIONS + 1);
	CU_ASSERT(server.requests[1].receiver.port == 20001);
}

static void lying_servers_are_seen(void)
{
	struct script script = fair;
	uint32_t individual = MODE_ENCRYPTED | MODE_INDIVIDUAL_SESSION_CONTROL;

	script.flip_hmac = true;
	expect(script, MODE_ENCRYPTED, ERROR_CRYPTO, "request", "HMAC");
	script = fair;
	script.reflected_octets_change = 1;
	expect(script, MODE_MIXED | MODE_REFLECT_OCTETS, ERROR_FORMAT, "request", "RFC 6038");
	script = fair;
	script.foreign_sid = true;
	expect(script, individual, ERROR_FORMAT, "start", "not ours");
	script = fair;
	script.too_many_acks = true;
	expect(script, individual, ERROR_FORMAT, "start", "something else");
}

static void acks_may_come_apart(void)
{
	struct script script = fair;
	struct server server;

	script.split_acks = true;
	CU_ASSERT(play(&server, script, MODE_AUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL)
	                  .result == 0);
	CU_ASSERT(server.stopped == SESSIONS);
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
	return unit_run("app-probe-control", tests);
}
