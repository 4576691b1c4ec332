/* SPDX-License-Identifier: BSD-3-Clause */
/** Sessions opened with a scripted server on loopback, and what they are made of. */
#include "opening.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server_fixture.h"
#include "unit.h"

#define NO_INTERRUPT (-1)

static const uint8_t station[FRAME_MAC_SIZE] = {2, 0, 0, 0, 0, 1};
static const uint8_t next_hops[1][FRAME_MAC_SIZE] = {{2, 0, 0, 0, 0, 2}};
static struct load_config config;
static struct load_sessions sessions;
static struct suite *suite;

static void configure(uint32_t mode, unsigned count)
{
	struct load_group *group = &config.groups[0];

	config = (struct load_config){.group_count = 1};
	config.host.ports[0].exception = EXCEPTION_MANAGEMENT;
	config.control.connections = 1;
	config.control.requests = 1;
	config.control.allow_count = 32768;
	config.control.timeout = 2;
	*group = (struct load_group){.name = "gold",
	                             .count = count,
	                             .mode = mode,
	                             .source_port = 30000,
	                             .reflector_port = 18760,
	                             .dscp = 46,
	                             .ttl = 201,
	                             .sizes = {64, 300},
	                             .size_count = 2,
	                             .share = 1};
	CU_ASSERT_EQUAL(address_parse("192.0.2.1", &group->source), 0);
	CU_ASSERT_EQUAL(address_parse("192.0.2.2", &group->reflector), 0);
}

static struct opening_settings settings(void)
{
	return (struct opening_settings){.config = &config,
	                                 .suite = suite,
	                                 .station = station,
	                                 .next_hops = next_hops,
	                                 .interrupt_fd = NO_INTERRUPT};
}

/* Opens against a script; the sessions stay until the caller frees them. */
static int play(struct server *server, struct script script, struct error *error)
{
	struct opening_settings made = settings();
	struct opening *opening = NULL;
	int status;

	error->text[0] = '\0';
	server_start_thread(server, script);
	config.control.server = server->endpoint;
	status = opening_create(&made, &opening, error);
	if (status == 0)
		status = opening_run(opening, &sessions, error);
	if (status == 0)
		CU_ASSERT_EQUAL(opening_watch(opening, error), 0);
	opening_close(opening);
	server_stop(server);
	return status;
}

static struct load_session *find(const struct load_session *session)
{
	uint64_t hash = flow_key_hash(&session->core.flow, core_table_seed(sessions.table));

	return (struct load_session *)core_table_find(sessions.table, &session->core.flow, hash);
}

static void sessions_are_negotiated_and_stopped(void)
{
	struct server server;
	struct error error;

	configure(MODE_UNAUTHENTICATED, 2);
	CU_ASSERT_EQUAL_FATAL(play(&server, server_fair, &error), 0);
	CU_ASSERT_EQUAL(server.request_count, 2);
	CU_ASSERT_EQUAL(server.stopped, 2);
	const struct request_tw_session *request = &server.requests[1];
	CU_ASSERT_EQUAL(request->sender.port, 30001);
	CU_ASSERT_EQUAL(request->receiver.port, 18761);
	CU_ASSERT_EQUAL(request->padding_length, 300 - 14);
	CU_ASSERT_EQUAL(request->timeout, (uint64_t)2 << 32);
	CU_ASSERT_EQUAL(request->type_p, type_p_from_dscp(46));
	CU_ASSERT_EQUAL_FATAL(sessions.count, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct load_session *session = &sessions.sessions[i];
		CU_ASSERT_PTR_EQUAL(find(session), session);
		CU_ASSERT_EQUAL(session->core.flow.source_port, htobe16(SERVER_PORT_GRANTED));
		CU_ASSERT_EQUAL(session->core.flow.destination_port,
		                htobe16((uint16_t)(30000 + i)));
		/* IPv4's first octets behind Ethernet: DSCP and TTL. */
		CU_ASSERT_EQUAL(session->headers[14 + 1], 46 << 2);
		CU_ASSERT(session->headers[14 + 8] == 201 && session->ttl == 201);
		CU_ASSERT_PTR_NULL(session->core.keys);
		CU_ASSERT_EQUAL(session->sid[0], 0x51);
		CU_ASSERT_EQUAL(session->last_rtt_ns, -1);
	}
	load_sessions_free(&sessions, suite);
}

