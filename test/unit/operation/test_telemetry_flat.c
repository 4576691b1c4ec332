/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry_flat.h"

#include <stdio.h>
#include <string.h>

#include "operation_world.h"
#include "unit.h"

static char seen[65536];
static unsigned count, most;

static bool take(void *context, const char *name, const char *text, bool is_string)
{
	size_t used = strlen(seen);

	(void)context;
	(void)snprintf(seen + used, sizeof(seen) - used, "%s=%s%s;", name, text,
	               is_string ? "!" : "");
	return ++count < most;
}

static const char *flatten(const char *document)
{
	seen[0] = '\0';
	count = 0;
	most = 1000;
	telemetry_flatten(document, take, NULL);
	return seen;
}

static void nesting_becomes_names(void)
{
	CU_ASSERT_STRING_EQUAL(
	        flatten("{\n \"a\": 1, \"b\": {\"c\": \"x\", \"d\": {\"e\": true}},\n"
	                " \"f\": [1, {\"g\": null, \"h\": -2}, []], \"i\": {}}\n"),
	        "a=1;b/c=x!;b/d/e=true;f/0=1;f/1/h=-2;");
	CU_ASSERT_STRING_EQUAL(flatten("{\"a\": \"q\\\"\\\\\\u0001{,}\"}\n"), "a=q\"\\?{,}!;");
	CU_ASSERT_STRING_EQUAL(flatten("{\"a\": \"cut"), "a=cut!;");
	CU_ASSERT_STRING_EQUAL(flatten(""), "");
}

static void every_answer_is_flattened(void)
{
	static struct operation_world world;
	int status;

	operation_world_open(&world);
	flatten(operation_world_ask(&world, "status", &status));
	CU_ASSERT_PTR_NOT_NULL(strstr(seen, "sessions/installed=0;"));
	CU_ASSERT_PTR_NOT_NULL(strstr(seen, "modes/0=unauthenticated!;"));
	flatten(operation_world_ask(&world, "cores", &status));
	CU_ASSERT_PTR_NOT_NULL(strstr(seen, "cores/0/turnaround_ns/p50=0;"));
	most = 2;
	count = 0;
	telemetry_flatten(operation_world_ask(&world, "counters", &status), take, NULL);
	CU_ASSERT_EQUAL(count, 2);
	operation_world_close(&world);
}

static unsigned flatten_within(const char *document, unsigned members, size_t octets)
{
	const struct telemetry_room room = {.members = members, .octets = octets};

	seen[0] = '\0';
	count = 0;
	most = 1000;
	return telemetry_flatten_within(document, &room, take, NULL);
}

static void what_has_no_room_is_left_out(void)
{
	static const char document[] = "{\"a\": 1, \"l\": [{\"x\": 1, \"y\": 2}, {\"x\": 3, \"y\": "
	                               "4}, {\"x\": 5}], \"z\": 6}";

	CU_ASSERT_EQUAL(flatten_within(document, 7, 1000), 0);
	CU_ASSERT_STRING_EQUAL(seen, "a=1;l/0/x=1;l/0/y=2;l/1/x=3;l/1/y=4;l/2/x=5;z=6;");
	CU_ASSERT_EQUAL(flatten_within(document, 6, 1000), 1);
	/* Whole elements. */
	CU_ASSERT_EQUAL(flatten_within(document, 4, 1000), 4);
	CU_ASSERT_STRING_EQUAL(seen, "a=1;l/0/x=1;l/0/y=2;");
	CU_ASSERT_EQUAL(flatten_within(document, 100, 50), 4);
	/* But for the lists of a first one. */
	CU_ASSERT_EQUAL(
	        flatten_within("{\"l\": [{\"x\": 1, \"m\": [{\"y\": 2}, {\"y\": 3}]}]}", 2, 1000),
	        1);
	CU_ASSERT_STRING_EQUAL(seen, "l/0/x=1;l/0/m/0/y=2;");
	CU_ASSERT_EQUAL(flatten_within("", 2, 1000), 0);
}

#define CORES 24u

/** The cores of a large machine, and each has been busy in every way. */
static void open_many_cores(struct operation_world *world)
{
	static struct worker workers[CORES];
	static struct datapath_counters counters[CORES];
	static struct worker *pointers[CORES];

	operation_world_open(world);
	for (unsigned i = 0; i < CORES; i++) {
		workers[i].reflector.counters = &counters[i];
		counters[i].values[DATAPATH_RECEIVED] = 1000000000000000000u + i;
		for (unsigned k = 1; k <= WORKER_BURST; k++)
			workers[i].statistics.burst_sizes[k] = 1000000000000u;
		for (unsigned k = 8; k < 40; k++)
			workers[i].statistics.turnaround[k] = 1000000000000u;
		pointers[i] = &workers[i];
	}
	world->source.workers = pointers;
	world->source.worker_count = CORES;
}

static void each_of_many_cores_can_be_asked_for(void)
{
	static struct operation_world world;
	char line[64], name[64];
	int status;

	open_many_cores(&world);
	unsigned left_out =
	        flatten_within(operation_world_ask(&world, "counters", &status), 255, 16000);
	CU_ASSERT_TRUE(left_out > 0);
	CU_ASSERT_TRUE(count <= 255);
	/* What is of all of them is there. */
	CU_ASSERT_PTR_NOT_NULL(strstr(seen, "control/sessions_started=0;"));
	for (unsigned i = 0; i < CORES; i++) {
		(void)snprintf(line, sizeof(line), "counters core=%u", i);
		CU_ASSERT_EQUAL(
		        flatten_within(operation_world_ask(&world, line, &status), 255, 16000), 0);
		(void)snprintf(name, sizeof(name), "cores/0/core=%u;", i);
		CU_ASSERT_PTR_NOT_NULL(strstr(seen, name));
		(void)snprintf(name, sizeof(name), "cores/0/received=10000000000000000%02u;", i);
		CU_ASSERT_PTR_NOT_NULL(strstr(seen, name));
		(void)snprintf(line, sizeof(line), "cores core=%u", i);
		CU_ASSERT_EQUAL(
		        flatten_within(operation_world_ask(&world, line, &status), 255, 16000), 0);
		(void)snprintf(name, sizeof(name), "cores/0/core=%u;", i);
		CU_ASSERT_PTR_NOT_NULL(strstr(seen, name));
		CU_ASSERT_PTR_NOT_NULL(strstr(seen, "cores/0/burst_sizes/31/count=1000000000000;"));
		CU_ASSERT_PTR_NOT_NULL(strstr(seen, "cores/0/turnaround_ns/buckets/31/count="));
	}
	(void)operation_world_ask(&world, "cores core=24", &status);
	CU_ASSERT_EQUAL(status, ERROR_ARGUMENT);
	(void)operation_world_ask(&world, "counters core=x", &status);
	CU_ASSERT_EQUAL(status, ERROR_ARGUMENT);
	operation_world_close(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"nesting becomes names", nesting_becomes_names},
	        {"every answer is flattened", every_answer_is_flattened},
	        {"what has no room is left out", what_has_no_room_is_left_out},
	        {"each of many cores can be asked for", each_of_many_cores_can_be_asked_for},
	        CU_TEST_INFO_NULL};
	return unit_run("operation-telemetry-flat", tests);
}
