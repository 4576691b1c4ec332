/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config_reader.h"

#include <stdlib.h>

/** The tree is no longer needed then. */
static int read_tree(const struct config_kind *kind, struct yaml_tree *tree, const char *name,
                     void **made, struct error *error)
{
	void *config = calloc(1, kind->size);
	int status = config == NULL ? error_set(error, ERROR_MEMORY, "out of memory") : 0;

	if (status == 0)
		status = schema_read_mapping(tree, tree->root, kind->schema(), config, error);
	if (status == 0)
		status = kind->complete(tree, name, config, error);
	yaml_tree_free(tree);
	if (status == 0)
		*made = config;
	else
		free(config);
	return status;
}

int config_reader_load(const struct config_kind *kind, const char *path, void **made,
                       struct error *error)
{
	struct yaml_tree *tree;
	int status = yaml_tree_load(path, &tree, error);

	*made = NULL;
	return status == 0 ? read_tree(kind, tree, path, made, error) : status;
}

int config_reader_parse(const struct config_kind *kind, const char *name, const char *text,
                        size_t size, void **made, struct error *error)
{
	struct yaml_tree *tree;
	int status = yaml_tree_parse(name, text, size, &tree, error);

	*made = NULL;
	return status == 0 ? read_tree(kind, tree, name, made, error) : status;
}
