/* SPDX-License-Identifier: BSD-3-Clause */
#include "operation.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "core_load.h"
#include "status_commands.h"

/** What is so deep in a document stands in one line: a session, a core, a port. */
#define FLAT_DEPTH 3u

struct operation {
	struct operation_environment environment;
	struct core_load load;
	struct event *load_timer;
	unsigned count;
	const struct operation_command *commands[OPERATION_COMMANDS_MAX];
};

static void on_load(evutil_socket_t fd, short what, void *context)
{
	struct operation *operation = context;

	(void)fd;
	(void)what;
	core_load_look(&operation->load, operation->environment.source, tsc_now());
}

static bool start_load(struct operation *operation)
{
	const struct timeval interval = {.tv_sec = CORE_LOAD_INTERVAL_MS / 1000};

	operation->load_timer =
	        event_new(operation->environment.base, -1, EV_PERSIST, on_load, operation);
	if (operation->load_timer == NULL)
		return false;
	on_load(-1, 0, operation);
	return event_add(operation->load_timer, &interval) == 0;
}

int operation_create(const struct operation_environment *environment, struct operation **operation,
                     struct error *error)
{
	struct operation *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the operation's commands");
	made->environment = *environment;
	if (operation_register(made, status_commands) != 0 || !start_load(made)) {
		operation_destroy(made);
		return error_set(error, ERROR_MEMORY, "no memory for the operation's commands");
	}
	*operation = made;
	return 0;
}

void operation_destroy(struct operation *operation)
{
	if (operation != NULL && operation->load_timer != NULL)
		event_free(operation->load_timer);
	free(operation);
}

int operation_register(struct operation *operation, const struct operation_command *commands)
{
	for (; commands->name != NULL; commands++) {
		if (operation->count == OPERATION_COMMANDS_MAX)
			return ERROR_LIMIT;
		operation->commands[operation->count++] = commands;
	}
	return 0;
}

const struct operation_command *operation_command_at(const struct operation *operation,
                                                     unsigned index)
{
	return index < operation->count ? operation->commands[index] : NULL;
}

const struct status_source *operation_source(const struct operation *operation)
{
	return operation->environment.source;
}

struct event_base *operation_base(const struct operation *operation)
{
	return operation->environment.base;
}

const struct core_load *operation_core_load(const struct operation *operation)
{
	return &operation->load;
}

void *operation_appliance(const struct operation *operation)
{
	return operation->environment.appliance;
}

static const struct operation_command *find(const struct operation *operation, const char *name)
{
	for (unsigned i = 0; i < operation->count; i++) {
		if (strcmp(operation->commands[i]->name, name) == 0)
			return operation->commands[i];
	}
	return NULL;
}

/** True when name is one of the words of list. */
static bool has_word(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; *at != '\0'; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");
		if (word == length && memcmp(at, name, length) == 0)
			return true;
		at += word;
	}
	return false;
}

static int check_parameters(const struct operation_command *command,
                            const struct operation_request *request, struct error *error)
{
	const char *allowed = command->parameters != NULL ? command->parameters : "";

	for (unsigned i = 0; i < request->count; i++) {
		if (!has_word(allowed, request->parameters[i].name))
			return error_set(error, ERROR_ARGUMENT,
			                 "%s has no parameter %.64s; allowed: %s", command->name,
			                 request->parameters[i].name,
			                 allowed[0] != '\0' ? allowed : "none");
	}
	return 0;
}

static void begin(struct json_writer *json, const char *command)
{
	json_open(json, NULL, '{');
	json_string(json, "schema", OPERATION_SCHEMA);
	json_string(json, "command", command);
}

/** Ends the document and takes its text. */
static void end(struct json_writer *json, struct operation_answer *answer)
{
	json_close(json, '}');
	if (fclose(json->out) == 0)
		return;
	free(answer->text);
	answer->text = NULL;
	answer->size = 0;
}

static const char *error_code_name(int status)
{
	switch (status) {
	case ERROR_ARGUMENT:
	case ERROR_FORMAT:
		return "wrong-parameter";
	case ERROR_NOT_FOUND:
		return "not-found";
	case ERROR_PERMISSION:
		return "refused";
	case ERROR_UNAVAILABLE:
		return "busy";
	default:
		return "failed";
	}
}

static bool open_document(struct json_writer *json, struct operation_answer *answer)
{
	*json = (struct json_writer){.flat = FLAT_DEPTH};
	answer->text = NULL;
	answer->size = 0;
	json->out = open_memstream(&answer->text, &answer->size);
	if (json->out == NULL)
		return false;
	/* Nobody else has it, and many short pieces come. */
	(void)__fsetlocking(json->out, FSETLOCKING_BYCALLER);
	return true;
}

void operation_answer_error(const char *command, const char *code, const char *text,
                            struct operation_answer *answer)
{
	struct json_writer json;

	if (!open_document(&json, answer))
		return;
	begin(&json, command);
	json_open(&json, "error", '{');
	json_string(&json, "code", code);
	json_string(&json, "text", text);
	json_close(&json, '}');
	end(&json, answer);
}

static void run(struct operation *operation, const struct operation_command *command,
                const struct operation_request *request, struct operation_answer *answer)
{
	struct error error = {""};
	struct json_writer json;

	if (!open_document(&json, answer)) {
		answer->status = ERROR_MEMORY;
		return;
	}
	begin(&json, command->name);
	answer->status = command->run(operation, request, &json, &error);
	if (answer->status == 0) {
		end(&json, answer);
		return;
	}
	(void)fclose(json.out);
	free(answer->text);
	operation_answer_error(command->name, error_code_name(answer->status), error.text, answer);
}

void operation_answer(struct operation *operation, const char *line, size_t size,
                      const struct operation_peer *peer, struct operation_answer *answer)
{
	const struct operation_command *command = NULL;
	struct operation_request request;
	struct error error = {""};
	const char *code = NULL;

	request.peer = *peer;
	answer->status = operation_request_read(line, size, &request, &error);
	if (answer->status != 0) {
		code = "wrong-parameter";
	} else if ((command = find(operation, request.command)) == NULL) {
		code = "unknown-command";
		answer->status = error_set(&error, ERROR_NOT_FOUND, "there is no command %.64s",
		                           request.command);
	} else if ((answer->status = check_parameters(command, &request, &error)) != 0) {
		code = "wrong-parameter";
	} else if (command->changes && peer->origin != ORIGIN_SOCKET) {
		code = "refused";
		answer->status = error_set(&error, ERROR_PERMISSION,
		                           "%s changes the appliance: by its unix socket only",
		                           command->name);
	}
	if (code != NULL)
		operation_answer_error(request.command, code, error.text, answer);
	else
		run(operation, command, &request, answer);
}
