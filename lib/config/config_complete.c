/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config_complete.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "config/device_value.h"
#include "wire/control_message.h"

#define DRIVERS_CONFIG_BESIDE    "drivers-config"
#define DRIVERS_CONFIG_ABOVE     "../drivers-config"
#define DRIVERS_CONFIG_INSTALLED "/usr/share/specular/drivers-config"
#define KERNEL_INTERFACE_PREFIX  "spec"
#define PORT_PATH_SIZE           48u

int config_set_path(struct config *config, const char *path, struct error *error)
{
	if (snprintf(config->path, sizeof(config->path), "%s", path) < (int)sizeof(config->path))
		return 0;
	return error_set(error, ERROR_ARGUMENT,
	                 "the configuration file's path is too long; allowed: %zu octets",
	                 sizeof(config->path) - 1);
}

static int join_path(const struct config *config, const char *relative, char path[CONFIG_PATH_SIZE])
{
	const char *slash = strrchr(config->path, '/');
	int folder = slash != NULL && relative[0] != '/' ? (int)(slash + 1 - config->path) : 0;
	int length = snprintf(path, CONFIG_PATH_SIZE, "%.*s%s", folder, config->path, relative);

	return length < (int)CONFIG_PATH_SIZE ? 0 : ERROR_ARGUMENT;
}

int config_resolve_path(const struct yaml_tree *tree, const struct config *config, const char *key,
                        char path[CONFIG_PATH_SIZE], struct error *error)
{
	char relative[CONFIG_PATH_SIZE];

	if (path[0] == '\0')
		return 0;
	memcpy(relative, path, sizeof(relative));
	if (join_path(config, relative, path) != 0)
		return yaml_tree_path_error(
		        tree, key, error, ERROR_ARGUMENT,
		        "too long behind the file's folder; allowed: %u characters",
		        CONFIG_PATH_SIZE - 1);
	return 0;
}

static void find_drivers_config(struct config *config)
{
	static const char *const candidates[] = {DRIVERS_CONFIG_BESIDE, DRIVERS_CONFIG_ABOVE,
	                                         DRIVERS_CONFIG_INSTALLED};
	struct stat status;

	for (unsigned i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (join_path(config, candidates[i], config->drivers_config) == 0 &&
		    stat(config->drivers_config, &status) == 0 && S_ISDIR(status.st_mode))
			return;
	}
	(void)snprintf(config->drivers_config, sizeof(config->drivers_config), "%s",
	               DRIVERS_CONFIG_INSTALLED);
}

static int complete_ports(const struct yaml_tree *tree, struct config *config, struct error *error)
{
	char path[PORT_PATH_SIZE];

	for (unsigned i = 0; i < config->port_count; i++) {
		struct config_port *port = &config->ports[i];
		port->is_vdev = device_value_is_vdev(port->device);
		if (port->driver.name[0] == '\0' &&
		    !device_value_driver(port->device, port->driver.name)) {
			(void)snprintf(path, sizeof(path), "ports[%u].driver", i);
			return yaml_tree_path_error(
			        tree, path, error, ERROR_ARGUMENT,
			        "missing; allowed: the driver profile of a PCI device");
		}
		if (port->kernel_interface[0] == '\0')
			(void)snprintf(port->kernel_interface, sizeof(port->kernel_interface),
			               KERNEL_INTERFACE_PREFIX "%u", i);
	}
	return 0;
}

static bool add_listen(struct config_control *control, const struct config_prefix *addresses,
                       unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (control->listen_count == CONFIG_LISTEN_MAX)
			return false;
		control->listen[control->listen_count].address = addresses[i].address;
		control->listen[control->listen_count++].port = TWAMP_CONTROL_PORT;
	}
	return true;
}

/** Port 862 of every address that is ours. */
static int complete_listen(const struct yaml_tree *tree, struct config *config, struct error *error)
{
	bool fits = true;

	if (config->control.listen_count > 0)
		return 0;
	for (unsigned i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];
		if (port->exception == EXCEPTION_MANAGEMENT)
			continue;
		fits &= add_listen(&config->control, port->addresses, port->address_count);
		for (unsigned j = 0; j < port->vlan_count; j++)
			fits &= add_listen(&config->control, port->vlans[j].addresses,
			                   port->vlans[j].address_count);
	}
	if (!fits)
		return yaml_tree_path_error(tree, "control.listen", error, ERROR_LIMIT,
		                            "missing, with more than %u addresses; allowed: a list",
		                            CONFIG_LISTEN_MAX);
	return 0;
}

/** An SA table alone says enough. */
static void complete_provider(const struct yaml_tree *tree, struct config_ikev2 *ikev2)
{
	const struct yaml_tree_node *mapping = yaml_tree_get(tree->root, "ikev2");

	if (mapping != NULL && yaml_tree_get(mapping, "provider") == NULL &&
	    ikev2->sa_file[0] != '\0')
		ikev2->provider = PROVIDER_STATIC;
}

/** Without the file's word there is no HTTP, and a socket of one's own is no one's wish. */
static void complete_operation(const struct yaml_tree *tree, struct config_operation *operation)
{
	const struct yaml_tree_node *mapping = yaml_tree_get(tree->root, "operation");

	operation->http.enabled = mapping != NULL && yaml_tree_get(mapping, "http") != NULL;
	operation->socket_preset = mapping == NULL || yaml_tree_get(mapping, "socket") == NULL;
}

static void complete_modes(struct config *config)
{
	bool has_keys = config->keys.psk_file[0] != '\0' || config->ikev2.provider != PROVIDER_NONE;

	if (config->control.modes == 0)
		config->control.modes = MODE_UNAUTHENTICATED | (has_keys ? MODE_KEYED_MASK : 0u) |
		                        MODE_INDIVIDUAL_SESSION_CONTROL | MODE_REFLECT_OCTETS |
		                        MODE_SYMMETRICAL_SIZE | MODE_DSCP_ECN_MONITORING |
		                        MODE_PTP_TIMESTAMPS;
	if (config->ikev2.provider != PROVIDER_NONE)
		config->control.modes |= MODE_IKEV2_DERIVED;
}

int config_complete_host(const struct yaml_tree *tree, struct config *config, struct error *error)
{
	int status = complete_ports(tree, config, error);

	if (status == 0)
		status = config_resolve_path(tree, config, "drivers-config", config->drivers_config,
		                             error);
	if (status == 0 && config->drivers_config[0] == '\0')
		find_drivers_config(config);
	return status;
}

int config_complete(const struct yaml_tree *tree, struct config *config, struct error *error)
{
	int status = config_complete_host(tree, config, error);

	if (status == 0)
		status = complete_listen(tree, config, error);
	if (status == 0)
		status = config_resolve_path(tree, config, "keys.psk-file", config->keys.psk_file,
		                             error);
	if (status == 0)
		status = config_resolve_path(tree, config, "ikev2.sa-file", config->ikev2.sa_file,
		                             error);
	if (status == 0)
		status = config_resolve_path(tree, config, "ikev2.socket", config->ikev2.socket,
		                             error);
	if (status == 0)
		status = config_resolve_path(tree, config, "operation.socket",
		                             config->operation.socket, error);
	if (status == 0 && strcmp(config->log.audit, CONFIG_AUDIT_LOG) != 0)
		status = config_resolve_path(tree, config, "log.audit", config->log.audit, error);
	complete_operation(tree, &config->operation);
	complete_provider(tree, &config->ikev2);
	complete_modes(config);
	return status;
}
