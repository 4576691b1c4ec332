/* SPDX-License-Identifier: BSD-3-Clause */
/** What the commands answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "operation_world.h"
#include "unit.h"

static struct operation_world world;

static int start(void)
{
	operation_world_open(&world);
	return 0;
}

static int stop(void)
{
	operation_world_close(&world);
	return 0;
}

static void an_error_is_a_document(void)
{
	int status;

	CU_ASSERT_STRING_EQUAL(operation_world_ask(&world, "sing", &status),
	                       "{\n  \"schema\": \"specular-status/1\",\n  \"command\": \"sing\",\n"
	                       "  \"error\": {\n    \"code\": \"unknown-command\",\n"
	                       "    \"text\": \"there is no command sing\"\n  }\n}\n");
	CU_ASSERT_EQUAL(status, ERROR_NOT_FOUND);
	CU_ASSERT(operation_world_says(&world, "", "\"code\": \"wrong-parameter\""));
	CU_ASSERT(operation_world_says(&world, "status colour=red",
	                               "status has no parameter colour; allowed: none"));
	CU_ASSERT(operation_world_says(&world, "counters describ=yes",
	                               "counters has no parameter describ; allowed: describe"));
	CU_ASSERT(operation_world_says(&world, "counters describe=maybe",
	                               "\"code\": \"wrong-parameter\""));
}

static void status_has_the_sums(void)
{
	world.counters.values[DATAPATH_RECEIVED] = 10;
	world.counters.values[DATAPATH_REFLECTED] = 5;
	world.counters.values[DATAPATH_EXCEPTION] = 2;
	world.counters.values[DATAPATH_DROP_SEGMENTED] = 1;
	world.counters.values[DATAPATH_DROP_EXCEPTION_OFF] = 2;
	world.counters.values[DATAPATH_FROM_KERNEL] = 77;
	CU_ASSERT(operation_world_says(&world, "status",
	                               "\"received\": 10,\n    \"reflected\": 5,\n"
	                               "    \"exception\": 2,\n    \"dropped\": 3\n"));
	CU_ASSERT(operation_world_says(&world, "status",
	                               "\"started\": \"2023-08-02T21:20:00.000000Z\""));
	CU_ASSERT(operation_world_says(&world, "status", "\"state\": \"running\""));
	CU_ASSERT(operation_world_says(&world, "status", "\"open\": 0,\n    \"half_open\": 0"));
	world.source.state = APPLIANCE_DRAINING;
	CU_ASSERT(operation_world_says(&world, "status", "\"state\": \"draining\""));
}

static void status_counts_connections_and_sessions(void)
{
	struct client client;

	CU_ASSERT_FATAL(client_open(&client, &world.harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	CU_ASSERT_EQUAL(client_request_accept(&client), ACCEPT_OK);
	CU_ASSERT(operation_world_says(
	        &world, "status", "\"installed\": 1,\n    \"started\": 0,\n    \"stopped\": 0"));
	CU_ASSERT(operation_world_says(&world, "status", "\"open\": 1,\n    \"half_open\": 0"));
	client_close(&client);
	CU_ASSERT(harness_wait_connections(&world.harness, 0));
	CU_ASSERT(operation_world_says(&world, "status", "\"installed\": 0"));
}

/** Of a document the SID behind a text; 32 digits. */
static const char *sid_behind(const char *answer, const char *text)
{
	const char *at = strstr(answer, text);

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	return at + strlen(text);
}

