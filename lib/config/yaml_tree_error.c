/* SPDX-License-Identifier: BSD-3-Clause */
/** How an error tells its place: FILE:LINE:COLUMN: path.to.key. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml_tree.h"

static char printable(char character)
{
	return character >= ' ' && character <= '~' ? character : '?';
}

static void append(char *path, size_t size, const char *text)
{
	size_t length = strlen(path);

	for (; *text != '\0' && length + 1 < size; text++)
		path[length++] = printable(*text);
	path[length] = '\0';
}

static void append_key(char path[YAML_TREE_PATH_SIZE], const char *key)
{
	if (path[0] != '\0')
		append(path, YAML_TREE_PATH_SIZE, ".");
	append(path, YAML_TREE_PATH_SIZE, key);
}

/** "control.modes[2]"; "" for the root. */
static void write_path(const struct yaml_tree_node *node, char path[YAML_TREE_PATH_SIZE])
{
	char index[16];

	if (node->parent == NULL) {
		path[0] = '\0';
		return;
	}
	write_path(node->parent, path);
	if (node->key != NULL) {
		append_key(path, node->key);
	} else {
		(void)snprintf(index, sizeof(index), "[%u]", node->index);
		append(path, YAML_TREE_PATH_SIZE, index);
	}
}

static int write_error(const struct yaml_tree *tree, unsigned line, unsigned column,
                       const char *path, struct error *error, int code, const char *format,
                       va_list arguments) __attribute__((format(printf, 7, 0)));

static int write_error(const struct yaml_tree *tree, unsigned line, unsigned column,
                       const char *path, struct error *error, int code, const char *format,
                       va_list arguments)
{
	char text[ERROR_TEXT_SIZE];

	(void)vsnprintf(text, sizeof(text), format, arguments);
	return error_set(error, code, "%s:%u:%u: %s%s%s", yaml_tree_file_name(tree->name), line,
	                 column, path, path[0] != '\0' ? ": " : "", text);
}

const char *yaml_tree_file_name(const char *name)
{
	size_t length = strlen(name);

	return length > YAML_TREE_FILE_NAME_CUTOFF ? name + length - YAML_TREE_FILE_NAME_CUTOFF
	                                           : name;
}

int yaml_tree_error(const struct yaml_tree *tree, const struct yaml_tree_node *node,
                    struct error *error, int code, const char *format, ...)
{
	char path[YAML_TREE_PATH_SIZE];
	va_list arguments;

	write_path(node, path);
	va_start(arguments, format);
	(void)write_error(tree, node->line, node->column, path, error, code, format, arguments);
	va_end(arguments);
	return code;
}

int yaml_tree_key_error(const struct yaml_tree *tree, const struct yaml_tree_node *child,
                        struct error *error, int code, const char *format, ...)
{
	char path[YAML_TREE_PATH_SIZE];
	va_list arguments;

	write_path(child, path);
	va_start(arguments, format);
	(void)write_error(tree, child->key_line, child->key_column, path, error, code, format,
	                  arguments);
	va_end(arguments);
	return code;
}

int yaml_tree_missing_error(const struct yaml_tree *tree, const struct yaml_tree_node *mapping,
                            const char *key, struct error *error, int code, const char *format, ...)
{
	char path[YAML_TREE_PATH_SIZE];
	va_list arguments;

	write_path(mapping, path);
	append_key(path, key);
	va_start(arguments, format);
	(void)write_error(tree, mapping->line, mapping->column, path, error, code, format,
	                  arguments);
	va_end(arguments);
	return code;
}

/** The child that the first part of *path names; *path goes on behind it. NULL when the file has none. */
static const struct yaml_tree_node *step(const struct yaml_tree_node *node, const char **path)
{
	char key[YAML_TREE_PATH_SIZE];

	if (**path == '[') {
		char *end;
		unsigned long index = strtoul(*path + 1, &end, 10);
		const struct yaml_tree_node *child = node->first;
		while (child != NULL && child->index < index)
			child = child->next;
		*path = end + 1;
		return child;
	}
	if (**path == '.')
		(*path)++;
	size_t length = strcspn(*path, ".[");
	if (length >= sizeof(key))
		return NULL;
	memcpy(key, *path, length);
	key[length] = '\0';
	*path += length;
	return yaml_tree_get(node, key);
}

int yaml_tree_path_error(const struct yaml_tree *tree, const char *path, struct error *error,
                         int code, const char *format, ...)
{
	const struct yaml_tree_node *deepest = tree->root;
	const char *rest = path;
	va_list arguments;

	while (*rest != '\0') {
		const struct yaml_tree_node *child = step(deepest, &rest);
		if (child == NULL)
			break;
		deepest = child;
	}
	va_start(arguments, format);
	(void)write_error(tree, deepest->line, deepest->column, path, error, code, format,
	                  arguments);
	va_end(arguments);
	return code;
}

const char *yaml_tree_quote(const struct yaml_tree_node *scalar, char quote[YAML_TREE_QUOTE_SIZE])
{
	const size_t room = YAML_TREE_QUOTE_SIZE - sizeof("\"...\"");
	size_t length = scalar->length > room ? room : scalar->length;

	quote[0] = '"';
	for (size_t i = 0; i < length; i++)
		quote[1 + i] = printable(scalar->text[i]);
	(void)snprintf(quote + 1 + length, YAML_TREE_QUOTE_SIZE - 1 - length, "%s\"",
	               scalar->length > room ? "..." : "");
	return quote;
}
