/* SPDX-License-Identifier: BSD-3-Clause */
#include "show.h"

#include <inttypes.h>
#include <string.h>

#include "document.h"
#include "table.h"

#define PATH_SIZE 128

show_answer *show_of(enum ctl_command command)
{
	static show_answer *const answers[CTL_COMMAND_COUNT] = {
	        [CTL_STATUS] = show_status,     [CTL_SESSIONS] = show_sessions,
	        [CTL_SESSION] = show_session,   [CTL_CONNECTIONS] = show_connections,
	        [CTL_COUNTERS] = show_counters, [CTL_CORES] = show_cores,
	        [CTL_PORTS] = show_ports,       [CTL_KEYS] = show_keys,
	};

	return command < CTL_COMMAND_COUNT && answers[command] != NULL ? answers[command]
	                                                               : show_outcome;
}

const char *show_endpoint(const json_t *json, const char *path, char text[SHOW_ENDPOINT_SIZE])
{
	const json_t *endpoint = document_at(json, path);
	const char *address = document_text(endpoint, "address", NULL);
	uint64_t port = document_count(endpoint, "port");

	if (address == NULL)
		(void)snprintf(text, SHOW_ENDPOINT_SIZE, "-");
	else if (strchr(address, ':') != NULL)
		(void)snprintf(text, SHOW_ENDPOINT_SIZE, "[%.60s]:%" PRIu64, address, port);
	else
		(void)snprintf(text, SHOW_ENDPOINT_SIZE, "%.60s:%" PRIu64, address, port);
	return text;
}

static void add_member(struct table *table, const char *name, json_t *value)
{
	char label[TABLE_CELL_SIZE];

	(void)snprintf(label, sizeof(label), "%s", name);
	for (char *at = label; (at = strchr(at, '_')) != NULL;)
		*at = ' ';
	if (json_is_array(value)) {
		const json_t *element;
		size_t index;
		json_array_foreach (value, index, element) {
			table_cell(table, "%s", index == 0 ? label : "");
			if (json_is_string(element))
				table_cell(table, "%s", json_string_value(element));
			else
				table_cell(table, "%" JSON_INTEGER_FORMAT,
				           json_integer_value(element));
		}
	} else {
		json_t *holder = json_pack("{s:O}", "value", value);
		table_cell(table, "%s", label);
		table_member(table, holder, "value");
		json_decref(holder);
	}
}

int show_outcome(const json_t *document, bool all, FILE *out)
{
	struct table *table = table_create(". .");
	json_t *members = json_deep_copy(document), *value, *inner;
	const char *name, *inner_name;
	char path[PATH_SIZE];

	(void)all;
	json_object_foreach (members, name, value) {
		if (strcmp(name, "schema") == 0 || strcmp(name, "command") == 0)
			continue;
		if (!json_is_object(value))
			add_member(table, name, value);
		json_object_foreach (value, inner_name, inner) {
			(void)snprintf(path, sizeof(path), "%.60s %.60s", name, inner_name);
			add_member(table, path, inner);
		}
	}
	json_decref(members);
	return table_end(table, out);
}
