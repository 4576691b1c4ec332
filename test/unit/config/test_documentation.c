/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * doc/configuration.md has a row "| `key` | what is allowed | default |" for every key of the tables, word for word; the configuration's own
 * with a column that says whether a reload takes a change. With the
 * argument "rows" the program prints the rows that the tables want, for whoever adds a key.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config_schema.h"
#include "key/key_file_schema.h"
#include "table_rows.h"
#include "unit.h"

static void check_all(struct document *document)
{
	document->change = SCHEMA_RESTART;
	table_rows_check(document, "", config_schema());
	document->change = SCHEMA_AS_AROUND;
	table_rows_check(document, "", driver_profile_schema());
	table_rows_check(document, PSK_FILE_LIST "[].", psk_file_schema());
	table_rows_check(document, SA_FILE_LIST "[].", sa_file_schema());
}

static void every_key_has_its_row(void)
{
	struct document document = {.name = "doc/configuration.md"};

	table_rows_read(&document, SOURCE_ROOT "/doc/configuration.md");
	check_all(&document);
	CU_ASSERT_EQUAL(document.missing, 0);
	CU_ASSERT(document.rows > 60);
	free(document.text);
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
