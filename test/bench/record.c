/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include <stdlib.h>
#include <string.h>

void record_init(struct record *record, const char *group, const char *unit)
{
	memset(record, 0, sizeof(*record));
	(void)snprintf(record->group, sizeof(record->group), "%s", group);
	(void)snprintf(record->unit, sizeof(record->unit), "%s", unit);
}

static void add_field(struct record *record, const char *name, const char *quote, const char *value)
{
	size_t used = strlen(record->fields);
	size_t room = sizeof(record->fields) - used;
	int size = snprintf(record->fields + used, room, "%s\"%s\": %s%s%s", used > 0 ? ", " : "",
	                    name, quote, value, quote);

	if (size < 0 || (size_t)size >= room)
		abort();
}

void record_text(struct record *record, const char *name, const char *value)
{
	add_field(record, name, "\"", value);
}

void record_number(struct record *record, const char *name, unsigned long value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%lu", value);
	add_field(record, name, "", text);
}

void record_round(struct record *record, double value)
{
	if (record->round_count == RECORD_ROUNDS_MAX)
		abort();
	record->rounds[record->round_count++] = value;
}

void record_print(const struct record *record, FILE *to)
{
	(void)fprintf(to, "{\"group\": \"%s\", \"case\": {%s}, \"unit\": \"%s\", \"rounds\": [",
	              record->group, record->fields, record->unit);
	for (unsigned i = 0; i < record->round_count; i++)
		(void)fprintf(to, "%s%.6g", i > 0 ? ", " : "", record->rounds[i]);
	(void)fprintf(to, "]}\n");
	(void)fflush(to);
}