static void sessions_are_paged(void)
{
	struct request_tw_session request = client_request_template(4);
	struct accept_session accepted;
	struct client client;
	char line[96] = "sessions limit=2", sid[33] = "";
	unsigned seen = 0, pages = 0;
	int status;

	CU_ASSERT_FATAL(client_open(&client, &world.harness, CLIENT_IPV4, MODE_ENCRYPTED));
	for (unsigned i = 0; i < 5; i++) {
		request.sender.port++;
		CU_ASSERT(client_request(&client, &request, &accepted));
		CU_ASSERT_EQUAL(accepted.accept, ACCEPT_OK);
	}
	for (bool more = true; more && pages < 9; pages++) {
		const char *answer = operation_world_ask(&world, line, &status);
		CU_ASSERT_EQUAL_FATAL(status, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(answer, "\"total\": 5"));
		for (const char *at = answer; (at = strstr(at, "\"sid\": \"")) != NULL; at++)
			seen++;
		more = strstr(answer, "\"next\": null") == NULL;
		if (more)
			(void)snprintf(line, sizeof(line), "sessions limit=2 after=%.32s",
			               sid_behind(answer, "\"next\": \""));
	}
	CU_ASSERT_EQUAL(seen, 5);
	CU_ASSERT_EQUAL(pages, 3);
	CU_ASSERT(operation_world_says(&world, "sessions state=started", "\"matched\": 0"));
	CU_ASSERT(operation_world_says(&world, "sessions state=accepted mode=encrypted",
	                               "\"matched\": 5"));
	CU_ASSERT(operation_world_says(&world, "sessions peer=" CLIENT_IPV4, "\"matched\": 5"));
	CU_ASSERT(operation_world_says(&world, "sessions peer=" CLIENT_IPV6, "\"matched\": 0"));
	CU_ASSERT(operation_world_says(&world, "sessions peer=me", "wrong-parameter"));
	CU_ASSERT(operation_world_says(&world, "sessions limit=0", "wrong-parameter"));
	/* Ascending, the first three. */
	const char *answer = operation_world_ask(&world, "sessions sort=sid limit=3", &status);
	CU_ASSERT_EQUAL(status, 0);
	for (unsigned i = 0; i < 3; i++) {
		answer = sid_behind(answer, "\"sid\": \"");
		CU_ASSERT(memcmp(answer, sid, 32) > 0);
		memcpy(sid, answer, 32);
	}
	(void)snprintf(line, sizeof(line), "session sid=%s", sid);
	CU_ASSERT(operation_world_says(&world, line, "\"state\": \"accepted\""));
	CU_ASSERT(operation_world_says(&world, line, "\"timeout_seconds\": 1,"));
	CU_ASSERT(operation_world_says(&world, "session sid=00112233445566778899aabbccddeeff",
	                               "\"code\": \"not-found\""));
	CU_ASSERT(operation_world_says(&world, "session", "wrong-parameter"));
	client_close(&client);
}

static void the_busiest_sessions_come_first(void)
{
	struct request_tw_session request = client_request_template(4);
	struct accept_session accepted;
	struct client client;
	int status;

	CU_ASSERT_FATAL(client_open(&client, &world.harness, CLIENT_IPV4, MODE_UNAUTHENTICATED));
	for (uint16_t i = 0; i < 6; i++) {
		request.sender.port = (uint16_t)(40000 + i);
		CU_ASSERT(client_request(&client, &request, &accepted));
		struct core_session *core = harness_find(
		        &world.harness, CLIENT_IPV4, request.sender.port, OUR_IPV4, accepted.port);
		CU_ASSERT_PTR_NOT_NULL_FATAL(core);
		core->reflected = 100u + i * 7u % 6u;
		core->not_reflected = 50u - i;
	}
	const char *answer =
	        operation_world_ask(&world, "sessions sort=reflected limit=4", &status);
	CU_ASSERT_EQUAL_FATAL(status, 0);
	for (unsigned i = 105; i > 101; i--) {
		char text[32];
		(void)snprintf(text, sizeof(text), "\"reflected\": %u", i);
		answer = sid_behind(answer, text);
	}
	CU_ASSERT_PTR_NULL(strstr(answer, "\"reflected\""));
	CU_ASSERT(operation_world_says(&world, "sessions sort=received", "\"complete\": true"));
	/* A part of them at a time, each with its own first ones. */
	unsigned seen = 0, parts = 0;
	char line[96] = "sessions sort=reflected limit=1 look=2";
	for (bool more = true; more && parts < 9; parts++) {
		answer = operation_world_ask(&world, line, &status);
		CU_ASSERT_EQUAL_FATAL(status, 0);
		for (const char *at = answer; (at = strstr(at, "\"sid\": \"")) != NULL; at++)
			seen++;
		more = strstr(answer, "\"complete\": false") != NULL;
		CU_ASSERT_EQUAL(more, strstr(answer, "\"next\": null") == NULL);
		if (more)
			(void)snprintf(line, sizeof(line),
			               "sessions sort=reflected limit=1 look=2 after=%.32s",
			               sid_behind(answer, "\"next\": \""));
	}
	CU_ASSERT_EQUAL(seen, 3);
	CU_ASSERT_EQUAL(parts, 3);
	CU_ASSERT(operation_world_says(&world, "sessions state=accepted look=2", "\"matched\": 2"));
	CU_ASSERT(operation_world_says(&world, "sessions look=16385", "wrong-parameter"));
	client_close(&client);
}

