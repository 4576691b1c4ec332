/* SPDX-License-Identifier: BSD-3-Clause */
/** Rows "| `key` | what is allowed | default |", or with a column reload or restart, that a document must have for every key of the tables, word for word. */
#ifndef SPECULAR_TEST_TABLE_ROWS_H
#define SPECULAR_TEST_TABLE_ROWS_H

#include "config/schema.h"

struct document {
	const char *name; /**< for what is said */
	char *text;       /**< NULL: print the rows */
	unsigned rows;
	unsigned missing;
	enum schema_change
	        change; /**< of keys around which nothing says it; SCHEMA_AS_AROUND: no such column */
};

/** Counts rows, and says which are missing. prefix: of the keys. */
void table_rows_check(struct document *document, const char *prefix,
                      const struct schema_field *fields);

/** Reads a file whole into document->text, which the caller frees. */
void table_rows_read(struct document *document, const char *path);

#endif
