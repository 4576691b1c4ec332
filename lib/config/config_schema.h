/* SPDX-License-Identifier: BSD-3-Clause */
/** The keys of the configuration file and of a driver profile. */
#ifndef SPECULAR_CONFIG_CONFIG_SCHEMA_H
#define SPECULAR_CONFIG_CONFIG_SCHEMA_H

#include "config/schema.h"

/** Fills a struct config: all but what follows from other keys (config_complete does that). */
const struct schema_field *config_schema(void);

/** What every program on a DPDK host has: of a struct config_eal, of one struct config_port; enum config_crypto. */
extern const struct schema_field config_eal_fields[];
extern const struct schema_field config_port_element;
extern const struct schema_choice config_cryptos[];
/** Names of bits of enum twamp_mode that a configuration has. */
extern const struct schema_choice config_modes[];

/** Of a struct config_operation and a struct config_log. */
extern const struct schema_field config_operation_fields[];
extern const struct schema_field config_log_fields[];

/** Fills a struct config_driver, all but its name. */
const struct schema_field *driver_profile_schema(void);

#endif
