/* SPDX-License-Identifier: BSD-3-Clause */
/** What a table allows, in words. */
#ifndef SPECULAR_CONFIG_SCHEMA_DESCRIPTION_H
#define SPECULAR_CONFIG_SCHEMA_DESCRIPTION_H

#include "config/schema.h"

/** What a field allows: "an integer from 1 to 9", "spin, pause, sleep". Returns description. */
const char *schema_describe(const struct schema_field *field,
                            char description[SCHEMA_DESCRIPTION_SIZE]);

/** Appends "spin, pause, sleep" to a text in an array of size octets, cut there. */
void schema_append_choices(char *text, size_t size, const struct schema_choice *choices);

/** Appends the keys of a mapping in the same way. */
void schema_append_keys(char *text, size_t size, const struct schema_field *fields);

#endif