static void connections_and_keys_have_names(void)
{
	struct client client, half_open;

	CU_ASSERT_FATAL(client_open(&client, &world.harness, CLIENT_IPV4, MODE_ENCRYPTED));
	client_connect(&half_open, &world.harness, CLIENT_IPV6);
	CU_ASSERT(harness_wait_connections(&world.harness, 2));
	CU_ASSERT(operation_world_says(&world, "connections", "\"state\": \"open\""));
	CU_ASSERT(operation_world_says(&world, "connections", "\"state\": \"set-up\""));
	CU_ASSERT(operation_world_says(&world, "connections", "\"mode\": [\"encrypted\"]"));
	CU_ASSERT(operation_world_says(&world, "connections", "\"kind\": \"key-id\""));
	CU_ASSERT(operation_world_says(&world, "connections", "\"address\": \"" CLIENT_IPV6));
	/* In portions, newest first. */
	CU_ASSERT(operation_world_says(&world, "connections", "\"next\": null"));
	CU_ASSERT(operation_world_says(&world, "connections limit=1", "\"id\": 2"));
	CU_ASSERT(operation_world_says(&world, "connections limit=1", "\"next\": \"2\""));
	CU_ASSERT(operation_world_says(&world, "connections limit=1 after=2", "\"id\": 1"));
	CU_ASSERT(operation_world_says(&world, "connections limit=1 after=2", "\"next\": null"));
	CU_ASSERT(operation_world_says(&world, "connections after=1", "\"connections\": []"));
	CU_ASSERT(operation_world_says(&world, "connections limit=1001", "from 1 to 1000"));
	CU_ASSERT(operation_world_says(&world, "sessions limit=1001", "from 1 to 1000"));
	client_close(&half_open);
	client_close(&client);
	static const char psk[] =
	        "keys: [{key-id: a, secret-key: hush}, {key-id: b, secret-key: x}]\n";
	struct key_provider *provider;
	struct error error;
	CU_ASSERT_EQUAL_FATAL(psk_file_parse("t", psk, sizeof(psk) - 1, &provider, &error), 0);
	world.source.psk_provider = provider;
	CU_ASSERT(operation_world_says(&world, "keys",
	                               "{\"key_id\": \"a\"},\n    {\"key_id\": \"b\"}"));
	CU_ASSERT(operation_world_says(&world, "keys limit=1", "\"psk_total\": 2"));
	int status;
	CU_ASSERT_PTR_NULL(strstr(operation_world_ask(&world, "keys", &status), "hush"));
	key_provider_destroy(provider);
}

static void cores_tell_of_their_work(void)
{
	struct worker_statistics *statistics = &world.worker.statistics;

	world.counters.values[DATAPATH_RECEIVED] = 33;
	worker_statistics_note(statistics, 32, 30, 1000, 3000);
	worker_statistics_note(statistics, 1, 1, 3500, 4000);
	/* At 2 GHz, within an eighth. */
	CU_ASSERT(operation_world_says(&world, "cores", "\"busy_cycles\": 3000"));
	CU_ASSERT(operation_world_says(&world, "cores", "{\"size\": 1, \"count\": 1}"));
	CU_ASSERT(operation_world_says(&world, "cores", "{\"size\": 32, \"count\": 1}"));
	CU_ASSERT(operation_world_says(&world, "cores",
	                               "\"buckets\": [{\"le_ns\": 255, \"count\": 1}, "
	                               "{\"le_ns\": 1023, \"count\": 30}]"));
	CU_ASSERT(operation_world_says(&world, "cores", "\"p50\": 1023"));
	CU_ASSERT(operation_world_says(&world, "cores", "\"busy_share\": null"));
	CU_ASSERT(operation_world_says(&world, "cores", "\"ahead\": null"));
	for (unsigned bits = 0; bits < 64; bits++) {
		uint64_t ticks = UINT64_C(1) << bits;
		unsigned bucket = turnaround_bucket(ticks);
		CU_ASSERT(bucket < TURNAROUND_BUCKETS);
		if (bits >= TURNAROUND_BITS)
			continue;
		CU_ASSERT(turnaround_bucket_end(bucket) >= ticks);
		CU_ASSERT(turnaround_bucket_end(bucket) <= ticks + ticks / 8);
		CU_ASSERT_EQUAL(turnaround_bucket(turnaround_bucket_end(bucket)), bucket);
		CU_ASSERT_EQUAL(turnaround_bucket(turnaround_bucket_end(bucket) + 1), bucket + 1);
	}
}

static void the_level_of_the_log_is_set(void)
{
	enum log_level old = log_get_level();

	CU_ASSERT(operation_world_says(&world, "log", "\"level\": \"error\""));
	CU_ASSERT(operation_world_says(&world, "log level=loud", "\"code\": \"wrong-parameter\""));
	CU_ASSERT_EQUAL(log_get_level(), old);
	CU_ASSERT(operation_world_says(&world, "log level=debug", "\"level\": \"debug\""));
	CU_ASSERT_EQUAL(log_get_level(), LOG_LEVEL_DEBUG);
	log_set_level(old);
}

