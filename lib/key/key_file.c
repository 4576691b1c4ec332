/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/key_file_schema.h"
#include "key/secret_table.h"

int key_file_list(const struct yaml_tree *tree, const char *key, unsigned minimum,
                  const struct yaml_tree_node **list, struct error *error)
{
	const struct yaml_tree_node *root = tree->root;

	if (root->kind != YAML_TREE_MAPPING)
		return yaml_tree_error(tree, root, error, ERROR_FORMAT,
		                       "%s where a mapping is expected; allowed: a mapping of %s",
		                       yaml_tree_kind_name(root->kind), key);
	for (const struct yaml_tree_node *child = root->first; child != NULL; child = child->next) {
		if (child != yaml_tree_get(root, key))
			return yaml_tree_key_error(tree, child, error, ERROR_ARGUMENT,
			                           "unknown key; allowed: %s", key);
	}
	*list = yaml_tree_get(root, key);
	if (*list == NULL)
		return yaml_tree_missing_error(tree, root, key, error, ERROR_ARGUMENT,
		                               "missing; allowed: a list");
	if ((*list)->kind != YAML_TREE_SEQUENCE)
		return yaml_tree_error(tree, *list, error, ERROR_FORMAT,
		                       "%s where a list is expected; allowed: a list",
		                       yaml_tree_kind_name((*list)->kind));
	if ((*list)->count < minimum || (*list)->count > SECRET_TABLE_SIZE_MAXIMUM)
		return yaml_tree_error(tree, *list, error, ERROR_LIMIT,
		                       "%u elements; allowed: %u to %u", (*list)->count, minimum,
		                       SECRET_TABLE_SIZE_MAXIMUM);
	return 0;
}
