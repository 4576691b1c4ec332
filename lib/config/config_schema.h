/* SPDX-License-Identifier: BSD-3-Clause */
/** The keys of the configuration file and of a driver profile. */
#ifndef SPECULAR_CONFIG_CONFIG_SCHEMA_H
#define SPECULAR_CONFIG_CONFIG_SCHEMA_H

#include "config/schema.h"

/** Fills a struct config: all but what follows from other keys (config_complete does that). */
const struct schema_field *config_schema(void);

/** Fills a struct config_driver, all but its name. */
const struct schema_field *driver_profile_schema(void);

#endif
