/* SPDX-License-Identifier: BSD-3-Clause */
#include "operation_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define TSC_HZ UINT64_C(2000000000)

void operation_world_open(struct operation_world *world)
{
	struct error error = {""};

	memset(world, 0, sizeof(*world));
	harness_open(&world->harness);
	harness_start(&world->harness);
	world->worker.reflector.counters = &world->counters;
	world->workers[0] = &world->worker;
	world->source = (struct status_source){
	        .config = world->harness.config,
	        .started = UINT64_C(3900000000) << 32,
	        .started_tsc = tsc_now(),
	        .suite = "a suite",
	        .tsc_hz = TSC_HZ,
	        .clock = &world->harness.clock,
	        .ports = world->ports,
	        .workers = world->workers,
	        .worker_count = 1,
	        .sessions = world->harness.sessions,
	        .control = world->harness.server,
	        .counters = &world->harness.counters,
	};
	const struct operation_environment environment = {
	        .base = world->harness.base, .source = &world->source, .appliance = world};
	CU_ASSERT_EQUAL_FATAL(operation_create(&environment, &world->operation, &error), 0);
}

void operation_world_close(struct operation_world *world)
{
	int status;

	operation_destroy(world->operation);
	(void)operation_world_ask(NULL, NULL, &status);
	harness_close(&world->harness);
}

const char *operation_world_ask(struct operation_world *world, const char *line, int *status)
{
	static struct operation_answer answer;
	const struct operation_peer peer = {.origin = ORIGIN_SOCKET};

	free(answer.text);
	answer.text = NULL;
	if (world == NULL)
		return NULL;
	operation_answer(world->operation, line, strlen(line), &peer, &answer);
	*status = answer.status;
	return answer.text;
}

bool operation_world_says(struct operation_world *world, const char *line, const char *text)
{
	int status;
	const char *answer = operation_world_ask(world, line, &status);
	bool says = answer != NULL && strstr(answer, text) != NULL;

	if (!says)
		(void)fprintf(stderr, "%s: no %s in %s\n", line, text, answer);
	return says;
}
