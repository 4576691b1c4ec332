/* SPDX-License-Identifier: BSD-3-Clause */
/** Columns, quantities, and what reaches a terminal. */
#include <string.h>

#include "base/error.h"
#include "table.h"
#include "terminal_text.h"
#include "unit.h"

static const char *print(const struct table *table)
{
	static char text[4096];
	FILE *out = fmemopen(text, sizeof(text), "w");

	text[0] = '\0';
	CU_ASSERT_EQUAL(table_print(table, out), 0);
	(void)fclose(out);
	return text;
}

static void columns_are_aligned(void)
{
	struct table *table = table_create("NAME >COUNT THE_REST");

	table_cell(table, "a");
	table_cell(table, "%d", 12345678);
	table_cell(table, "x");
	table_cell(table, "long name");
	table_cell(table, "7");
	table_cell(table, "%s", "");
	CU_ASSERT_STRING_EQUAL(print(table), "NAME          COUNT  THE REST\n"
	                                     "a          12345678  x\n"
	                                     "long name         7\n");
	/* Half a row is not shown. */
	table_cell(table, "b");
	CU_ASSERT_STRING_EQUAL(print(table), "NAME          COUNT  THE REST\n"
	                                     "a          12345678  x\n"
	                                     "long name         7\n");
	table_destroy(table);
	table_destroy(NULL);
}

static void a_table_without_headings(void)
{
	struct table *table = table_create(". .");

	CU_ASSERT_STRING_EQUAL(print(table), "");
	table_cell(table, "z\xc3\xa4hler");
	table_cell(table, "1");
	table_cell(table, "x");
	table_cell(table, "2");
	CU_ASSERT_STRING_EQUAL(print(table), "z\xc3\xa4hler  1\nx       2\n");
	table_destroy(table);
	CU_ASSERT_EQUAL(table_print(NULL, stdout), ERROR_MEMORY);
	table_cell(NULL, "x");
}

static void members_of_any_type(void)
{
	struct table *table = table_create("A");
	json_t *json = json_loads("{\"s\": \"t\", \"i\": 18446744, \"r\": 0.25, \"b\": true, "
	                          "\"l\": [\"x\", 1, \"y\"],"
	                          "\"o\": {}, \"n\": null, \"u\": 90061}",
	                          0, NULL);

	table_member(table, json, "s");
	table_member(table, json, "i");
	table_member(table, json, "r");
	table_member(table, json, "b");
	table_member(table, json, "o");
	table_member(table, json, "n");
	table_member(table, json, "missing");
	table_list(table, json, "l");
	table_list(table, json, "s");
	table_quantity(table, json, "u", quantity_duration);
	table_quantity(table, json, "s", quantity_duration);
	CU_ASSERT_STRING_EQUAL(print(table),
	                       "A\nt\n18446744\n0.25\nyes\n-\n-\n-\nx, y\n-\n1d 01:01:01\n-\n");
	table_destroy(table);
	json_decref(json);
}

static void quantities_have_three_digits(void)
{
	char text[QUANTITY_SIZE];

	CU_ASSERT_STRING_EQUAL(quantity_scaled(0, text), "0");
	CU_ASSERT_STRING_EQUAL(quantity_scaled(9999, text), "9999");
	CU_ASSERT_STRING_EQUAL(quantity_scaled(9999.6, text), "10.0k");
	CU_ASSERT_STRING_EQUAL(quantity_scaled(123456, text), "123k");
	CU_ASSERT_STRING_EQUAL(quantity_scaled(999999, text), "1.00M");
	CU_ASSERT_STRING_EQUAL(quantity_octets(1023, text), "1023 B");
	CU_ASSERT_STRING_EQUAL(quantity_octets(1536, text), "1.50 KiB");
	CU_ASSERT_STRING_EQUAL(quantity_octets(3.0 * (1 << 30), text), "3.00 GiB");
	CU_ASSERT_STRING_EQUAL(quantity_duration(0.25, text), "0.25 s");
	CU_ASSERT_STRING_EQUAL(quantity_duration(3723.9, text), "1:02:03");
	CU_ASSERT_STRING_EQUAL(quantity_duration(-1, text), "-");
	CU_ASSERT_STRING_EQUAL(quantity_duration(1e300, text), "-");
	CU_ASSERT_STRING_EQUAL(quantity_nanoseconds(850, text), "850 ns");
	CU_ASSERT_STRING_EQUAL(quantity_nanoseconds(1200, text), "1.20 us");
	CU_ASSERT_STRING_EQUAL(quantity_nanoseconds(34.5e6, text), "34.5 ms");
	CU_ASSERT_STRING_EQUAL(quantity_percent(0.123, text), "12.3%");
}

static void expect_text(const char *text, const char *fit)
{
	char out[64];

	(void)terminal_text(text, out, sizeof(out));
	CU_ASSERT_STRING_EQUAL(out, fit);
}

static void nothing_controls_the_terminal(void)
{
	char out[4];

	expect_text("plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
	            "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
	expect_text("\x1b[2J\r\n\t\x07\x7f", "?[2J?????");
	expect_text("C1 \xc2\x9b"
	            "2J",
	            "C1 ?2J");
	expect_text("bidi \xe2\x80\xae"
	            "cba",
	            "bidi ?cba");
	expect_text("broken \xff\xc3", "broken ??");
	/* Cut after whole characters. */
	CU_ASSERT_EQUAL(terminal_text("ab\xc3\xa4", out, sizeof(out)), 2);
	CU_ASSERT_STRING_EQUAL(out, "ab");
	CU_ASSERT_EQUAL(terminal_text("a\xc3\xa4z", out, sizeof(out)), 2);
	CU_ASSERT_STRING_EQUAL(out, "a\xc3\xa4");
}

static void a_document_is_passed_with_escapes(void)
{
	static const char text[] = "{\"a\": \"\xc2\x9b\x7f\xe2\x80\xae \xc3\xa4\"}\n";
	char out[128] = "";
	FILE *file = fmemopen(out, sizeof(out), "w");

	terminal_document(text, sizeof(text) - 1, file);
	(void)fclose(file);
	CU_ASSERT_STRING_EQUAL(out, "{\"a\": \"\\u009b\\u007f\\u202e \xc3\xa4\"}\n");
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"columns are aligned", columns_are_aligned},
	        {"a table without headings", a_table_without_headings},
	        {"members of any type", members_of_any_type},
	        {"quantities have three digits", quantities_have_three_digits},
	        {"nothing controls the terminal", nothing_controls_the_terminal},
	        {"a document is passed with escapes", a_document_is_passed_with_escapes},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("ctl table", tests);
}
