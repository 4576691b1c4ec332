/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A YAML file as a tree of nodes that know their line and column: what the configuration, driver profiles, PSK and SA files are read from.
 *
 * The subset is small on purpose: one document, mappings with unique scalar keys, sequences, scalars. Anchors, aliases and tags are
 * refused; size, depth and number of nodes are bounded. Since such a file may hold secrets, every octet of its text is wiped when
 * the tree is freed, and no error text ever quotes a value unless its reader does.
 *
 * Errors read "FILE:LINE:COLUMN: path.to.key: what is wrong; what is allowed". A tree belongs to one thread.
 */
#ifndef SPECULAR_CONFIG_YAML_TREE_H
#define SPECULAR_CONFIG_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define YAML_TREE_SIZE_MAXIMUM     (1024u * 1024u) /**< octets of a file */
#define YAML_TREE_DEPTH_MAXIMUM    16u
#define YAML_TREE_NODES_MAXIMUM    65536u
#define YAML_TREE_KEYS_MAXIMUM     128u /**< keys of one mapping */
#define YAML_TREE_PATH_SIZE        192u /**< of "path.to.key" in an error, cut there */
#define YAML_TREE_QUOTE_SIZE       48u  /**< of a value quoted in an error, cut there */
#define YAML_TREE_FILE_NAME_CUTOFF 200u /**< of FILE in an error: its last octets are kept */

enum yaml_tree_kind { YAML_TREE_SCALAR, YAML_TREE_SEQUENCE, YAML_TREE_MAPPING };

/** Children of a sequence or mapping are a list in the file's order. */
struct yaml_tree_node {
	enum yaml_tree_kind kind;
	unsigned line;                       /**< from 1 */
	unsigned column;                     /**< from 1, in characters */
	const struct yaml_tree_node *parent; /**< NULL for the root */
	struct yaml_tree_node *next;         /**< next child of the parent */
	struct yaml_tree_node *first;        /**< first child */
	unsigned count;                      /**< children */
	unsigned index;                      /**< place among the parent's children */
	char *key;                           /**< of a mapping's child, else NULL */
	unsigned key_line, key_column;
	char *text;    /**< scalar: terminated, without a NUL inside */
	size_t length; /**< octets of text */
	bool plain;    /**< scalar without quotes */
};

struct yaml_tree {
	char *name; /**< FILE in errors */
	struct yaml_tree_node *root;
	unsigned nodes;
};

/** Parses text; name stands for FILE. On success the caller owns *tree until yaml_tree_free. ERROR_FORMAT, ERROR_LIMIT, ERROR_MEMORY. */
int yaml_tree_parse(const char *name, const char *text, size_t size, struct yaml_tree **tree,
                    struct error *error);

/** Reads and parses a regular file. Also ERROR_NOT_FOUND and ERROR_SYSTEM: then the text has no line. */
int yaml_tree_load(const char *path, struct yaml_tree **tree, struct error *error);

/** Reads from an open descriptor up to YAML_TREE_SIZE_MAXIMUM octets; path is for errors. The caller closes it. */
int yaml_tree_load_descriptor(const char *path, int descriptor, struct yaml_tree **tree,
                              struct error *error);

/** Overwrites every key and scalar with zeros; lengths and structure stay. */
void yaml_tree_wipe(struct yaml_tree *tree);

/** Wipes and frees. tree may be NULL. */
void yaml_tree_free(struct yaml_tree *tree);

/** The value of a key, or NULL. */
const struct yaml_tree_node *yaml_tree_get(const struct yaml_tree_node *mapping, const char *key);

/** The part of FILE that an error shows: the last YAML_TREE_FILE_NAME_CUTOFF octets. */
const char *yaml_tree_file_name(const char *name);

/** "a scalar", "a list", "a mapping". */
const char *yaml_tree_kind_name(enum yaml_tree_kind kind);

/** Writes a scalar's text for an error: in double quotes, cut, what is not printable ASCII as '?'. Returns quote. */
const char *yaml_tree_quote(const struct yaml_tree_node *scalar, char quote[YAML_TREE_QUOTE_SIZE]);

/** An error at a node; format has what is wrong and what is allowed. Returns code. */
int yaml_tree_error(const struct yaml_tree *tree, const struct yaml_tree_node *node,
                    struct error *error, int code, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/** As yaml_tree_error, at the key of a mapping's child instead of its value. */
int yaml_tree_key_error(const struct yaml_tree *tree, const struct yaml_tree_node *child,
                        struct error *error, int code, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/** As yaml_tree_error, at a mapping for a key that it lacks. */
int yaml_tree_missing_error(const struct yaml_tree *tree, const struct yaml_tree_node *mapping,
                            const char *key, struct error *error, int code, const char *format, ...)
        __attribute__((format(printf, 6, 7)));

/**
 * As yaml_tree_error, at a path such as "ports[1].vlans[0].id". What the file lacks (a default) is placed at the deepest part of the
 * path that is there.
 */
int yaml_tree_path_error(const struct yaml_tree *tree, const char *path, struct error *error,
                         int code, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