static void suggested_port_is_taken(void)
{
	struct script script = server_fair;
	struct server server;
	struct error error;

	configure(MODE_UNAUTHENTICATED, 1);
	script.suggested_port = 19999;
	CU_ASSERT_EQUAL_FATAL(play(&server, script, &error), 0);
	CU_ASSERT_EQUAL(server.requests[1].receiver.port, 19999);
	load_sessions_free(&sessions, suite);
}

/* The server answers once it has seen two. */
static void requests_go_ahead_of_their_answers(void)
{
	struct script script = server_fair;
	struct server server;
	struct error error;

	configure(MODE_UNAUTHENTICATED, 2);
	config.control.requests = 8;
	script.answers_after = 2;
	CU_ASSERT_EQUAL_FATAL(play(&server, script, &error), 0);
	CU_ASSERT_EQUAL(server.request_count, 2);
	CU_ASSERT_EQUAL(sessions.count, 2);
	CU_ASSERT_EQUAL(sessions.sessions[0].sid[1], 0);
	CU_ASSERT_EQUAL(sessions.sessions[1].sid[1], 1);
	load_sessions_free(&sessions, suite);
	/* The first is told another port, and asked for again behind the second. */
	script.suggested_port = 19999;
	CU_ASSERT_EQUAL_FATAL(play(&server, script, &error), 0);
	CU_ASSERT_EQUAL(server.request_count, 3);
	CU_ASSERT_EQUAL(server.requests[1].sender.port, 30001);
	CU_ASSERT_EQUAL(server.requests[2].sender.port, 30000);
	CU_ASSERT_EQUAL(server.requests[2].receiver.port, 19999);
	CU_ASSERT_EQUAL(sessions.count, 2);
	CU_ASSERT_EQUAL(sessions.sessions[0].core.flow.destination_port, htobe16(30001));
	CU_ASSERT_EQUAL(sessions.sessions[1].core.flow.destination_port, htobe16(30000));
	load_sessions_free(&sessions, suite);
}

static void keyed_sessions_have_keys_of_their_own(void)
{
	static const char keys[] =
	        "keys:\n  - key-id: lab\n    secret-key: " SERVER_PASSPHRASE "\n";
	struct server server;
	struct error error;

	configure(MODE_ENCRYPTED, 2);
	config.control.requests = 2;
	(void)snprintf(config.control.key_file, sizeof(config.control.key_file), "%s",
	               "/tmp/specular-opening-XXXXXX");
	int file = mkstemp(config.control.key_file);
	CU_ASSERT_FATAL(file >= 0);
	CU_ASSERT_EQUAL(write(file, keys, sizeof(keys) - 1), (ssize_t)(sizeof(keys) - 1));
	(void)close(file);
	(void)snprintf(config.control.key_id, sizeof(config.control.key_id), "lab");
	CU_ASSERT_EQUAL_FATAL(play(&server, server_fair, &error), 0);
	CU_ASSERT_EQUAL(server.response.mode, MODE_ENCRYPTED);
	CU_ASSERT_EQUAL_FATAL(sessions.count, 2);
	const void *left = sessions.sessions[0].core.keys;
	const void *right = sessions.sessions[1].core.keys;
	CU_ASSERT_PTR_NOT_NULL_FATAL(left);
	CU_ASSERT_PTR_NOT_NULL_FATAL(right);
	CU_ASSERT_PTR_NOT_EQUAL(left, right);
	CU_ASSERT_NOT_EQUAL(memcmp(left, right, sessions.keys_size), 0);
	load_sessions_free(&sessions, suite);
	CU_ASSERT_PTR_NULL(sessions.keys);
	(void)unlink(config.control.key_file);
}

