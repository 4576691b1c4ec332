/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base/error.h"
#include "document.h"
#include "show.h"
#include "table.h"

/** The row of descriptions that names the counter; NULL: none. */
static const json_t *describe(const json_t *descriptions, const char *name)
{
	const json_t *description;
	size_t index;

	json_array_foreach (descriptions, index, description) {
		if (strcmp(document_text(description, "name", ""), name) == 0)
			return description;
	}
	return NULL;
}

static void add_group(struct table *table, const json_t *document, const char *group, bool all)
{
	const json_t *descriptions = document_at(document_at(document, "descriptions"), group);
	json_t *values = document_at(document, group), *value;
	const char *name;

	json_object_foreach (values, name, value) {
		const json_t *description = describe(descriptions, name);
		if (!json_is_integer(value) || (json_integer_value(value) == 0 && !all))
			continue;
		table_cell(table, "%s", name);
		table_cell(table, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		table_cell(table, "%s", document_text(description, "unit", "-"));
		table_cell(table, "%s", document_text(description, "meaning", "-"));
	}
}

int show_counters(const json_t *document, bool all, FILE *out)
{
	struct table *table = table_create("COUNTER >VALUE UNIT MEANING");

	add_group(table, document, "datapath", all);
	add_group(table, document, "control", all);
	return table_end(table, out);
}
