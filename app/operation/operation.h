/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The commands by which the running appliance is watched and told what to do: one table, whoever asks (the unix socket, HTTP,
 * DPDK's telemetry). An answer is one JSON document of the schema specular-status/1. Slow path only.
 */
#ifndef SPECULAR_OPERATION_OPERATION_H
#define SPECULAR_OPERATION_OPERATION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "operation_request.h"
#include "status_source.h"

#define OPERATION_SCHEMA       "specular-status/1"
#define OPERATION_COMMANDS_MAX 32u

struct core_load;
struct event_base;
struct operation;

/** One command. Ends with one whose name is NULL where there is a table of them. */
struct operation_command {
	const char *name;
	const char *parameters; /**< names that it knows, with a blank between them */
	bool changes;           /**< not for HTTP and telemetry, which only watch */
	/**
	 * Writes the members of its answer. On an error nothing of them is kept: ERROR_ARGUMENT wrong-parameter, ERROR_NOT_FOUND
	 * not-found, ERROR_PERMISSION refused, ERROR_UNAVAILABLE busy, others failed.
	 */
	int (*run)(struct operation *operation, const struct operation_request *request,
	           struct json_writer *json, struct error *error);
};

/** All of it outlives the operation. */
struct operation_environment {
	struct event_base *base;
	const struct status_source *source;
	void *appliance; /**< for commands that others register */
};

/** The commands that only watch are registered. ERROR_MEMORY. */
int operation_create(const struct operation_environment *environment, struct operation **operation,
                     struct error *error);
/** NULL is allowed. */
void operation_destroy(struct operation *operation);

/** Takes a table, which stays the caller's; ERROR_LIMIT. */
int operation_register(struct operation *operation, const struct operation_command *commands);

/** The table's index-th; NULL behind the last one. */
const struct operation_command *operation_command_at(const struct operation *operation,
                                                     unsigned index);

const struct status_source *operation_source(const struct operation *operation);
struct event_base *operation_base(const struct operation *operation);
const struct core_load *operation_core_load(const struct operation *operation);
void *operation_appliance(const struct operation *operation);

/** A document, with its size, which the caller frees. */
struct operation_answer {
	int status; /**< 0, or the error that the document tells */
	char *text; /**< NULL: no memory */
	size_t size;
};

/** Answers one line (without its end): any octets. */
void operation_answer(struct operation *operation, const char *line, size_t size,
                      const struct operation_peer *peer, struct operation_answer *answer);

/** The answer to what is no request: too long, or one client too many. code: of the document. */
void operation_answer_error(const char *command, const char *code, const char *text,
                            struct operation_answer *answer);

#endif
