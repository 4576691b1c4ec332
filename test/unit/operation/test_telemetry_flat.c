/* SPDX-License-Identifier: BSD-3-Clause */
#include "telemetry_flat.h"

#include <stdio.h>
#include <string.h>

#include "operation_world.h"
#include "unit.h"

static char seen[4096];
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

int main(void)
{
	CU_TestInfo tests[] = {{"nesting becomes names", nesting_becomes_names},
	                       {"every answer is flattened", every_answer_is_flattened},
	                       CU_TEST_INFO_NULL};
	return unit_run("operation-telemetry-flat", tests);
}