static void refusals_name_group_and_session(void)
{
	struct script script = server_fair;
	struct server server;
	struct error error;

	configure(MODE_UNAUTHENTICATED, 2);
	script.session_accept = ACCEPT_TEMPORARY_LIMIT;
	CU_ASSERT_EQUAL(play(&server, script, &error), ERROR_PERMISSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "group gold: session 1 of 2"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "192.0.2.1:30000 to 192.0.2.2:18760"));
	load_sessions_free(&sessions, suite);
	script = server_fair;
	script.modes = MODE_ENCRYPTED;
	CU_ASSERT_EQUAL(play(&server, script, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "does not offer unauthenticated"));
	load_sessions_free(&sessions, suite);
	/* A part of what the group wants is not enough. */
	configure(MODE_UNAUTHENTICATED, 1);
	config.groups[0].symmetrical = true;
	script.modes = MODE_UNAUTHENTICATED;
	CU_ASSERT_EQUAL(play(&server, script, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "does not offer symmetrical-size"));
	load_sessions_free(&sessions, suite);
	configure(MODE_AUTHENTICATED, 1);
	config.control.allow_count = 1024;
	script = server_fair;
	script.count = 4096;
	CU_ASSERT_EQUAL(play(&server, script, &error), ERROR_LIMIT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "4096, more than control.allow-count: 1024"));
	load_sessions_free(&sessions, suite);
}

static void a_closed_connection_is_seen(void)
{
	struct opening_settings made;
	struct opening *opening;
	struct server server;
	struct error error;

	configure(MODE_UNAUTHENTICATED, 1);
	made = settings();
	server_start_thread(&server, server_fair);
	config.control.server = server.endpoint;
	CU_ASSERT_EQUAL_FATAL(opening_create(&made, &opening, &error), 0);
	CU_ASSERT_EQUAL_FATAL(opening_run(opening, &sessions, &error), 0);
	CU_ASSERT_EQUAL(opening_watch(opening, &error), 0);
	(void)shutdown(server.socket, SHUT_RDWR);
	int status = 0;
	for (unsigned i = 0; i < 1000 && status == 0; i++, (void)usleep(1000))
		status = opening_watch(opening, &error);
	CU_ASSERT_EQUAL(status, ERROR_UNAVAILABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "gold"));
	opening_close(opening);
	server_stop(&server);
	load_sessions_free(&sessions, suite);
}

static void swap_needs_no_server(void)
{
	struct opening_settings made;
	struct opening *opening;
	struct error error;

	configure(MODE_ENCRYPTED, 5);
	config.peer = LOAD_PEER_SWAP;
	made = settings();
	made.suite = NULL;
	CU_ASSERT_EQUAL_FATAL(opening_create(&made, &opening, &error), 0);
	CU_ASSERT_EQUAL_FATAL(opening_run(opening, &sessions, &error), 0);
	CU_ASSERT_EQUAL(sessions.count, 5);
	CU_ASSERT_EQUAL(sessions.sessions[4].core.flow.source_port, htobe16(18764));
	CU_ASSERT_EQUAL(opening_watch(opening, &error), 0);
	opening_close(opening);
	load_sessions_free(&sessions, NULL);
}

static void the_same_flow_twice_is_refused(void)
{
	struct opening_settings made;
	struct opening *opening;
	struct error error;

	configure(MODE_UNAUTHENTICATED, 2);
	config.peer = LOAD_PEER_SWAP;
	config.groups[1] = config.groups[0];
	config.group_count = 2;
	made = settings();
	uint8_t hops[2][FRAME_MAC_SIZE] = {{2}, {2}};
	made.next_hops = (const uint8_t(*)[FRAME_MAC_SIZE])hops;
	CU_ASSERT_EQUAL_FATAL(opening_create(&made, &opening, &error), 0);
	CU_ASSERT_EQUAL(opening_run(opening, &sessions, &error), ERROR_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "source-ports that are apart"));
	opening_close(opening);
	load_sessions_free(&sessions, NULL);
}

int main(void)
{
	static CU_TestInfo tests[] = {
	        {"sessions_are_negotiated_and_stopped", sessions_are_negotiated_and_stopped},
	        {"suggested_port_is_taken", suggested_port_is_taken},
	        {"requests_go_ahead_of_their_answers", requests_go_ahead_of_their_answers},
	        {"keyed_sessions_have_keys_of_their_own", keyed_sessions_have_keys_of_their_own},
	        {"refusals_name_group_and_session", refusals_name_group_and_session},
	        {"a_closed_connection_is_seen", a_closed_connection_is_seen},
	        {"swap_needs_no_server", swap_needs_no_server},
	        {"the_same_flow_twice_is_refused", the_same_flow_twice_is_refused},
	        CU_TEST_INFO_NULL,
	};
	struct error error;

	if (suite_create(SUITE_IPSEC_MB, &suite, &error) != 0)
		return 1;
	int code = unit_run("load-opening", tests);
	suite_destroy(suite);
	return code;
}
