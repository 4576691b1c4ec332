/* SPDX-License-Identifier: BSD-3-Clause */
/** The command connections: every control connection. As many as control.limits allows. */
#include "control/control_status.h"
#include "status_commands.h"
#include "status_text.h"

static const char *const key_kinds[] = {
        [CONTROL_KEY_NONE] = "none", [CONTROL_KEY_ID] = "key-id", [CONTROL_KEY_IKE_SA] = "ike-sa"};

static void write_key(const struct control_connection_status *connection, struct json_writer *json)
{
	bool named = connection->key_kind != CONTROL_KEY_NONE;

	json_open(json, "key", '{');
	json_string(json, "kind", key_kinds[connection->key_kind]);
	json_string(json, "name", named ? connection->key : NULL);
	json_string(json, "identity", connection->identity);
	json_close(json, '}');
}

static bool write_connection(void *context, const struct control_connection_status *connection)
{
	struct json_writer *json = context;

	json_open(json, NULL, '{');
	json_unsigned(json, "id", connection->id);
	status_endpoint(json, "peer", connection->client);
	status_endpoint(json, "local", connection->local);
	json_string(json, "state", connection->state);
	status_modes(json, "mode", connection->mode);
	write_key(connection, json);
	status_time(json, "since", connection->since);
	json_open(json, "sessions", '{');
	json_unsigned(json, "accepted", connection->sessions - connection->sessions_started);
	json_unsigned(json, "started", connection->sessions_started);
	json_close(json, '}');
	json_close(json, '}');
	return true;
}

int status_connections(struct operation *operation, const struct operation_request *request,
                       struct json_writer *json, struct error *error)
{
	(void)request;
	(void)error;
	json_open(json, "connections", '[');
	control_visit_connections(operation_source(operation)->control, write_connection, json);
	json_close(json, ']');
	return 0;
}
