/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A Control-Client's octets into the whole Server, through a bufferevent pair. The first octet says how:
 *   0: as they are, from the Set-Up-Response on;
 *   1: as commands of a connection that was set up in unauthenticated mode;
 *   2: as commands of a connection that was set up in a keyed mode, with fixed keys.
 * Commands are cut or filled to their length, given their HMAC and encrypted, so that what comes after decryption is reached. The second
 * octet is added to the Mode. SIDs that begin with 0xff stand for the connection's sessions. Between commands an octet that no command has
 * makes something else happen (enum incident), in the midst of a command too that is done in portions.
 */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "control/connection.h"
#include "control/control_operator.h"
#include "control/server.h"
#include "crypto/control_stream.h"
#include "crypto/key_derivation.h"

#define OPTION_MODES 0xf0u /**< what the second octet may add */
#define KNOWN_SID    0xff
#define TSC_HZ       1000000000u

enum incident {
	INCIDENT_NONE = 0xf0, /**< the next command, and what is behind it, come in one piece */
	INCIDENT_TURN,
	INCIDENT_CLOSE_ALL,
	INCIDENT_CLOSE_SESSION,
	INCIDENT_RECONFIGURE,
	INCIDENT_SECRET_GONE,
	INCIDENT_REFWAIT,
	INCIDENT_HANG_UP,
	INCIDENT_END
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct event_base *base;
static struct config config;
static struct suite *suite;
static struct session_registry *sessions;
static struct tsc_clock tsc_clock;
static struct control_counters counters;
static struct control_server *server;
static struct endpoint client;
static struct endpoint local;

/** The one secret that every KeyID and every SA has. */
static const struct shared_secret secret = {.octets = "fuzz the control", .size = 16};
static const struct session_keys keys = {.aes = "AES session key", .hmac = "HMAC session key"};

static int ask(struct key_provider *provider, const struct key_query *query, key_answer answer,
               void *context, struct key_lookup **lookup)
{
	(void)provider;
	*lookup = NULL;
	answer(context, query->key_id[0] == '?' ? ERROR_NOT_FOUND : 0, &secret, NULL);
	return 0;
}

static void cancel(struct key_provider *provider, struct key_lookup *lookup)
{
	(void)provider;
	(void)lookup;
}

static const struct key_provider_operations operations = {.ask = ask, .cancel = cancel};
static struct key_provider provider = {.operations = &operations};

static void need_zero(int status)
{
	if (status != 0)
		abort();
}

static void make_config(void)
{
	const struct config_limits limits = {.connections = 10,
	                                     .connections_per_address = 10,
	                                     .sessions = 32,
	                                     .sessions_per_connection = 16,
	                                     .sessions_per_address = 32};

	config.port_count = 1;
	config.ports[0].mtu = 1500;
	config.ports[0].address_count = 1;
	config.ports[0].addresses[0].address = local.address;
	config.ports[0].addresses[0].length = 24;
	config.control.modes = 0xff;
	config.control.servwait = 900;
	config.control.refwait = 900;
	config.control.count = PBKDF2_COUNT_MINIMUM;
	config.control.salt_lifetime = UINT32_MAX / 2;
	config.control.set_up_deadline = 30;
	config.control.half_open = 10;
	config.control.unauthenticated = limits;
	config.control.keyed = limits;
	config.ikev2.token_key = TOKEN_KEY_DIRECT;
	config.ikev2.timeout_ms = 2000;
	config.test.port_lower = 20000;
	config.test.port_upper = 20007;
	config.test.timeout_maximum = 60;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct clock_sample sample = clock_sample_take();
	struct control_environment environment = {.config = &config,
	                                          .psk_provider = &provider,
	                                          .ike_provider = &provider,
	                                          .clock = &tsc_clock,
	                                          .tsc_hz = TSC_HZ,
	                                          .counters = &counters};

	(void)argc;
	(void)argv;
	log_set_level(LOG_LEVEL_DEBUG); /* texts are made; log_per_minute 0 writes none */
	client.port = 40000;
	local.port = TWAMP_CONTROL_PORT;
	need_zero(address_parse("192.0.2.1", &client.address));
	need_zero(address_parse("192.0.2.2", &local.address));
	make_config();
	base = event_base_new();
	need_zero(suite_create(SUITE_OPENSSL, &suite, NULL));
	need_zero(session_registry_create(1, 64, suite, &sessions, NULL));
	tsc_clock_init(&tsc_clock, TSC_HZ, &sample);
	environment.base = base;
	environment.sessions = sessions;
	need_zero(control_server_create(&environment, &server, NULL));
	/* So that what is done in portions is, with the few sessions of an input. */
	server->portion = 1;
	return 0;
}

static void run(void)
{
	for (unsigned i = 0; i < 8; i++)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

static struct connection *the_connection(void)
{
	return TAILQ_FIRST(&server->connections);
}

/** A Set-Up-Response that is accepted unless mode makes no sense; its Token is sealed for this connection's Challenge. */
static void send_set_up(struct bufferevent *stream, uint32_t mode)
{
	struct set_up_response response = {.mode = mode, .key_id = "fuzz"};
	uint8_t octets[SET_UP_RESPONSE_SIZE];
	uint8_t key[TOKEN_KEY_SIZE];

	if ((mode & MODE_IKEV2_DERIVED) != 0)
		memcpy(key, secret.octets, sizeof(key));
	else
		need_zero(token_key_derive(secret.octets, secret.size, the_connection()->salt,
		                           config.control.count, key));
	need_zero(token_seal(key, the_connection()->challenge, &keys, response.token));
	set_up_response_write(octets, &response);
	(void)bufferevent_write(stream, octets, sizeof(octets));
	run();
}

/** The length that a command should have by its own words. */
static size_t length_of(const uint8_t *block)
{
	struct session_list list;

	switch (block[0]) {
	case COMMAND_REQUEST_TW_SESSION:
		return REQUEST_TW_SESSION_SIZE;
	case COMMAND_FETCH_SESSION:
		return 3 * CONTROL_BLOCK;
	case COMMAND_START_N_SESSIONS:
	case COMMAND_STOP_N_SESSIONS:
		session_list_read(block, &list);
		return list.sessions <= config.control.keyed.sessions_per_connection
		               ? SESSION_LIST_SIZE(list.sessions)
		               : 2 * CONTROL_BLOCK;
	default:
		return 2 * CONTROL_BLOCK;
	}
}

/** Those that are started come first. */
static const struct test_session *next_session(const struct connection *connection,
                                               const struct test_session *test)
{
	const struct test_session *next = TAILQ_NEXT(test, link);

	return next == NULL && test->state == TEST_SESSION_STARTED
	               ? TAILQ_FIRST(&connection->accepted)
	               : next;
}

/** Puts the SIDs of the connection's sessions where the input asks for them. */
static void fill_in_sids(uint8_t *octets, size_t size)
{
	const struct test_session *test;
	size_t offset = SESSION_LIST_HEADER_SIZE;

	if (the_connection() == NULL ||
	    (octets[0] != COMMAND_START_N_SESSIONS && octets[0] != COMMAND_STOP_N_SESSIONS))
		return;
	test = connection_any_session(the_connection());
	for (; test != NULL && offset + SID_SIZE <= size - CONTROL_HMAC_SIZE; offset += SID_SIZE) {
		if (octets[offset] != KNOWN_SID)
			continue;
		memcpy(octets + offset, test->session->sid, SID_SIZE);
		test = next_session(the_connection(), test);
	}
}

/** REFWAIT of a session passes without a packet. */
static void pass_refwait(struct test_session *test)
{
	uint64_t refwait = server->timing.refwait;

	server->timing.refwait = 0;
	deadline_disarm(server->deadlines, &test->deadline);
	test_session_deadline(&test->deadline);
	server->timing.refwait = refwait;
}

static void happen(enum incident incident, struct bufferevent *stream)
{
	struct test_session *test = connection_any_session(the_connection());
	struct control_closed closed;

	if (incident == INCIDENT_TURN)
		(void)event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	else if (incident == INCIDENT_CLOSE_ALL)
		closed = control_server_close_all(server);
	else if (incident == INCIDENT_CLOSE_SESSION && test != NULL)
		(void)control_server_close_session(server, test->session->sid, &closed);
	else if (incident == INCIDENT_RECONFIGURE)
		control_server_reconfigure(server, &config, &provider, &provider);
	else if (incident == INCIDENT_SECRET_GONE && provider.gone != NULL)
		provider.gone(provider.gone_context, &secret);
	else if (incident == INCIDENT_REFWAIT && test != NULL &&
	         test->state == TEST_SESSION_STARTED)
		pass_refwait(test);
	else if (incident == INCIDENT_HANG_UP)
		(void)bufferevent_flush(stream, EV_WRITE, BEV_FINISHED);
}

/** Sends the input as whole commands, protected by cipher. */
static void send_commands(struct bufferevent *stream, struct control_stream *cipher,
                          const uint8_t *data, size_t size)
{
	uint8_t octets[SESSION_LIST_SIZE(16)];

	for (bool waits = true; size > 0 && the_connection() != NULL;) {
		size_t length;
		size_t given;

		if (data[0] >= INCIDENT_NONE && data[0] < INCIDENT_END) {
			happen(data[0], stream);
			waits = data[0] != INCIDENT_NONE;
			data++;
			size--;
			continue;
		}

		memset(octets, 0, sizeof(octets));
		memcpy(octets, data, size < CONTROL_BLOCK ? size : CONTROL_BLOCK);
		length = length_of(octets);
		given = size < length - CONTROL_HMAC_SIZE ? size : length - CONTROL_HMAC_SIZE;
		memcpy(octets, data, given);
		fill_in_sids(octets, length);
		need_zero(control_stream_send_with_hmac(cipher, octets, length));
		(void)bufferevent_write(stream, octets, length);
		data += given;
		size -= given;
		if (waits)
			run();
		waits = true;
	}
}

/** What a client does after a set-up of its own. */
static void converse(struct bufferevent *stream, uint32_t mode, const uint8_t *data, size_t size)
{
	bool keyed = (mode & MODE_KEYED_MASK) != 0;
	static const uint8_t zero_iv[IV_SIZE];
	struct control_stream *cipher =
	        control_stream_create(keyed ? &keys : NULL, zero_iv, zero_iv);

	if (cipher == NULL)
		abort();
	send_set_up(stream, mode);
	send_commands(stream, cipher, data, size);
	control_stream_destroy(cipher);
}

static void clean_up(struct bufferevent *stream)
{
	run();
	(void)bufferevent_flush(stream, EV_WRITE, BEV_FINISHED);
	run();
	bufferevent_free(stream);
	while (the_connection() != NULL)
		connection_close(the_connection(), CONTROL_END_CONNECTION_CLOSED);
	while (!TAILQ_EMPTY(&server->stopped))
		test_session_end(TAILQ_FIRST(&server->stopped), CONTROL_END_STOPPED);
	while (!TAILQ_EMPTY(&server->ending))
		run();
	if (session_registry_count(sessions) != 0 || limits_addresses(server->limits) != 0 ||
	    limits_half_open(server->limits) != 0)
		abort();
	(void)session_registry_reclaim(sessions);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bufferevent *pair[2];
	uint32_t mode;

	if (size < 2)
		return 0;
	mode = data[1] & OPTION_MODES;
	need_zero(bufferevent_pair_new(base, 0, pair));
	(void)bufferevent_enable(pair[0], EV_READ | EV_WRITE);
	need_zero(control_server_adopt(server, pair[1], &client, &local));
	if (data[0] == 1) {
		converse(pair[0], mode | MODE_UNAUTHENTICATED, data + 2, size - 2);
	} else if (data[0] == 2) {
		uint32_t security = (data[1] & 3) == 0   ? MODE_AUTHENTICATED
		                    : (data[1] & 3) == 1 ? MODE_ENCRYPTED
		                                         : MODE_MIXED;

		converse(pair[0], mode | security, data + 2, size - 2);
	} else {
		(void)bufferevent_write(pair[0], data + 2, size - 2);
	}
	clean_up(pair[0]);
	return 0;
}
