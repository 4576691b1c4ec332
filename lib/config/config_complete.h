/* SPDX-License-Identifier: BSD-3-Clause */
/** What comes after the table has been read: values that follow from other keys, then checks across keys. */
#ifndef SPECULAR_CONFIG_CONFIG_COMPLETE_H
#define SPECULAR_CONFIG_CONFIG_COMPLETE_H

#include "config/config.h"
#include "config/yaml_tree.h"

/** Writes defaults that follow from other keys and makes paths relative to the configuration file's folder. */
int config_complete(const struct yaml_tree *tree, struct config *config, struct error *error);

/** The part of config_complete that concerns ports and drivers: for a program that has no more of struct config. path is set. */
int config_complete_host(const struct yaml_tree *tree, struct config *config, struct error *error);

/** The configuration file's own path, which other paths are relative to; ERROR_ARGUMENT when it is too long. */
int config_set_path(struct config *config, const char *path, struct error *error);

/** A path in the file is relative to the folder of the file (config->path); an empty one stays empty. key: for the error. */
int config_resolve_path(const struct yaml_tree *tree, const struct config *config, const char *key,
                        char path[CONFIG_PATH_SIZE], struct error *error);

/** Refuses what no single key can tell: duplicates over ports, CPUs that are not there, modes without a key source. */
int config_check(const struct yaml_tree *tree, const struct config *config, struct error *error);

/** The part of config_check that concerns eal and ports. */
int config_check_host(const struct yaml_tree *tree, const struct config *config,
                      struct error *error);

/** Reads the profile of each port's driver. */
int config_read_drivers(const struct yaml_tree *tree, struct config *config, struct error *error);

#endif
