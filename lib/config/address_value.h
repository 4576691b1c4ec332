/* SPDX-License-Identifier: BSD-3-Clause */
/** Scalars that are IP addresses or prefixes: readers for the schema. */
#ifndef SPECULAR_CONFIG_ADDRESS_VALUE_H
#define SPECULAR_CONFIG_ADDRESS_VALUE_H

#include "config/config.h"
#include "config/schema.h"

#define ADDRESS_VALUE_OWN     "a unicast ADDRESS/LENGTH such as 192.0.2.2/24"
#define ADDRESS_VALUE_ADDRESS "an IPv4 or IPv6 address, 0.0.0.0 or ::"
#define ADDRESS_VALUE_PREFIX  "an address or prefix such as 198.51.100.0/24"

/** An address of the appliance and its network's prefix length, to a struct config_prefix: global unicast only. */
int address_value_read_own(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                           void *destination, struct error *error);

/** An address, unspecified ones included, to a struct address. */
int address_value_read_address(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                               void *destination, struct error *error);

/** A prefix without host bits, or an address alone, to a struct config_prefix. */
int address_value_read_prefix(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                              void *destination, struct error *error);

#endif
