/* SPDX-License-Identifier: BSD-3-Clause */
/** The keys of specular-load's configuration; doc/load.md has the same, which a test compares. */
#ifndef SPECULAR_LOAD_LOAD_SCHEMA_H
#define SPECULAR_LOAD_LOAD_SCHEMA_H

#include "config/schema.h"

/** Fills a struct load_config, all but what follows from other keys. */
const struct schema_field *load_schema(void);

#endif
