/* SPDX-License-Identifier: BSD-3-Clause */
/** From a YAML file to a program's configuration, in the steps that all programs have in common. */
#ifndef SPECULAR_CONFIG_CONFIG_READER_H
#define SPECULAR_CONFIG_CONFIG_READER_H

#include <stddef.h>

#include "base/error.h"
#include "config/schema.h"
#include "config/yaml_tree.h"

/** What a program's configuration is. */
struct config_kind {
	size_t size; /**< of its struct, which begins zeroed, since lists write only the elements that there are */
	const struct schema_field *(*schema)(void);
	/** After the table has been read: what follows from other keys, and checks. name: the file's, for paths that are relative to it. */
	int (*complete)(const struct yaml_tree *tree, const char *name, void *made,
	                struct error *error);
};

/** On success the caller owns *made until free(); else it is NULL. Errors and codes as config_load. */
int config_reader_load(const struct config_kind *kind, const char *path, void **made,
                       struct error *error);
/** As config_reader_load, from memory. */
int config_reader_parse(const struct config_kind *kind, const char *name, const char *text,
                        size_t size, void **made, struct error *error);

#endif
