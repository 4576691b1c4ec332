/* SPDX-License-Identifier: BSD-3-Clause */
/** Clients that mean harm or don't know better: garbage, half-open set-ups, slow readers. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <string.h>

#include "control/connection.h"
#include "harness.h"
#include "unit.h"

#define GARBAGE_CONNECTIONS 2000
#define HALF_OPEN           200

/** xorshift: the same garbage every time. */
static void fill_garbage(uint8_t *octets, size_t size, uint32_t *state)
{
	for (size_t i = 0; i < size; i++) {
		*state ^= *state << 13;
		*state ^= *state >> 17;
		*state ^= *state << 5;
		octets[i] = (uint8_t)*state;
	}
}

static void two_thousand_garbage_connections(void)
{
	struct harness harness;
	struct client client;
	uint8_t garbage[512];
	uint32_t state = 1;

	harness_open(&harness);
	harness_start(&harness);
	for (unsigned i = 0; i < GARBAGE_CONNECTIONS; i++) {
		client_connect(&client, &harness, CLIENT_IPV4);
		fill_garbage(garbage, sizeof(garbage), &state);
		/* Every other one is set up first, so that its garbage is read as commands. */
		if (i % 2 == 0)
			CU_ASSERT_EQUAL(client_set_up(&client, i % 4 == 0 ? MODE_UNAUTHENTICATED
			                                                  : MODE_ENCRYPTED),
			                ACCEPT_OK);
		client_write(&client, garbage, sizeof(garbage));
		for (unsigned turn = 0; turn < 4; turn++)
			(void)event_base_loop(harness.base, EVLOOP_NONBLOCK);
		client_close(&client);
	}
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL(limits_addresses(harness.server->limits), 0);
	CU_ASSERT_EQUAL(limits_half_open(harness.server->limits), 0);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 0);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	client_close(&client);
	harness_close(&harness);
}

static void half_open_set_ups_leave_room_for_others(void)
{
	static struct client half_open[HALF_OPEN];
	struct harness harness;
	struct client client;

	harness_open(&harness);
	harness.config->control.half_open = HALF_OPEN + 1;
	harness.config->control.unauthenticated.connections = 1000;
	harness.config->control.unauthenticated.connections_per_address = 1000;
	harness_start(&harness);
	for (unsigned i = 0; i < HALF_OPEN; i++)
		client_connect(&half_open[i], &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(client_open(&client, &harness, "192.0.2.50", MODE_AUTHENTICATED));
	client_close(&client);
	for (unsigned i = 0; i < HALF_OPEN; i++)
		client_close(&half_open[i]);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	harness_close(&harness);
}

static void a_client_that_never_reads_costs_little(void)
{
	struct harness harness;
	struct client client;
	struct connection *connection;
	uint8_t commands[64 * 2 * CONTROL_BLOCK];
	const size_t limit = 64 * 1024;
	size_t answers = 0;
	uint8_t reply[ACCEPT_SESSION_SIZE];

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	connection = LIST_FIRST(&harness.server->connections);
	(void)bufferevent_disable(client.stream, EV_READ);
	memset(commands, 0, sizeof(commands));
	for (unsigned i = 0; i < 2000; i++) {
		client_write(&client, commands, sizeof(commands));
		(void)event_base_loop(harness.base, EVLOOP_NONBLOCK);
		CU_ASSERT_TRUE_FATAL(
		        evbuffer_get_length(bufferevent_get_output(connection->stream)) +
		                evbuffer_get_length(bufferevent_get_input(connection->stream)) <
		        limit);
	}
	CU_ASSERT_TRUE(connection->paused);
	/* When it reads at last, it gets every answer. */
	(void)bufferevent_enable(client.stream, EV_READ);
	while (answers < (size_t)2000 * 64 && client_read(&client, reply, sizeof(reply)))
		answers++;
	CU_ASSERT_EQUAL(answers, (size_t)2000 * 64);
	client_close(&client);
	harness_close(&harness);
}

static void destroying_a_busy_server_leaves_nothing(void)
{
	struct harness harness;
	struct client clients[4];
	struct request_tw_session message = client_request_template(4);
	struct accept_session answer;

	harness_open(&harness);
	harness_start(&harness);
	client_connect(&clients[0], &harness, CLIENT_IPV4);
	for (unsigned i = 1; i < 4; i++) {
		CU_ASSERT_TRUE(client_open(&clients[i], &harness, CLIENT_IPV4, MODE_ENCRYPTED));
		CU_ASSERT_TRUE(client_request(&clients[i], &message, &answer));
		if (i > 1)
			CU_ASSERT_EQUAL(client_start(&clients[i]), ACCEPT_OK);
	}
	client_stop(&clients[3], ACCEPT_OK, 1);
	harness_run(&harness, 5);
	harness.psk.how = FAKE_LATER;
	CU_ASSERT_TRUE(client_read_greeting(&clients[0]));
	client_send_set_up(&clients[0], MODE_ENCRYPTED, "key", PASSPHRASE, strlen(PASSPHRASE));
	harness_run(&harness, 5);
	control_server_destroy(harness.server);
	harness.server = NULL;
	CU_ASSERT_EQUAL(harness.psk.cancelled, 1);
	CU_ASSERT_EQUAL(session_registry_count(harness.sessions), 0);
	for (unsigned i = 0; i < 4; i++)
		client_close(&clients[i]);
	harness_close(&harness);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"two thousand garbage connections", two_thousand_garbage_connections},
	        {"half-open set-ups leave room for others",
	         half_open_set_ups_leave_room_for_others},
	        {"a client that never reads costs little", a_client_that_never_reads_costs_little},
	        {"destroying a busy server leaves nothing",
	         destroying_a_busy_server_leaves_nothing},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-robustness", tests);
}
