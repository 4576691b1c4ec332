/* SPDX-License-Identifier: BSD-3-Clause */
/** Clients that mean harm or don't know better: garbage, half-open set-ups, slow readers. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "control/connection.h"
#include "harness.h"
#include "unit.h"

#define GARBAGE_CONNECTIONS 2000
#define HALF_OPEN           200
#define LAST_COMMANDS       256

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

/** True when the Server has closed a connection that has only been greeted. */
static bool is_displaced(struct client *client)
{
	return client_read_greeting(client) && client->greeting.modes != 0 &&
	       client_sees_end(client);
}

static void the_oldest_of_the_greediest_address_gives_way(void)
{
	struct harness harness;
	struct client many[3];
	struct client few[1];
	struct client other;
	struct client same;

	harness_open(&harness);
	harness.config->control.half_open = 4;
	harness_start(&harness);
	client_connect(&few[0], &harness, "192.0.2.50");
	for (unsigned i = 0; i < 3; i++)
		client_connect(&many[i], &harness, CLIENT_IPV4);
	harness_run(&harness, 5);
	client_connect(&other, &harness, CLIENT_IPV6);
	CU_ASSERT_TRUE(is_displaced(&many[0]));
	client_connect(&same, &harness, CLIENT_IPV4);
	CU_ASSERT_TRUE(is_displaced(&many[1]));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_DISPLACED), 2);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_CONNECTIONS_REFUSED), 0);
	CU_ASSERT_EQUAL(limits_half_open(harness.server->limits), 4);
	/* All others still have theirs. */
	CU_ASSERT_EQUAL(client_set_up(&few[0], MODE_UNAUTHENTICATED), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_set_up(&many[2], MODE_ENCRYPTED), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_set_up(&other, MODE_MIXED), ACCEPT_OK);
	CU_ASSERT_EQUAL(client_set_up(&same, MODE_AUTHENTICATED), ACCEPT_OK);
	for (unsigned i = 0; i < 3; i++)
		client_close(&many[i]);
	client_close(&few[0]);
	client_close(&other);
	client_close(&same);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	harness_close(&harness);
}

