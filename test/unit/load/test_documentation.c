/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * doc/load.md has a row for every key of the table. The keys of eal and ports are the appliance's: doc/configuration.md has them. With
 * the argument "rows" the program prints the rows that the table wants.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_options.h"
#include "load_schema.h"
#include "table_rows.h"
#include "unit.h"

static void check_own(struct document *document)
{
	for (const struct schema_field *field = load_schema(); field->key != NULL; field++) {
		const struct schema_field alone[] = {*field, {.key = NULL}};
		if (strcmp(field->key, "eal") != 0 && strcmp(field->key, "ports") != 0 &&
		    strcmp(field->key, "drivers-config") != 0)
			table_rows_check(document, "", alone);
	}
}

static void every_key_has_its_row(void)
{
	struct document document = {.name = "doc/load.md"};

	table_rows_read(&document, SOURCE_ROOT "/doc/load.md");
	check_own(&document);
	CU_ASSERT_EQUAL(document.missing, 0);
	CU_ASSERT(document.rows > 50);
	free(document.text);
}

/** The man page is made of --help itself. */
static void every_option_is_there(void)
{
	struct document document = {.name = "doc/load.md"};
	unsigned count = 0;

	table_rows_read(&document, SOURCE_ROOT "/doc/load.md");
	for (const char *at = strstr(load_usage, "\n  "); at != NULL; at = strstr(at + 1, "\n  ")) {
		char option[32] = "`";
		const char *name = strstr(at, "--");
		CU_ASSERT_PTR_NOT_NULL_FATAL(name);
		(void)strncat(option, name, strcspn(name, " "));
		if (strstr(document.text, option) == NULL)
			(void)fprintf(stderr, "doc/load.md lacks %s\n", option);
		CU_ASSERT_PTR_NOT_NULL(strstr(document.text, option));
		count++;
	}
	CU_ASSERT_EQUAL(count, 7);
	free(document.text);
}

int main(int argc, char **argv)
{
	CU_TestInfo tests[] = {{"every key has its row", every_key_has_its_row},
	                       {"every option is there", every_option_is_there},
	                       CU_TEST_INFO_NULL};

	if (argc == 2 && strcmp(argv[1], "rows") == 0) {
		struct document document = {0};
		check_own(&document);
		return 0;
	}
	return unit_run("load-documentation", tests);
}
