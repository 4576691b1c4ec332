/* SPDX-License-Identifier: BSD-3-Clause */
/** Two structs that one table of keys fills: which keys' values differ, and whether a running program takes the new ones. */
#ifndef SPECULAR_CONFIG_SCHEMA_CHANGE_H
#define SPECULAR_CONFIG_SCHEMA_CHANGE_H

#include "config/schema.h"

#define SCHEMA_PATH_SIZE 160u

/** path: as errors name the key, e.g. "ports[0].mtu"; valid during the call. change: SCHEMA_RELOAD or SCHEMA_RESTART. */
typedef void (*schema_changed)(void *context, const char *path, enum schema_change change);

/** What is compared, and who is told. */
struct schema_comparison {
	const char *prefix; /**< of every path; "" at the root */
	enum schema_change
	        change; /**< of keys that don't say it, around which nothing says it either */
	schema_changed changed;
	void *context;
};

/**
 * Tells of every key whose value differs, in the table's order. Lists of the same length are compared element by element where these are
 * mappings; else the list is told as a whole.
 */
void schema_compare(const struct schema_comparison *comparison, const struct schema_field *fields,
                    const void *one, const void *other);

/** Copies the values of all keys with SCHEMA_RELOAD. change: as in struct schema_comparison. */
void schema_take(const struct schema_field *fields, enum schema_change change, void *destination,
                 const void *source);

#endif
