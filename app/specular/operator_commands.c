/* SPDX-License-Identifier: BSD-3-Clause */
/** The commands by which an operator changes the running appliance. */
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "control/control_operator.h"
#include "control/control_status.h"
#include "operator.h"

#define DRAIN_SECONDS_MAX 604800u
#define DETAIL_SIZE       64u

static void write_names(struct json_writer *json, const char *name, char *names)
{
	char *rest = NULL;

	json_open(json, name, '[');
	for (char *word = strtok_r(names, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		json_string(json, NULL, word);
	json_close(json, ']');
}

static void write_keys(struct json_writer *json, const char *name, const struct reload_keys *keys)
{
	json_open(json, name, '{');
	json_unsigned(json, "new", keys->added);
	json_unsigned(json, "gone", keys->gone);
	json_close(json, '}');
}

static int reload_command(struct operation *operation, const struct operation_request *request,
                          struct json_writer *json, struct error *error)
{
	struct reload_outcome outcome;
	int status =
	        operator_reload(operation_appliance(operation), &request->peer, &outcome, error);

	/* Whatever is wrong in the file, it is not the request. */
	if (status != 0)
		return status == ERROR_UNAVAILABLE ? status : ERROR_PERMISSION;
	write_names(json, "taken", outcome.taken);
	write_names(json, "needs_restart", outcome.needs_restart);
	write_keys(json, "psk", &outcome.psk);
	write_keys(json, "sas", &outcome.sas);
	return 0;
}

static int drain_command(struct operation *operation, const struct operation_request *request,
                         struct json_writer *json, struct error *error)
{
	const struct status_source *source = operation_source(operation);
	uint64_t seconds = source->config->operation.drain_deadline;
	int status = operation_unsigned(request, "deadline", 0, DRAIN_SECONDS_MAX, &seconds, error);

	if (status != 0)
		return status;
	if (seconds == 0 && operation_parameter(request, "deadline") == NULL)
		return error_set(error, ERROR_ARGUMENT,
		                 "deadline: missing, and operation.drain-deadline is 0; "
		                 "allowed: seconds");
	operator_drain(operation_appliance(operation), &request->peer, (uint32_t)seconds);
	json_unsigned(json, "sessions", session_registry_count(source->sessions));
	json_unsigned(json, "deadline_seconds", seconds);
	return 0;
}

static int close_connection(struct control_server *control, const struct operation_request *request,
                            struct control_closed *closed, struct error *error)
{
	uint64_t id = 0;
	int status = operation_unsigned(request, "connection", 1, UINT64_MAX, &id, error);

	if (status == 0 && control_server_close_connection(control, id, closed) != 0)
		return error_set(error, ERROR_NOT_FOUND, "no such connection");
	return status;
}

static int close_session(struct control_server *control, const struct operation_request *request,
                         struct control_closed *closed, struct error *error)
{
	uint8_t sid[SID_SIZE];
	int status = operation_sid(request, "session", sid, error);

	if (status == 0 && control_server_close_session(control, sid, closed) != 0)
		return error_set(error, ERROR_NOT_FOUND, "no such session");
	return status;
}

static int close_all(struct control_server *control, const struct operation_request *request,
                     struct control_closed *closed, struct error *error)
{
	if (strcmp(operation_parameter(request, "all"), "yes") != 0)
		return error_set(error, ERROR_ARGUMENT, "all; allowed: yes");
	*closed = control_server_close_all(control);
	return 0;
}

static int close_what(struct control_server *control, const struct operation_request *request,
                      struct control_closed *closed, struct error *error)
{
	if (request->count != 1)
		return error_set(error, ERROR_ARGUMENT,
		                 "close; allowed: one of connection=ID, session=SID, all=yes");
	if (operation_parameter(request, "connection") != NULL)
		return close_connection(control, request, closed, error);
	if (operation_parameter(request, "session") != NULL)
		return close_session(control, request, closed, error);
	return close_all(control, request, closed, error);
}

static int close_command(struct operation *operation, const struct operation_request *request,
                         struct json_writer *json, struct error *error)
{
	const struct status_source *source = operation_source(operation);
	struct control_closed closed = {0};
	char detail[DETAIL_SIZE] = "";
	int status = close_what(source->control, request, &closed, error);

	if (request->count == 1)
		(void)snprintf(detail, sizeof(detail), "%s %s", request->parameters[0].name,
		               request->parameters[0].value);
	audit_operator(source->audit, &request->peer, "close", detail, status == 0);
	if (status != 0)
		return status;
	json_unsigned(json, "connections", closed.connections);
	json_unsigned(json, "sessions", closed.sessions);
	return 0;
}

const struct operation_command operator_commands[] = {
        {.name = "reload", .changes = true, .run = reload_command},
        {.name = "drain", .parameters = "deadline", .changes = true, .run = drain_command},
        {.name = "close",
         .parameters = "connection session all",
         .changes = true,
         .run = close_command},
        {.name = NULL}};
