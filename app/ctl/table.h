/* SPDX-License-Identifier: BSD-3-Clause */
/** Rows of texts in aligned columns. */
#ifndef SPECULAR_CTL_TABLE_H
#define SPECULAR_CTL_TABLE_H

#include <jansson.h>
#include <stdio.h>

#include "quantity.h"

/** Octets of a cell's text; longer ones are cut. */
#define TABLE_CELL_SIZE   512
#define TABLE_COLUMNS_MAX 16

struct table;

/**
 * columns: the headings with a blank between them, '_' for a blank inside of one; a column whose heading begins with '>' is
 * aligned to the right. A heading of "." alone is empty; with nothing but these there is no line of headings. NULL: no memory.
 */
struct table *table_create(const char *columns);
/** NULL is allowed. */
void table_destroy(struct table *table);

/** The next cell; the last one of a row is followed by the first of the next. No memory: table_print says so. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The next cell is a member of a document (document.h): text, number or truth; "-" when it is not there. */
void table_member(struct table *table, const json_t *json, const char *path);
/** The same of a number, as format writes it. */
void table_quantity(struct table *table, const json_t *json, const char *path,
                    quantity_format *format);
/** The same of an array's texts, with commas. */
void table_list(struct table *table, const json_t *json, const char *path);

/** 0 or ERROR_MEMORY. */
int table_print(const struct table *table, FILE *out);
/** The same, and the table is destroyed. */
int table_end(struct table *table, FILE *out);

/** Fills a row's cells with an element. */
typedef void table_row(struct table *table, const json_t *element);
/** A whole table with a row for each element of an array. 0 or ERROR_MEMORY. */
int table_of(const char *columns, const json_t *array, table_row *row, FILE *out);

#endif
