/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "config/config_complete.h"
#include "config/config_reader.h"
#include "config/config_schema.h"

static int complete(const struct yaml_tree *tree, const char *name, void *made, struct error *error)
{
	struct config *config = made;
	int status = config_set_path(config, name, error);

	if (status == 0)
		status = config_complete(tree, config, error);
	if (status == 0)
		status = config_check(tree, config, error);
	return status == 0 ? config_read_drivers(tree, config, error) : status;
}

static const struct config_kind kind = {
        .size = sizeof(struct config), .schema = config_schema, .complete = complete};

int config_parse(const char *name, const char *text, size_t size, struct config **config,
                 struct error *error)
{
	void *made;
	int status = config_reader_parse(&kind, name, text, size, &made, error);

	*config = made;
	return status;
}

int config_load(const char *path, struct config **config, struct error *error)
{
	void *made;
	int status = config_reader_load(&kind, path, &made, error);

	*config = made;
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