static void every_counter_is_told(void)
{
	int status;

	world.counters.values[DATAPATH_DROP_HMAC] = 3;
	world.harness.counters.values[CONTROL_SETUPS_UNKNOWN_SA] = 4;
	CU_ASSERT(operation_world_says(&world, "counters", "\"drop_hmac\": 3"));
	CU_ASSERT(operation_world_says(&world, "counters", "\"setups_unknown_sa\": 4"));
	const char *answer = operation_world_ask(&world, "counters describe=yes", &status);
	CU_ASSERT_EQUAL(status, 0);
	for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(answer, datapath_counter_descriptions[i].meaning));
	for (unsigned i = 0; i < CONTROL_COUNTER_COUNT; i++)
		CU_ASSERT_PTR_NOT_NULL(strstr(answer, control_counter_descriptions[i].name));
}

static int change(struct operation *operation, const struct operation_request *request,
                  struct json_writer *json, struct error *error)
{
	(void)request;
	json_bool(json, "lost", true);
	if (operation_appliance(operation) != &world)
		return error_set(error, ERROR_SYSTEM, "whose?");
	return error_set(error, ERROR_UNAVAILABLE, "one reload at a time");
}

static void what_changes_is_the_sockets(void)
{
	static const struct operation_command commands[] = {
	        {.name = "change", .changes = true, .run = change}, {.name = NULL}};
	const struct operation_peer peer = {.origin = ORIGIN_HTTP};
	struct operation_answer answer;
	int status;

	CU_ASSERT_EQUAL(operation_register(world.operation, commands), 0);
	const char *text = operation_world_ask(&world, "change", &status);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"code\": \"busy\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "one reload at a time"));
	CU_ASSERT_PTR_NULL(strstr(text, "lost"));
	operation_answer(world.operation, "change", strlen("change"), &peer, &answer);
	CU_ASSERT_EQUAL(answer.status, ERROR_PERMISSION);
	CU_ASSERT_PTR_NOT_NULL(strstr(answer.text, "\"code\": \"refused\""));
	CU_ASSERT_EQUAL(answer.size, strlen(answer.text));
	free(answer.text);
}

static void the_table_has_an_end(void)
{
	static const struct operation_command one[] = {{.name = "one", .run = change},
	                                               {.name = NULL}};
	unsigned count = 0;

	while (operation_command_at(world.operation, count) != NULL)
		count++;
	CU_ASSERT(count >= 4);
	for (; count < OPERATION_COMMANDS_MAX; count++)
		CU_ASSERT_EQUAL(operation_register(world.operation, one), 0);
	CU_ASSERT_EQUAL(operation_register(world.operation, one), ERROR_LIMIT);
}

#define WITH_WORLD(name)                                                                           \
	static void in_world_##name(void)                                                          \
	{                                                                                          \
		(void)start();                                                                     \
		name();                                                                            \
		(void)stop();                                                                      \
	}
WITH_WORLD(an_error_is_a_document)
WITH_WORLD(status_has_the_sums)
WITH_WORLD(status_counts_connections_and_sessions)
WITH_WORLD(sessions_are_paged)
WITH_WORLD(the_busiest_sessions_come_first)
WITH_WORLD(connections_and_keys_have_names)
WITH_WORLD(cores_tell_of_their_work)
WITH_WORLD(the_level_of_the_log_is_set)
WITH_WORLD(every_counter_is_told)
WITH_WORLD(what_changes_is_the_sockets)
WITH_WORLD(the_table_has_an_end)

int main(void)
{
	CU_TestInfo tests[] = {
	        {"an error is a document", in_world_an_error_is_a_document},
	        {"status has the sums", in_world_status_has_the_sums},
	        {"status counts connections and sessions",
	         in_world_status_counts_connections_and_sessions},
	        {"sessions are paged", in_world_sessions_are_paged},
	        {"the busiest sessions come first", in_world_the_busiest_sessions_come_first},
	        {"connections and keys have names", in_world_connections_and_keys_have_names},
	        {"cores tell of their work", in_world_cores_tell_of_their_work},
	        {"the level of the log is set", in_world_the_level_of_the_log_is_set},
	        {"every counter is told", in_world_every_counter_is_told},
	        {"what changes is the socket's", in_world_what_changes_is_the_sockets},
	        {"the table has an end", in_world_the_table_has_an_end},
	        CU_TEST_INFO_NULL};
	return unit_run("operation-commands", tests);
}
