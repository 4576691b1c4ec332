/* SPDX-License-Identifier: BSD-3-Clause */
/** What the commands answer. */
#include <stdlib.h>
#include <string.h>

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
	        {"every counter is told", in_world_every_counter_is_told},
	        {"what changes is the socket's", in_world_what_changes_is_the_sockets},
	        {"the table has an end", in_world_the_table_has_an_end},
	        CU_TEST_INFO_NULL};
	return unit_run("operation-commands", tests);
}
