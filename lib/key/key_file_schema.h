/* SPDX-License-Identifier: BSD-3-Clause */
/** The keys of an entry in a PSK file and in a static SA file; doc/configuration.md has the same. */
#ifndef SPECULAR_KEY_KEY_FILE_SCHEMA_H
#define SPECULAR_KEY_KEY_FILE_SCHEMA_H

#include "config/schema.h"

#define PSK_FILE_LIST "keys"
#define SA_FILE_LIST  "security-associations"

const struct schema_field *psk_file_schema(void);
const struct schema_field *sa_file_schema(void);

/**
 * The list that a key file's root mapping has under its only key: from minimum to SECRET_TABLE_SIZE_MAXIMUM mappings, whose keys the
 * caller reads. Errors as in yaml_tree.h; they never quote a value.
 */
int key_file_list(const struct yaml_tree *tree, const char *key, unsigned minimum,
                  const struct yaml_tree_node **list, struct error *error);

#endif
