/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/yaml_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

int yaml_tree_load_descriptor(const char *path, int descriptor, struct yaml_tree **tree,
                              struct error *error)
{
	size_t size = 0;
	ssize_t got;
	/* One octet more than allowed, so that a file that is too large shows. */
	size_t room = YAML_TREE_SIZE_MAXIMUM + 1;
	char *text = malloc(room);

	*tree = NULL;
	if (text == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	do {
		got = read(descriptor, text + size, room - size);
		if (got > 0)
			size += (size_t)got;
	} while ((got > 0 && size < room) || (got < 0 && errno == EINTR));
	int status = got < 0 ? error_set(error, ERROR_SYSTEM, "%s: %s", yaml_tree_file_name(path),
	                                 strerror(errno))
	                     : yaml_tree_parse(path, text, size, tree, error);
	secret_wipe(text, size);
	free(text);
	return status;
}

int yaml_tree_load(const char *path, struct yaml_tree **tree, struct error *error)
{
	struct stat status_of_file;
	/* Without O_NONBLOCK opening a FIFO would wait for its writer. */
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	*tree = NULL;
	if (descriptor < 0)
		return error_set(error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_SYSTEM, "%s: %s",
		                 yaml_tree_file_name(path), strerror(errno));
	int status;
	if (fstat(descriptor, &status_of_file) != 0)
		status = error_set(error, ERROR_SYSTEM, "%s: %s", yaml_tree_file_name(path),
		                   strerror(errno));
	else if (!S_ISREG(status_of_file.st_mode))
		status = error_set(error, ERROR_SYSTEM,
		                   "%s: not a regular file; allowed: a YAML file",
		                   yaml_tree_file_name(path));
	else
		status = yaml_tree_load_descriptor(path, descriptor, tree, error);
	(void)close(descriptor);
	return status;
}

static void wipe_node(struct yaml_tree_node *node)
{
	for (struct yaml_tree_node *child = node->first; child != NULL; child = child->next)
		wipe_node(child);
	if (node->key != NULL)
		secret_wipe(node->key, strlen(node->key));
	if (node->text != NULL)
		secret_wipe(node->text, node->length);
}

void yaml_tree_wipe(struct yaml_tree *tree)
{
	if (tree->root != NULL)
		wipe_node(tree->root);
}

static void free_node(struct yaml_tree_node *node)
{
	for (struct yaml_tree_node *child = node->first; child != NULL;) {
		struct yaml_tree_node *next = child->next;
		free_node(child);
		child = next;
	}
	free(node->key);
	free(node->text);
	free(node);
}

void yaml_tree_free(struct yaml_tree *tree)
{
	if (tree == NULL)
		return;
	yaml_tree_wipe(tree);
	if (tree->root != NULL)
		free_node(tree->root);
	free(tree->name);
	free(tree);
}

const struct yaml_tree_node *yaml_tree_get(const struct yaml_tree_node *mapping, const char *key)
{
	if (mapping->kind != YAML_TREE_MAPPING)
		return NULL;
	for (const struct yaml_tree_node *child = mapping->first; child != NULL;
	     child = child->next) {
		if (strcmp(child->key, key) == 0)
			return child;
	}
	return NULL;
}

const char *yaml_tree_kind_name(enum yaml_tree_kind kind)
{
	return kind == YAML_TREE_SCALAR     ? "a scalar"
	       : kind == YAML_TREE_SEQUENCE ? "a list"
	                                    : "a mapping";
}
