/* SPDX-License-Identifier: BSD-3-Clause */
/** Driver profiles: drivers-config/NAME.yaml, one a NIC driver. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_complete.h"
#include "config/config_schema.h"

#define PROFILE_SUFFIX   ".yaml"
#define NAMES_SIZE       192u
#define FIELD_PATH_SIZE  48u
#define PROFILE_PATH_MAX (CONFIG_PATH_SIZE + CONFIG_NAME_SIZE + sizeof("/" PROFILE_SUFFIX))

static int is_profile(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	size_t suffix = strlen(PROFILE_SUFFIX);

	return length > suffix && strcmp(entry->d_name + length - suffix, PROFILE_SUFFIX) == 0;
}

/** "af_packet, ring"; "none" when the folder has no profile. */
static void list_profiles(const char *folder, char names[NAMES_SIZE])
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_profile, alphasort);
	size_t length = 0;

	(void)snprintf(names, NAMES_SIZE, "none");
	for (int i = 0; i < count; i++) {
		size_t stem = strlen(entries[i]->d_name) - strlen(PROFILE_SUFFIX);
		if (length + stem + 3 < NAMES_SIZE)
			length +=
			        (size_t)snprintf(names + length, NAMES_SIZE - length, "%s%.*s",
			                         i > 0 ? ", " : "", (int)stem, entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static int read_profile(const char *path, struct config_driver *driver, struct error *error)
{
	struct config_driver profile = {0};
	struct yaml_tree *tree;
	int status = yaml_tree_load(path, &tree, error);

	if (status != 0)
		return status;
	status = schema_read_mapping(tree, tree->root, driver_profile_schema(), &profile, error);
	yaml_tree_free(tree);
	if (status == 0) {
		memcpy(profile.name, driver->name, sizeof(profile.name));
		*driver = profile;
	}
	return status;
}

static int read_driver(const struct yaml_tree *tree, struct config *config, unsigned index,
                       struct error *error)
{
	struct config_port *port = &config->ports[index];
	char profile_path[PROFILE_PATH_MAX];
	char field[FIELD_PATH_SIZE];
	char names[NAMES_SIZE];

	(void)snprintf(profile_path, sizeof(profile_path), "%s/%s%s", config->drivers_config,
	               port->driver.name, PROFILE_SUFFIX);
	int status = read_profile(profile_path, &port->driver, error);
	if (status == ERROR_NOT_FOUND) {
		(void)snprintf(field, sizeof(field), "ports[%u].driver", index);
		list_profiles(config->drivers_config, names);
		return yaml_tree_path_error(tree, field, error, ERROR_NOT_FOUND,
		                            "no driver profile \"%s\" in %s; allowed: %s",
		                            port->driver.name, config->drivers_config, names);
	}
	if (status == 0 && port->queues > port->driver.max_queues) {
		(void)snprintf(field, sizeof(field), "ports[%u].queues", index);
		return yaml_tree_path_error(tree, field, error, ERROR_ARGUMENT,
		                            "%u is more than driver %s has; allowed: 1 to %u",
		                            (unsigned)port->queues, port->driver.name,
		                            (unsigned)port->driver.max_queues);
	}
	return status;
}

int config_read_drivers(const struct yaml_tree *tree, struct config *config, struct error *error)
{
	int status = 0;

	for (unsigned i = 0; status == 0 && i < config->port_count; i++)
		status = read_driver(tree, config, i, error);
	return status;
}
