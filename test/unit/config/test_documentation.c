/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * doc/configuration.md has a row "| `key` | what is allowed | default |" for every key of the tables, word for word. With the
 * argument "rows" the program prints the rows that the tables want, for whoever adds a key.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_schema.h"
#include "config/schema_description.h"
#include "key/key_file_schema.h"
#include "unit.h"

#define PATH_SIZE 160u
#define ROW_SIZE  640u

struct document {
	char *text; /**< NULL: print the rows */
	unsigned rows;
	unsigned missing;
};

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

static void check_row(struct document *document, const char *path, const struct schema_field *field)
{
	char description[SCHEMA_DESCRIPTION_SIZE], text[32], row[ROW_SIZE];

	(void)snprintf(row, sizeof(row), "| `%s` | %s | %s |", path,
	               schema_describe(field, description), default_text(field, text));
	document->rows++;
	if (document->text == NULL) {
		(void)printf("%s\n", row);
	} else if (strstr(document->text, row) == NULL) {
		(void)fprintf(stderr, "doc/configuration.md lacks: %s\n", row);
		document->missing++;
	}
}

static void check_fields(struct document *document, const char *prefix,
                         const struct schema_field *fields)
{
	char path[PATH_SIZE];

	for (const struct schema_field *field = fields; field->key != NULL; field++) {
		const struct schema_field *nested = field->fields;
		(void)snprintf(path, sizeof(path), "%s%s", prefix, field->key);
		if (field->type != SCHEMA_MAPPING)
			check_row(document, path, field);
		if (field->type == SCHEMA_LIST)
			nested = field->element->fields;
		if (nested == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "%s%s%s", prefix, field->key,
		               field->type == SCHEMA_LIST ? "[]." : ".");
		check_fields(document, path, nested);
	}
}

static void check_all(struct document *document)
{
	check_fields(document, "", config_schema());
	check_fields(document, "", driver_profile_schema());
	check_fields(document, PSK_FILE_LIST "[].", psk_file_schema());
	check_fields(document, SA_FILE_LIST "[].", sa_file_schema());
}

static void every_key_has_its_row(void)
{
	struct document document = {0};
	FILE *file = fopen(SOURCE_ROOT "/doc/configuration.md", "r");
	const size_t room = 256 * 1024;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	document.text = calloc(1, room);
	CU_ASSERT_PTR_NOT_NULL_FATAL(document.text);
	size_t size = fread(document.text, 1, room - 1, file);
	CU_ASSERT(size > 0 && size < room - 1);
	check_all(&document);
	CU_ASSERT_EQUAL(document.missing, 0);
	CU_ASSERT(document.rows > 60);
	free(document.text);
	(void)fclose(file);
}

int main(int argc, char **argv)
{
	CU_TestInfo tests[] = {{"every key has its row", every_key_has_its_row}, CU_TEST_INFO_NULL};

	if (argc == 2 && strcmp(argv[1], "rows") == 0) {
		struct document document = {0};
		check_all(&document);
		return 0;
	}
	return unit_run("config-documentation", tests);
}
