/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "session/core_table.h"

/** Not a failed check but a broken test machine. */
static void *need(void *pointer)
{
	if (pointer == NULL)
		abort();
	return pointer;
}

static void need_zero(int status)
{
	if (status != 0)
		abort();
}

/* --- Harness ---------------------------------------------------------------------------------------------------------------- */

static void set_limits(struct config_limits *limits)
{
	*limits = (struct config_limits){.connections = 100,
	                                 .connections_per_address = 20,
	                                 .sessions = 100,
	                                 .sessions_per_connection = 8,
	                                 .sessions_per_address = 50};
}

static struct config *make_config(void)
{
	struct config *config = need(calloc(1, sizeof(*config)));
	struct config_port *port = &config->ports[0];
	struct config_control *control = &config->control;

	config->port_count = 1;
	port->mtu = 1500;
	port->address_count = 2;
	need_zero(address_parse(OUR_IPV4, &port->addresses[0].address));
	port->addresses[0].length = 24;
	need_zero(address_parse(OUR_IPV6, &port->addresses[1].address));
	port->addresses[1].length = 64;
	control->modes = MODE_KNOWN_MASK;
	control->servwait = 900;
	control->refwait = 900;
	control->count = 1024;
	control->salt_lifetime = 3600;
	control->set_up_deadline = 30;
	control->half_open = 50;
	set_limits(&control->unauthenticated);
	set_limits(&control->keyed);
	need_zero(address_parse("198.51.100.0", &control->sender_addresses[0].address));
	control->sender_addresses[0].length = 24;
	control->sender_address_count = 1;
	control->log_per_minute = 0;
	config->ikev2.timeout_ms = 20000;
	config->test.port_lower = RECEIVER_PORT;
	config->test.port_upper = 20009;
	config->test.timeout_maximum = 60;
	return config;
}

void harness_open(struct harness *harness)
{
	struct clock_sample sample = clock_sample_take();

	memset(harness, 0, sizeof(*harness));
	(void)signal(SIGPIPE, SIG_IGN); /* as the appliance does: the Server may have closed */
	log_set_level(LOG_LEVEL_ERROR);
	harness->base = need(event_base_new());
	harness->config = make_config();
	need_zero(suite_create(SUITE_OPENSSL, &harness->suite, NULL));
	need_zero(session_registry_create(2, 256, harness->suite, &harness->sessions, NULL));
	tsc_clock_init(&harness->clock, 1000000000, &sample);
	fake_provider_init(&harness->psk, "key", KEY_PROVIDER_ID_SIZE, PASSPHRASE);
	fake_provider_init(&harness->ike, "SPI-init", 2 * IKE_SPI_SIZE,
	                   "prf(SK_d, IPPM) of an IKE SA");
	memcpy(harness->ike.key_id + IKE_SPI_SIZE, "SPI-resp", IKE_SPI_SIZE);
}

void harness_start_with(struct harness *harness, struct key_provider *ike_provider)
{
	const struct control_environment environment = {
	        .base = harness->base,
	        .config = harness->config,
	        .sessions = harness->sessions,
	        .psk_provider = &harness->psk.base,
	        .ike_provider = ike_provider,
	        .clock = &harness->clock,
	        .tsc_hz = 1000000000,
	        .counters = &harness->counters,
	        .audit = harness->audit,
	};

	need_zero(control_server_create(&environment, &harness->server, NULL));
}

void harness_start(struct harness *harness)
{
	harness_start_with(harness, &harness->ike.base);
}

void harness_close(struct harness *harness)
{
	control_server_destroy(harness->server);
	/* Streams that still had something to tell are freed in their turn. */
	(void)event_base_loop(harness->base, EVLOOP_NONBLOCK);
	(void)session_registry_reclaim(harness->sessions);
	session_registry_destroy(harness->sessions);
	suite_destroy(harness->suite);
	event_base_free(harness->base);
	free(harness->config);
}

