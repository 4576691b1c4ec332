/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "document.h"
#include "terminal_text.h"

#define CELLS_FIRST 64u
#define GAP         2

struct cell {
	char *text;
	size_t width; /**< characters */
};

struct table {
	unsigned columns;
	bool right[TABLE_COLUMNS_MAX];
	bool headed;
	bool failed;
	size_t count;
	size_t capacity;
	struct cell *cells; /**< the headings are the first row */
};

static void add_cell(struct table *table, const char *text)
{
	char fit[TABLE_CELL_SIZE];
	struct cell cell = {.width = terminal_text(text, fit, sizeof(fit))};

	if (table->count == table->capacity) {
		size_t capacity = table->capacity > 0 ? 2 * table->capacity : CELLS_FIRST;
		struct cell *cells = realloc(table->cells, capacity * sizeof(*cells));
		table->failed |= cells == NULL;
		if (cells == NULL)
			return;
		table->cells = cells;
		table->capacity = capacity;
	}
	cell.text = strdup(fit);
	if (cell.text == NULL)
		table->failed = true;
	else
		table->cells[table->count++] = cell;
}

static void add_heading(struct table *table, const char *start, size_t size)
{
	char heading[TABLE_CELL_SIZE];
	bool right = *start == '>';

	start += right;
	size -= right;
	if (size >= sizeof(heading))
		size = sizeof(heading) - 1;
	memcpy(heading, start, size);
	heading[size] = '\0';
	for (char *blank = heading; (blank = strchr(blank, '_')) != NULL;)
		*blank = ' ';
	if (strcmp(heading, ".") == 0)
		heading[0] = '\0';
	table->headed |= heading[0] != '\0';
	table->right[table->columns++] = right;
	add_cell(table, heading);
}

struct table *table_create(const char *columns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	for (size_t size; *columns != '\0' && table->columns < TABLE_COLUMNS_MAX; columns += size) {
		columns += strspn(columns, " ");
		size = strcspn(columns, " ");
		if (size > 0)
			add_heading(table, columns, size);
	}
	return table;
}

void table_destroy(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table);
}

void table_cell(struct table *table, const char *format, ...)
{
	char text[TABLE_CELL_SIZE];
	va_list arguments;

	if (table == NULL)
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	add_cell(table, text);
}

void table_member(struct table *table, const json_t *json, const char *path)
{
	const json_t *value = document_at(json, path);

	if (json_is_string(value))
		table_cell(table, "%s", json_string_value(value));
	else if (json_is_integer(value))
		table_cell(table, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		table_cell(table, "%.6g", json_real_value(value));
	else if (json_is_boolean(value))
		table_cell(table, "%s", json_is_true(value) ? "yes" : "no");
	else
		table_cell(table, "-");
}

void table_quantity(struct table *table, const json_t *json, const char *path,
                    quantity_format *format)
{
	char text[QUANTITY_SIZE];
	double value;

	if (document_number(json, path, &value))
		table_cell(table, "%s", format(value, text));
	else
		table_cell(table, "-");
}

void table_list(struct table *table, const json_t *json, const char *path)
{
	const json_t *list = document_at(json, path), *element;
	char text[TABLE_CELL_SIZE] = "-";
	size_t index, used = 0;

	json_array_foreach (list, index, element) {
		const char *word = json_string_value(element);
		if (word != NULL && used < sizeof(text))
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
			                         used > 0 ? ", " : "", word);
	}
	table_cell(table, "%s", text);
}

static void print_row(const struct table *table, const struct cell *cells, const size_t *widths,
                      FILE *out)
{
	size_t at = 0, start = 0;

	for (unsigned column = 0; column < table->columns; column++) {
		size_t width = cells[column].width;
		size_t from = start + (table->right[column] ? widths[column] - width : 0);

		if (width > 0) {
			(void)fprintf(out, "%*s%s", (int)(from - at), "", cells[column].text);
			at = from + width;
		}
		start += widths[column] + GAP;
	}
	(void)fputc('\n', out);
}

int table_print(const struct table *table, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX] = {0};

	if (table == NULL || table->failed)
		return ERROR_MEMORY;
	for (size_t i = 0; i < table->count; i++) {
		size_t *width = &widths[i % table->columns];
		if (table->cells[i].width > *width)
			*width = table->cells[i].width;
	}
	for (size_t row = table->headed ? 0 : table->columns; row + table->columns <= table->count;
	     row += table->columns)
		print_row(table, table->cells + row, widths, out);
	return 0;
}

int table_end(struct table *table, FILE *out)
{
	int status = table_print(table, out);

	table_destroy(table);
	return status;
}

int table_of(const char *columns, const json_t *array, table_row *row, FILE *out)
{
	struct table *table = table_create(columns);
	const json_t *element;
	size_t index;

	json_array_foreach (array, index, element)
		row(table, element);
	return table_end(table, out);
}
