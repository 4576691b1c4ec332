/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A table of keys and the one reader that fills a struct by it. A table says for each key its type, range, default, whether it is
 * required, and where its value goes; doc/configuration.md has the same columns and a test compares them.
 *
 * An error tells what is allowed from the table. Nothing here keeps a pointer into the tree.
 */
#ifndef SPECULAR_CONFIG_SCHEMA_H
#define SPECULAR_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/yaml_tree.h"

#define SCHEMA_DESCRIPTION_SIZE 256u

enum schema_type {
	SCHEMA_INTEGER, /**< unsigned, decimal, minimum to maximum, to an unsigned integer of size octets */
	SCHEMA_BOOLEAN, /**< true or false, to a bool */
	SCHEMA_CHOICE,  /**< one of choices, to an enum */
	SCHEMA_FLAGS,   /**< a list of choices, or-ed, to a uint32_t */
	SCHEMA_TEXT, /**< minimum to maximum octets of printable ASCII, to a terminated array of size octets */
	SCHEMA_CUSTOM,  /**< a scalar that read understands; allowed says what */
	SCHEMA_MAPPING, /**< keys of fields, to a struct */
	SCHEMA_LIST, /**< minimum to maximum elements of the kind that element tells, to an array of size octets each */
};

/** When a change of a key in the file is taken. What a mapping says holds for the keys in it that don't say it themselves. */
enum schema_change { SCHEMA_AS_AROUND, SCHEMA_RELOAD, SCHEMA_RESTART };

struct schema_choice {
	const char *name;
	uint32_t value;
};

/** Reads one scalar to its destination. Returns 0 or an error set with yaml_tree_error. */
typedef int (*schema_read)(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                           void *destination, struct error *error);

struct schema_field {
	const char *key;
	enum schema_type type;
	bool required;
	bool power_of_two; /**< of an integer */
	enum schema_change change;
	size_t offset; /**< of the destination in the struct that the mapping fills */
	size_t size;   /**< octets of the destination; of one element for a list */
	uint64_t minimum, maximum;
	uint64_t fallback; /**< default of an integer, boolean or choice */
	const char *text;  /**< default of a text or a custom; NULL: empty, zero */
	const char *noun;  /**< what a choice is called in an error; NULL: "value" */
	const struct schema_choice *choices; /**< ends with a NULL name */
	const struct schema_field *fields;   /**< of a mapping; ends with a NULL key */
	const struct schema_field *element;  /**< of a list: offset 0 and no key */
	size_t count_offset;                 /**< of a list: where its unsigned count goes */
	schema_read read;
	const char *allowed; /**< of a custom: shown behind "allowed: " */
	const char *
	        preset; /**< what stands for a default that the table can't tell; for the documentation's test */
};

/** Writes the defaults of fields (and of the mappings in them; lists become empty). */
void schema_default(const struct schema_field *fields, void *destination);

/** Writes the defaults, then what the node has. The node must be a mapping: else an error. ERROR_FORMAT, ERROR_ARGUMENT, ERROR_LIMIT. */
int schema_read_mapping(const struct yaml_tree *tree, const struct yaml_tree_node *node,
                        const struct schema_field *fields, void *destination, struct error *error);

#endif