uint64_t harness_counter(const struct harness *harness, enum control_counter counter)
{
	return counter_read(&harness->counters.values[counter]);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/** Runs one round of the loop; wakes after a while even when nothing happens. */
static void run_once(struct harness *harness)
{
	struct timeval limit = {.tv_usec = 10000};

	(void)event_base_loopexit(harness->base, &limit);
	(void)event_base_loop(harness->base, EVLOOP_ONCE);
}

void harness_run(struct harness *harness, unsigned milliseconds)
{
	uint64_t end = now_ms() + milliseconds;
	unsigned rounds = 0;

	/* On a busy machine the time may be over before the octets went from one end to the other. */
	while (now_ms() < end || rounds < ROUNDS_LEAST) {
		run_once(harness);
		rounds++;
	}
}

bool harness_wait_connections(struct harness *harness, unsigned connections)
{
	uint64_t end = now_ms() + WAIT_LIMIT_MS;

	while (control_server_connections(harness->server) != connections && now_ms() < end)
		run_once(harness);
	return control_server_connections(harness->server) == connections;
}

bool harness_wait_sessions(struct harness *harness, unsigned sessions)
{
	uint64_t end = now_ms() + WAIT_LIMIT_MS;

	while (session_registry_count(harness->sessions) != sessions && now_ms() < end)
		run_once(harness);
	return session_registry_count(harness->sessions) == sessions;
}

bool harness_wait_counter(struct harness *harness, enum control_counter counter, uint64_t value)
{
	uint64_t end = now_ms() + WAIT_LIMIT_MS;

	while (harness_counter(harness, counter) != value && now_ms() < end)
		run_once(harness);
	return harness_counter(harness, counter) == value;
}

struct core_session *harness_find(const struct harness *harness, const char *sender,
                                  uint16_t sender_port, const char *reflector,
                                  uint16_t reflector_port)
{
	struct core_table *table = session_registry_table(harness->sessions, 0);
	struct endpoint from = {.port = sender_port};
	struct endpoint to = {.port = reflector_port};
	struct flow_key key;

	need_zero(address_parse(sender, &from.address));
	need_zero(address_parse(reflector, &to.address));
	memset(&key, 0, sizeof(key));
	flow_key_make(&key, &from, &to, 0, 0);
	return core_table_find(table, &key, flow_key_hash(&key, core_table_seed(table)));
}

/* --- Client ----------------------------------------------------------------------------------------------------------------- */

static void on_client_event(struct bufferevent *stream, short what, void *context)
{
	struct client *client = context;

	(void)stream;
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		client->ended = true;
}

void client_connect(struct client *client, struct harness *harness, const char *address)
{
	struct endpoint from = {.port = 40000};
	struct endpoint to = {.port = TWAMP_CONTROL_PORT};
	struct bufferevent *server_end;
	int fds[2];

	memset(client, 0, sizeof(*client));
	client->harness = harness;
	need_zero(address_parse(address, &from.address));
	need_zero(address_parse(from.address.family == 4 ? OUR_IPV4 : OUR_IPV6, &to.address));
	need_zero(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
	client->stream = need(bufferevent_socket_new(harness->base, fds[0], BEV_OPT_CLOSE_ON_FREE));
	server_end = need(bufferevent_socket_new(harness->base, fds[1],
	                                         BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS));
	bufferevent_setcb(client->stream, NULL, NULL, on_client_event, client);
	(void)bufferevent_enable(client->stream, EV_READ | EV_WRITE);
	(void)control_server_adopt(harness->server, server_end, &from, &to);
}

void client_close(struct client *client)
{
	if (client->stream != NULL)
		bufferevent_free(client->stream);
	control_stream_destroy(client->cipher);
	client->stream = NULL;
	client->cipher = NULL;
}

void client_write(struct client *client, const void *octets, size_t size)
{
	(void)bufferevent_write(client->stream, octets, size);
}

static size_t input_size(const struct client *client)
{
	return evbuffer_get_length(bufferevent_get_input(client->stream));
}

bool client_read(struct client *client, void *octets, size_t size)
{
	uint64_t end = now_ms() + WAIT_LIMIT_MS;

	while (input_size(client) < size && !client->ended && now_ms() < end)
		run_once(client->harness);
	return input_size(client) >= size && bufferevent_read(client->stream, octets, size) == size;
}

bool client_sees_end(struct client *client)
{
	uint64_t end = now_ms() + WAIT_LIMIT_MS;

	while (!client->ended && now_ms() < end)
		run_once(client->harness);
	return client->ended && input_size(client) == 0;
}

bool client_sees_nothing(struct client *client, unsigned milliseconds)
{
	harness_run(client->harness, milliseconds);
	return !client->ended && input_size(client) == 0;
}

bool client_read_greeting(struct client *client)
{
	uint8_t octets[GREETING_SIZE];

	if (!client_read(client, octets, sizeof(octets)))
		return false;
	server_greeting_read(octets, &client->greeting);
	return true;
}

static const uint8_t client_iv[IV_SIZE] = "client-iv-------";

void client_send_set_up(struct client *client, uint32_t mode, const char *key_id,
                        const void *secret, size_t secret_size)
{
	struct set_up_response response = {.mode = mode};
	uint8_t octets[SET_UP_RESPONSE_SIZE];
	uint8_t token_key[TOKEN_KEY_SIZE];
	const struct config *config = client->harness->config;

	if ((mode & MODE_KEYED_MASK) != 0) {
		if (key_id != NULL)
			memcpy(response.key_id, key_id, strlen(key_id));
		else
			memcpy(response.key_id, client->harness->ike.key_id, KEY_ID_SIZE);
		need_zero(random_octets(client->keys.aes, sizeof(client->keys.aes)));
		need_zero(random_octets(client->keys.hmac, sizeof(client->keys.hmac)));
		if ((mode & MODE_IKEV2_DERIVED) != 0 && config->ikev2.token_key == TOKEN_KEY_DIRECT)
			memcpy(token_key, secret, sizeof(token_key));
		else
			need_zero(token_key_derive(secret, secret_size, client->greeting.salt,
			                           client->greeting.count, token_key));
		need_zero(token_seal(token_key, client->greeting.challenge, &client->keys,
		                     response.token));
		memcpy(response.client_iv, client_iv, sizeof(client_iv));
	}
	set_up_response_write(octets, &response);
	client_write(client, octets, sizeof(octets));
}

int client_read_server_start(struct client *client, uint32_t mode)
{
	uint8_t octets[SERVER_START_SIZE];

	if (!client_read(client, octets, sizeof(octets)))
		return -1;
	server_start_read(octets, &client->start);
	if (client->start.accept != ACCEPT_OK)
		return client->start.accept;
	client->cipher =
	        need(control_stream_create((mode & MODE_KEYED_MASK) != 0 ? &client->keys : NULL,
	                                   client_iv, client->start.server_iv));
	need_zero(control_stream_receive(client->cipher, octets + SERVER_START_CLEAR_SIZE,
	                                 sizeof(octets) - SERVER_START_CLEAR_SIZE));
	server_start_read(octets, &client->start);
	return client->start.accept;
}

static bool answer_greeting(struct client *client, uint32_t mode)
{
	const struct harness *harness = client->harness;
	bool ike = (mode & MODE_IKEV2_DERIVED) != 0;
	const struct shared_secret *secret = ike ? &harness->ike.secret : &harness->psk.secret;

	if (!client_read_greeting(client))
		return false;
	client_send_set_up(client, mode, ike ? NULL : "key", secret->octets, secret->size);
	return true;
}

int client_set_up(struct client *client, uint32_t mode)
{
	return answer_greeting(client, mode) ? client_read_server_start(client, mode) : -1;
}

bool client_begin(struct client *client, struct harness *harness, const char *address,
                  uint32_t mode)
{
	client_connect(client, harness, address);
	return answer_greeting(client, mode);
}

bool client_open(struct client *client, struct harness *harness, const char *address, uint32_t mode)
{
	client_connect(client, harness, address);
	return client_set_up(client, mode) == ACCEPT_OK;
}

void client_send(struct client *client, uint8_t *octets, size_t size)
{
	need_zero(control_stream_send_with_hmac(client->cipher, octets, size));
	client_write(client, octets, size);
}

bool client_receive(struct client *client, uint8_t *octets, size_t size)
{
	size_t body = size - CONTROL_HMAC_SIZE;

	if (!client_read(client, octets, size))
		return false;
	need_zero(control_stream_receive(client->cipher, octets, body));
	return control_stream_receive_hmac(client->cipher, octets + body);
}

struct request_tw_session client_request_template(uint8_t ip_version)
{
	struct request_tw_session request = {.ip_version = ip_version};

	request.sender.address.family = ip_version;
	request.sender.port = SENDER_PORT;
	request.receiver.address.family = ip_version;
	request.receiver.port = RECEIVER_PORT;
	request.timeout = 1ULL << 32;
	return request;
}

bool client_request(struct client *client, const struct request_tw_session *request,
                    struct accept_session *answer)
{
	uint8_t octets[REQUEST_TW_SESSION_SIZE] = {0};
	uint8_t reply[ACCEPT_SESSION_SIZE];

	request_tw_session_write(octets, request);
	client_send(client, octets, sizeof(octets));
	if (!client_receive(client, reply, sizeof(reply)))
		return false;
	accept_session_read(reply, answer);
	return true;
}

int client_request_accept(struct client *client)
{
	const struct request_tw_session message = client_request_template(4);
	struct accept_session answer;

	return client_request(client, &message, &answer) ? answer.accept : -1;
}

int client_start(struct client *client)
{
	uint8_t octets[START_SESSIONS_SIZE] = {0};
	uint8_t reply[START_ACK_SIZE];

	start_sessions_write(octets);
	client_send(client, octets, sizeof(octets));
	return client_receive(client, reply, sizeof(reply)) ? start_ack_read(reply) : -1;
}

void client_stop(struct client *client, uint8_t accept, uint32_t sessions)
{
	const struct stop_sessions message = {.accept = accept, .sessions = sessions};
	uint8_t octets[STOP_SESSIONS_SIZE] = {0};

	stop_sessions_write(octets, &message);
	client_send(client, octets, sizeof(octets));
}

int client_command(struct client *client, uint8_t command)
{
	uint8_t octets[2 * CONTROL_BLOCK] = {command};
	uint8_t reply[ACCEPT_SESSION_SIZE];
	struct accept_session answer;

	client_send(client, octets, sizeof(octets));
	if (!client_receive(client, reply, sizeof(reply)))
		return -1;
	accept_session_read(reply, &answer);
	return answer.accept;
}

void client_send_list(struct client *client, uint8_t command, const uint8_t (*sids)[SID_SIZE],
                      uint32_t count)
{
	const struct session_list header = {.command = command, .sessions = count};
	uint8_t *octets = need(calloc(1, SESSION_LIST_SIZE(count)));

	session_list_write(octets, &header);
	memcpy(octets + SESSION_LIST_HEADER_SIZE, sids, (size_t)count * SID_SIZE);
	client_send(client, octets, SESSION_LIST_SIZE(count));
	free(octets);
}

bool client_read_list(struct client *client, struct session_list *header, uint8_t (*sids)[SID_SIZE],
                      uint32_t maximum)
{
	uint8_t block[SESSION_LIST_HEADER_SIZE];
	uint8_t hmac[CONTROL_HMAC_SIZE];

	if (!client_read(client, block, sizeof(block)))
		return false;
	need_zero(control_stream_receive(client->cipher, block, sizeof(block)));
	session_list_read(block, header);
	if (header->sessions == 0 || header->sessions > maximum ||
	    !client_read(client, sids, (size_t)header->sessions * SID_SIZE))
		return false;
	need_zero(control_stream_receive(client->cipher, sids[0],
	                                 (size_t)header->sessions * SID_SIZE));
	return client_read(client, hmac, sizeof(hmac)) &&
	       control_stream_receive_hmac(client->cipher, hmac);
}
