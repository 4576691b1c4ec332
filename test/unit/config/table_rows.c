/* SPDX-License-Identifier: BSD-3-Clause */
#include "table_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/schema_description.h"
#include "unit.h"

#define PATH_SIZE 160u
#define ROW_SIZE  640u
#define ROOM      (256u * 1024u)

static const char *default_text(const struct schema_field *field, char text[32])
{
	if (field->required)
		return "required";
	if (field->preset != NULL)
		return field->preset;
	if (field->text != NULL)
		return field->text;
	if (field->type == SCHEMA_BOOLEAN)
		return field->fallback != 0 ? "true" : "false";
	for (const struct schema_choice *choice = field->choices;
	     field->type == SCHEMA_CHOICE && choice->name != NULL; choice++) {
		if (choice->value == field->fallback)
			return choice->name;
	}
	if (field->type != SCHEMA_INTEGER)
		return "none";
	(void)snprintf(text, 32, "%" PRIu64, field->fallback);
	return text;
}

static const char *change_column(enum schema_change change)
{
	if (change == SCHEMA_AS_AROUND)
		return "";
	return change == SCHEMA_RELOAD ? " reload |" : " restart |";
}

static void check_row(struct document *document, const char *path, const struct schema_field *field)
{
	char description[SCHEMA_DESCRIPTION_SIZE], text[32], row[ROW_SIZE];

	(void)snprintf(row, sizeof(row), "| `%s` | %s | %s |%s", path,
	               schema_describe(field, description), default_text(field, text),
	               change_column(document->change));
	document->rows++;
	if (document->text == NULL) {
		(void)printf("%s\n", row);
	} else if (strstr(document->text, row) == NULL) {
		(void)fprintf(stderr, "%s lacks: %s\n", document->name, row);
		document->missing++;
	}
}

void table_rows_check(struct document *document, const char *prefix,
                      const struct schema_field *fields)
{
	char path[PATH_SIZE];

	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		const struct schema_field *nested = field->fields;
		const enum schema_change around = document->change;
		if (around != SCHEMA_AS_AROUND && field->change != SCHEMA_AS_AROUND)
			document->change = field->change;
		(void)snprintf(path, sizeof(path), "%s%s", prefix, field->key);
		if (field->type != SCHEMA_MAPPING)
			check_row(document, path, field);
		if (field->type == SCHEMA_LIST)
			nested = field->element->fields;
		(void)snprintf(path, sizeof(path), "%s%s%s", prefix, field->key,
		               field->type == SCHEMA_LIST ? "[]." : ".");
		if (nested != NULL)
			table_rows_check(document, path, nested);
		document->change = around;
	}
}

void table_rows_read(struct document *document, const char *path)
{
	FILE *file = fopen(path, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	document->text = calloc(1, ROOM);
	CU_ASSERT_PTR_NOT_NULL_FATAL(document->text);
	size_t size = fread(document->text, 1, ROOM - 1, file);
	CU_ASSERT(size > 0 && size < ROOM - 1);
	(void)fclose(file);
}
