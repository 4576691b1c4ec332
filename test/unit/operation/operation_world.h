/* SPDX-License-Identifier: BSD-3-Clause */
/** An operation over the control tests' Server and a polling lcore that never runs; everything in the test's thread. */
#ifndef SPECULAR_TEST_OPERATION_WORLD_H
#define SPECULAR_TEST_OPERATION_WORLD_H

#include "harness.h"
#include "operation.h"

struct operation_world {
	struct harness harness;
	struct worker worker;
	struct datapath_counters counters;
	struct worker *workers[1];
	struct port ports[CONFIG_PORTS_MAX]; /**< none is started */
	struct status_source source;
	struct operation *operation;
};

void operation_world_open(struct operation_world *world);
void operation_world_close(struct operation_world *world);

/** The answer to a line, until the next one; its status. */
const char *operation_world_ask(struct operation_world *world, const char *line, int *status);

/** True when the answer to a line has the text. */
bool operation_world_says(struct operation_world *world, const char *line, const char *text);

#endif
