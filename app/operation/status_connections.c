/* SPDX-License-Identifier: BSD-3-Clause */
/** The command connections: control connections, newest first. */
#include <inttypes.h>
#include <stdio.h>

#include "control/control_status.h"
#include "status_commands.h"
#include "status_text.h"

/** A portion of some 400 KB: it is made at one go, and waits in memory until it was fetched. */
#define LIMIT_MAX   1000
#define CURSOR_SIZE 24

/** A portion of the list on its way. */
struct listing {
	struct json_writer *json;
	uint64_t after; /**< those with a smaller id */
	uint64_t left;
	uint64_t last; /**< id of the last that was written */
	bool more;
};

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
	struct listing *listing = context;
	struct json_writer *json = listing->json;

	if (connection->id >= listing->after)
		return true;
	listing->more = listing->left == 0;
	if (listing->more)
		return false;
	listing->left--;
	listing->last = connection->id;
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
	const struct control_server *control = operation_source(operation)->control;
	struct listing listing = {.json = json, .after = UINT64_MAX, .left = LIMIT_MAX};
	char next[CURSOR_SIZE];
	int status = operation_unsigned(request, "limit", 1, LIMIT_MAX, &listing.left, error);

	if (status == 0)
		status = operation_unsigned(request, "after", 1, UINT64_MAX, &listing.after, error);
	if (status != 0)
		return status;
	json_unsigned(json, "total", control_counts(control).connections);
	json_open(json, "connections", '[');
	control_visit_connections(control, write_connection, &listing);
	json_close(json, ']');
	(void)snprintf(next, sizeof(next), "%" PRIu64, listing.last);
	json_string(json, "next", listing.more ? next : NULL);
	return 0;
}