static void half_open_ones_do_not_use_up_their_address(void)
{
	struct harness harness;
	struct client silent[2];
	struct client working;
	struct client late;

	harness_open(&harness);
	harness.config->control.unauthenticated.connections_per_address = 1;
	harness.config->control.keyed.connections_per_address = 2;
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&working, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	client_connect(&silent[0], &harness, CLIENT_IPV4);
	client_connect(&silent[1], &harness, CLIENT_IPV4);
	harness_run(&harness, 5);
	CU_ASSERT_TRUE(client_open(&late, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	CU_ASSERT_TRUE(is_displaced(&silent[0]));
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_DISPLACED), 1);
	CU_ASSERT_EQUAL(client_set_up(&silent[1], MODE_UNAUTHENTICATED), ACCEPT_OK);
	client_close(&silent[0]);
	client_close(&silent[1]);
	client_close(&working);
	client_close(&late);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	CU_ASSERT_EQUAL(limits_addresses(harness.server->limits), 0);
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
	connection = TAILQ_FIRST(&harness.server->connections);
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

/** The two ends of a connection whose client reads at the wrong moment. */
static int server_end = -1;
static int client_end = -1;
static size_t drained;

static void drain(void)
{
	uint8_t octets[4096];
	ssize_t size;

	while ((size = recv(client_end, octets, sizeof(octets), MSG_DONTWAIT)) > 0)
		drained += (size_t)size;
}

/** The C library's, for libevent. Answers for which input has to wait didn't fit: at once the client reads all that did. */
ssize_t writev(int fd, const struct iovec *vectors, int count)
{
	ssize_t written = syscall(SYS_writev, fd, vectors, count);
	int code = errno;
	size_t size = 0;

	for (int i = 0; i < count; i++)
		size += vectors[i].iov_len;
	if (fd == server_end && written < 0 && size >= 16384)
		drain();
	errno = code;
	return written;
}

/** It reads between two writes of one turn, when its input has just been put off: nothing is left to wait for. */
static void a_client_that_reads_at_the_wrong_moment_is_answered(void)
{
	enum { COMMANDS = 16384 };
	struct harness harness;
	struct client client;
	uint8_t command[2 * CONTROL_BLOCK] = {0};

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	struct connection *connection = TAILQ_FIRST(&harness.server->connections);
	(void)bufferevent_disable(client.stream, EV_READ);
	server_end = bufferevent_getfd(connection->stream);
	client_end = bufferevent_getfd(client.stream);
	drained = 0;
	for (unsigned i = 0; i < COMMANDS; i++)
		(void)bufferevent_write(client.stream, command, sizeof(command));
	for (unsigned i = 0; i < 100 && drained == 0; i++)
		harness_run(&harness, 5);
	CU_ASSERT_NOT_EQUAL(drained, 0);
	for (unsigned i = 0; i < 100 && drained < (size_t)COMMANDS * ACCEPT_SESSION_SIZE; i++) {
		harness_run(&harness, 5);
		drain();
	}
	CU_ASSERT_EQUAL(drained, (size_t)COMMANDS * ACCEPT_SESSION_SIZE);
	server_end = -1;
	client_close(&client);
	harness_close(&harness);
}

/** However many commands it sends at once, and so wherever input has to wait, none is forgotten when it reads at last. */
static void commands_sent_at_once_are_all_answered(void)
{
	static const uint8_t commands[900 * 2 * CONTROL_BLOCK];
	struct harness harness;
	struct client client;
	unsigned waited = 0;
	int small = 1;

	harness_open(&harness);
	harness_start(&harness);
	for (size_t count = 400; count <= 900; count += 20) {
		uint8_t reply[ACCEPT_SESSION_SIZE];
		size_t answers = 0;

		CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
		struct connection *connection = TAILQ_FIRST(&harness.server->connections);
		(void)setsockopt(bufferevent_getfd(connection->stream), SOL_SOCKET, SO_SNDBUF,
		                 &small, sizeof(small));
		(void)bufferevent_disable(client.stream, EV_READ);
		(void)bufferevent_write(client.stream, commands, count * 2 * CONTROL_BLOCK);
		harness_run(&harness, 2);
		waited += connection->paused;
		(void)bufferevent_enable(client.stream, EV_READ);
		while (answers < count && client_read(&client, reply, sizeof(reply)))
			answers++;
		CU_ASSERT_EQUAL(answers, count);
		client_close(&client);
	}
	CU_ASSERT_NOT_EQUAL(waited, 0);
	harness_close(&harness);
}

/** It reads slowly too: most answers still wait when its end of input is seen. */
static void a_client_that_has_sent_its_last_is_answered(void)
{
	struct harness harness;
	struct client client;
	uint8_t commands[LAST_COMMANDS * 2 * CONTROL_BLOCK] = {0};
	uint8_t reply[ACCEPT_SESSION_SIZE];
	unsigned answers = 0;
	int small = 1;

	harness_open(&harness);
	harness_start(&harness);
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	struct connection *connection = TAILQ_FIRST(&harness.server->connections);
	CU_ASSERT_EQUAL(setsockopt(bufferevent_getfd(connection->stream), SOL_SOCKET, SO_SNDBUF,
	                           &small, sizeof(small)),
	                0);
	(void)bufferevent_disable(client.stream, EV_READ);
	client_write(&client, commands, sizeof(commands));
	harness_run(&harness, 20);
	CU_ASSERT_NOT_EQUAL(evbuffer_get_length(bufferevent_get_output(connection->stream)), 0);
	CU_ASSERT_EQUAL(shutdown(bufferevent_getfd(client.stream), SHUT_WR), 0);
	harness_run(&harness, 20);
	(void)bufferevent_enable(client.stream, EV_READ);
	while (client_read(&client, reply, sizeof(reply)))
		answers++;
	CU_ASSERT_EQUAL(answers, LAST_COMMANDS);
	CU_ASSERT_TRUE(client_sees_end(&client));
	client_close(&client);
	harness_close(&harness);
}

/** It leaves its last answers, and its half of the connection, for ever. */
static void a_last_message_waits_only_so_long(void)
{
	struct harness harness;
	struct client client;
	uint8_t commands[LAST_COMMANDS * 2 * CONTROL_BLOCK] = {0};
	int small = 1;

	harness_open(&harness);
	harness_start(&harness);
	harness.server->timing.flush = 20;
	CU_ASSERT_TRUE(client_open(&client, &harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	struct connection *connection = TAILQ_FIRST(&harness.server->connections);
	CU_ASSERT_EQUAL(setsockopt(bufferevent_getfd(connection->stream), SOL_SOCKET, SO_SNDBUF,
	                           &small, sizeof(small)),
	                0);
	(void)bufferevent_disable(client.stream, EV_READ);
	client_write(&client, commands, sizeof(commands));
	harness_run(&harness, 20);
	CU_ASSERT_EQUAL(shutdown(bufferevent_getfd(client.stream), SHUT_WR), 0);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	client_close(&client);
	harness_close(&harness);
}

static void what_is_sent_ahead_costs_little(void)
{
	static uint8_t ahead[1024 * 1024];
	struct harness harness;
	struct client client;
	struct connection *connection;

	harness_open(&harness);
	harness_start(&harness);
	harness.psk.how = FAKE_LATER;
	CU_ASSERT_TRUE(client_begin(&client, &harness, CLIENT_IPV4, MODE_ENCRYPTED));
	client_write(&client, ahead, sizeof(ahead));
	harness_run(&harness, 20);
	connection = TAILQ_FIRST(&harness.server->connections);
	CU_ASSERT(evbuffer_get_length(bufferevent_get_input(connection->stream)) <= 8192);
	client_close(&client);
	harness_close(&harness);
}

/** Lines of the log from here to log_end. */
static FILE *log_begin(int *standard_error)
{
	FILE *capture = tmpfile();

	CU_ASSERT_PTR_NOT_NULL_FATAL(capture);
	(void)fflush(stderr);
	*standard_error = dup(STDERR_FILENO);
	(void)dup2(fileno(capture), STDERR_FILENO);
	return capture;
}

static unsigned log_end(FILE *capture, int standard_error, const char *event)
{
	char line[512];
	unsigned lines = 0;

	(void)fflush(stderr);
	(void)dup2(standard_error, STDERR_FILENO);
	(void)close(standard_error);
	rewind(capture);
	while (fgets(line, sizeof(line), capture) != NULL)
		lines += strstr(line, event) != NULL;
	(void)fclose(capture);
	return lines;
}

static void a_flood_of_refusals_does_not_flood_the_log(void)
{
	enum { LINES = 3, REFUSALS = 20 };
	struct harness harness;
	struct client client;
	int standard_error;

	harness_open(&harness);
	harness.config->control.log_per_minute = LINES;
	harness_start(&harness);
	log_set_level(LOG_LEVEL_WARNING);
	FILE *capture = log_begin(&standard_error);
	for (unsigned i = 0; i < REFUSALS; i++) {
		client_connect(&client, &harness, CLIENT_IPV4);
		(void)client_set_up(&client, MODE_AUTHENTICATED | MODE_ENCRYPTED);
		client_close(&client);
	}
	unsigned lines = log_end(capture, standard_error, "mode-refused");
	log_set_level(LOG_LEVEL_ERROR);
	/* A minute may end meanwhile. */
	CU_ASSERT_TRUE(lines >= 1 && lines <= 2 * LINES + 1);
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
	        {"the oldest of the greediest address gives way",
	         the_oldest_of_the_greediest_address_gives_way},
	        {"half-open ones do not use up their address",
	         half_open_ones_do_not_use_up_their_address},
	        {"a client that never reads costs little", a_client_that_never_reads_costs_little},
	        {"a client that reads at the wrong moment is answered",
	         a_client_that_reads_at_the_wrong_moment_is_answered},
	        {"commands sent at once are all answered", commands_sent_at_once_are_all_answered},
	        {"a client that has sent its last is answered",
	         a_client_that_has_sent_its_last_is_answered},
	        {"a last message waits only so long", a_last_message_waits_only_so_long},
	        {"what is sent ahead costs little", what_is_sent_ahead_costs_little},
	        {"a flood of refusals does not flood the log",
	         a_flood_of_refusals_does_not_flood_the_log},
	        {"destroying a busy server leaves nothing",
	         destroying_a_busy_server_leaves_nothing},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-robustness", tests);
}
