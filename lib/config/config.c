/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/config_complete.h"
#include "config/config_schema.h"

static int read_tree(const struct yaml_tree *tree, const char *name, struct config **config,
                     struct error *error)
{
	/* Zeroed, since lists write only the elements that there are. */
	struct config *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	int status = schema_read_mapping(tree, tree->root, config_schema(), made, error);
	if (status == 0)
		status = config_set_path(made, name, error);
	if (status == 0)
		status = config_complete(tree, made, error);
	if (status == 0)
		status = config_check(tree, made, error);
	if (status == 0)
		status = config_read_drivers(tree, made, error);
	if (status != 0) {
		config_free(made);
		return status;
	}
	*config = made;
	return 0;
}

int config_parse(const char *name, const char *text, size_t size, struct config **config,
                 struct error *error)
{
	struct yaml_tree *tree;
	int status = yaml_tree_parse(name, text, size, &tree, error);

	*config = NULL;
	if (status != 0)
		return status;
	status = read_tree(tree, name, config, error);
	yaml_tree_free(tree);
	return status;
}

int config_load(const char *path, struct config **config, struct error *error)
{
	struct yaml_tree *tree;
	int status = yaml_tree_load(path, &tree, error);

	*config = NULL;
	if (status != 0)
		return status;
	status = read_tree(tree, path, config, error);
	yaml_tree_free(tree);
	return status;
}

void config_free(struct config *config)
{
	free(config);
}

static bool has_address(const struct config_prefix *addresses, unsigned count,
                        const struct address *address)
{
	for (unsigned i = 0; i < count; i++) {
		if (address_equal(&addresses[i].address, address))
			return true;
	}
	return false;
}

static bool write_vlan(uint16_t id, uint16_t outer_id, uint16_t *vlan, uint16_t *outer_vlan)
{
	if (vlan != NULL)
		*vlan = id;
	if (outer_vlan != NULL)
		*outer_vlan = outer_id;
	return true;
}

bool config_owns_address(const struct config *config, const struct address *address, uint16_t *vlan,
                         uint16_t *outer_vlan)
{
	for (unsigned i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];
		if (has_address(port->addresses, port->address_count, address))
			return write_vlan(0, 0, vlan, outer_vlan);
		for (unsigned j = 0; j < port->vlan_count; j++) {
			const struct config_vlan *candidate = &port->vlans[j];
			if (has_address(candidate->addresses, candidate->address_count, address))
				return write_vlan(candidate->id, candidate->outer_id, vlan,
				                  outer_vlan);
		}
	}
	return false;
}
