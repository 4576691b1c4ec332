/* SPDX-License-Identifier: BSD-3-Clause */
/** Scalars with units: readers for the schema of specular-load's configuration. */
#ifndef SPECULAR_LOAD_LOAD_VALUE_H
#define SPECULAR_LOAD_LOAD_VALUE_H

#include "config/schema.h"

#define LOAD_VALUE_DURATION "a duration such as 250us, 20ms, 1.5s or 2h (up to 168h)"
#define LOAD_VALUE_RATIO    "a ratio such as 0, 0.5% or 20ppm (up to 100%)"
#define LOAD_VALUE_RATE                                                                            \
	"packets a second such as 500, 250k or 1.5M, or a share of the link such as 40%"
#define LOAD_VALUE_PACKETS    "a number such as 500, 250k or 1.5M"
#define LOAD_VALUE_LINK       "bits a second such as 25G or 100M"
#define LOAD_VALUE_MAC        "a unicast Ethernet address such as 02:00:5e:00:53:01"
#define LOAD_VALUE_NONE       ", or none"
#define LOAD_VALUE_LIMIT_NONE UINT64_MAX

/** Nanoseconds, to a uint64_t. */
int load_value_read_duration(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                             void *destination, struct error *error);
/** Parts a million, to a uint64_t. */
int load_value_read_ratio(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                          void *destination, struct error *error);
/** To a struct load_rate; not zero. */
int load_value_read_rate(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                         void *destination, struct error *error);
/** To a uint64_t. */
int load_value_read_link(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                         void *destination, struct error *error);
/** To a struct load_mac. */
int load_value_read_mac(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                        void *destination, struct error *error);

/** The same or "none", which is LOAD_VALUE_LIMIT_NONE. */
int load_value_read_limit_duration(const struct yaml_tree *tree,
                                   const struct yaml_tree_node *scalar, void *destination,
                                   struct error *error);
int load_value_read_limit_ratio(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                                void *destination, struct error *error);
/** A count with an optional k, M or G, or none; to a uint64_t. */
int load_value_read_limit_packets(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                                  void *destination, struct error *error);

#endif
