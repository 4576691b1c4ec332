/* SPDX-License-Identifier: BSD-3-Clause */
/** Checks across keys. */
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/config_complete.h"
#include "wire/control_message.h"

#define PATH_SIZE 80u

/** Octets of a unix socket's path, without its terminator. */
#define SOCKET_PATH_LENGTH (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

struct check {
	const struct yaml_tree *tree;
	const struct config *config;
	struct error *error;
};

static int check_cpu(const struct check *check, unsigned cpu, const char *path)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (cpus < 1 || cpu < (unsigned long)cpus)
		return 0;
	return yaml_tree_path_error(check->tree, path, check->error, ERROR_ARGUMENT,
	                            "CPU %u does not exist; allowed: 0 to %ld", cpu, cpus - 1);
}

static int check_eal(const struct check *check)
{
	const struct config_eal *eal = &check->config->eal;
	char path[PATH_SIZE];
	int status = check_cpu(check, eal->main_cpu, "eal.lcores.main");

	for (unsigned i = 0; status == 0 && i < eal->worker_count; i++) {
		(void)snprintf(path, sizeof(path), "eal.lcores.workers[%u]", i);
		status = check_cpu(check, eal->worker_cpus[i], path);
		for (unsigned j = 0; status == 0 && j < i; j++) {
			if (eal->worker_cpus[j] == eal->worker_cpus[i])
				status = yaml_tree_path_error(
				        check->tree, path, check->error, ERROR_ARGUMENT,
				        "CPU %u is listed twice; allowed: each CPU once",
				        (unsigned)eal->worker_cpus[i]);
		}
	}
	return status;
}

/** The first place in the file that has an address. */
static const struct config_prefix *first_place(const struct config *config,
                                               const struct address *address)
{
	for (unsigned i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];
		for (unsigned k = 0; k < port->address_count; k++) {
			if (address_equal(&port->addresses[k].address, address))
				return &port->addresses[k];
		}
		for (unsigned j = 0; j < port->vlan_count; j++) {
			const struct config_vlan *vlan = &port->vlans[j];
			for (unsigned k = 0; k < vlan->address_count; k++) {
				if (address_equal(&vlan->addresses[k].address, address))
					return &vlan->addresses[k];
			}
		}
	}
	return NULL;
}

static int check_addresses(const struct check *check, const struct config_prefix *addresses,
                           unsigned count, const char *owner)
{
	char path[2 * PATH_SIZE];

	for (unsigned k = 0; k < count; k++) {
		if (first_place(check->config, &addresses[k].address) == &addresses[k])
			continue;
		(void)snprintf(path, sizeof(path), "%s.addresses[%u]", owner, k);
		return yaml_tree_path_error(check->tree, path, check->error, ERROR_ARGUMENT,
		                            "the address is given twice; allowed: each once");
	}
	return 0;
}

static int check_vlans(const struct check *check, unsigned index)
{
	const struct config_port *port = &check->config->ports[index];
	char path[PATH_SIZE];
	int status = 0;

	for (unsigned j = 0; status == 0 && j < port->vlan_count; j++) {
		const struct config_vlan *vlan = &port->vlans[j];
		(void)snprintf(path, sizeof(path), "ports[%u].vlans[%u]", index, j);
		status = check_addresses(check, vlan->addresses, vlan->address_count, path);
		for (unsigned k = 0; status == 0 && k < j; k++) {
			if (port->vlans[k].id == vlan->id &&
			    port->vlans[k].outer_id == vlan->outer_id)
				status = yaml_tree_path_error(
				        check->tree, path, check->error, ERROR_ARGUMENT,
				        "VLAN %u (outer %u) is given twice; allowed: each once",
				        (unsigned)vlan->id, (unsigned)vlan->outer_id);
		}
	}
	return status;
}

static int refuse_port(const struct check *check, unsigned index, const char *key, const char *text)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "ports[%u]%s", index, key);
	return yaml_tree_path_error(check->tree, path, check->error, ERROR_ARGUMENT, "%s", text);
}

static unsigned count_addresses(const struct config_port *port)
{
	unsigned count = port->address_count;

	for (unsigned j = 0; j < port->vlan_count; j++)
		count += port->vlans[j].address_count;
	return count;
}

static int check_port(const struct check *check, unsigned index)
{
	const struct config_port *port = &check->config->ports[index];
	char path[PATH_SIZE];

	for (unsigned i = 0; i < index; i++) {
		const struct config_port *other = &check->config->ports[i];
		if (strcmp(other->name, port->name) == 0)
			return refuse_port(check, index, ".name",
			                   "the name of an earlier port; allowed: each once");
		if (strcmp(other->device, port->device) == 0)
			return refuse_port(check, index, ".device",
			                   "the device of an earlier port; allowed: each once");
		if (strcmp(other->kernel_interface, port->kernel_interface) == 0)
			return refuse_port(check, index, ".kernel-interface",
			                   "the interface of an earlier port; allowed: each once");
	}
	if (count_addresses(port) == 0)
		return refuse_port(
		        check, index, ".addresses",
		        "neither the port nor a VLAN has an address; allowed: one or more");
	(void)snprintf(path, sizeof(path), "ports[%u]", index);
	int status = check_addresses(check, port->addresses, port->address_count, path);
	return status == 0 ? check_vlans(check, index) : status;
}

static int check_listen(const struct check *check)
{
	const struct config_control *control = &check->config->control;
	char path[PATH_SIZE];

	if (control->listen_count == 0)
		return yaml_tree_path_error(
		        check->tree, "control.listen", check->error, ERROR_ARGUMENT,
		        "missing, and no port has an address that the kernel is given; "
		        "allowed: a list with a management address");
	for (unsigned i = 0; i < control->listen_count; i++) {
		for (unsigned j = 0; j < i; j++) {
			const struct config_listen *one = &control->listen[i];
			const struct config_listen *other = &control->listen[j];
			if (one->port != other->port ||
			    one->address.family != other->address.family ||
			    (!address_equal(&one->address, &other->address) &&
			     !address_is_unspecified(&one->address) &&
			     !address_is_unspecified(&other->address)))
				continue;
			(void)snprintf(path, sizeof(path), "control.listen[%u]", i);
			return yaml_tree_path_error(check->tree, path, check->error, ERROR_ARGUMENT,
			                            "the same address and port as "
			                            "control.listen[%u]; allowed: each once",
			                            j);
		}
	}
	return 0;
}

static int check_control(const struct check *check)
{
	const struct config *config = check->config;
	const struct config_control *control = &config->control;

	if ((control->modes & MODE_SECURITY_MASK) == 0)
		return yaml_tree_path_error(check->tree, "control.modes", check->error,
		                            ERROR_ARGUMENT,
		                            "no security mode; allowed: at least one of "
		                            "unauthenticated, authenticated, "
		                            "encrypted, mixed");
	if ((control->modes & MODE_KEYED_MASK) != 0 && config->keys.psk_file[0] == '\0' &&
	    config->ikev2.provider == PROVIDER_NONE)
		return yaml_tree_path_error(
		        check->tree, "control.modes", check->error, ERROR_ARGUMENT,
		        "authenticated, encrypted and mixed need a key source; allowed: with "
		        "keys.psk-file or ikev2.provider");
	if ((control->modes & MODE_KEYED_MASK) == 0 && config->ikev2.provider != PROVIDER_NONE)
		return yaml_tree_path_error(check->tree, "control.modes", check->error,
		                            ERROR_ARGUMENT,
		                            "ikev2.provider has no mode to serve; allowed: at "
		                            "least one of authenticated, "
		                            "encrypted, mixed");
	if (control->set_up_deadline > control->salt_lifetime)
		return yaml_tree_path_error(check->tree, "control.set-up-deadline", check->error,
		                            ERROR_ARGUMENT,
		                            "longer than control.salt-lifetime; allowed: up to %u",
		                            (unsigned)control->salt_lifetime);
	return check_listen(check);
}

static int refuse_socket_path(const struct check *check, const char *key, const char *path)
{
	return yaml_tree_path_error(
	        check->tree, key, check->error, ERROR_ARGUMENT,
	        "%zu characters are too long for the path of a unix socket; "
	        "allowed: up to %zu, with the file's folder where it is relative",
	        strlen(path), SOCKET_PATH_LENGTH);
}

static int check_ikev2(const struct check *check)
{
	const struct config_ikev2 *ikev2 = &check->config->ikev2;

	if (ikev2->provider == PROVIDER_STATIC && ikev2->sa_file[0] == '\0')
		return yaml_tree_path_error(
		        check->tree, "ikev2.sa-file", check->error, ERROR_ARGUMENT,
		        "missing; allowed: the SA table that provider static reads");
	if (ikev2->provider == PROVIDER_CHARON && strlen(ikev2->socket) > SOCKET_PATH_LENGTH)
		return refuse_socket_path(check, "ikev2.socket", ikev2->socket);
	/* Who waits for the daemon is to be told so, not closed like a client that is slow. */
	unsigned deadline_ms = (unsigned)check->config->control.set_up_deadline * 1000;
	if (ikev2->provider == PROVIDER_CHARON && ikev2->timeout_ms >= deadline_ms)
		return yaml_tree_path_error(check->tree, "ikev2.timeout", check->error,
		                            ERROR_ARGUMENT,
		                            "%u ms are not shorter than control.set-up-deadline; "
		                            "allowed: up to %u, or a longer set-up-deadline",
		                            (unsigned)ikev2->timeout_ms, deadline_ms - 1);
	return 0;
}

static int check_test(const struct check *check)
{
	const struct config_test *test = &check->config->test;

	if (test->port_lower > test->port_upper)
		return yaml_tree_path_error(check->tree, "test.ports.lower", check->error,
		                            ERROR_ARGUMENT,
		                            "%u is above test.ports.upper; allowed: up to %u",
		                            (unsigned)test->port_lower, (unsigned)test->port_upper);
	return 0;
}

static int check_operation(const struct check *check)
{
	const struct config_operation *operation = &check->config->operation;

	if (strlen(operation->socket) > SOCKET_PATH_LENGTH)
		return refuse_socket_path(check, "operation.socket", operation->socket);
	return 0;
}

int config_check_host(const struct yaml_tree *tree, const struct config *config,
                      struct error *error)
{
	const struct check check = {.tree = tree, .config = config, .error = error};
	int status = check_eal(&check);

	for (unsigned i = 0; status == 0 && i < config->port_count; i++)
		status = check_port(&check, i);
	return status;
}

int config_check(const struct yaml_tree *tree, const struct config *config, struct error *error)
{
	const struct check check = {.tree = tree, .config = config, .error = error};
	int status = config_check_host(tree, config, error);

	if (status == 0)
		status = check_ikev2(&check);
	if (status == 0)
		status = check_control(&check);
	if (status == 0)
		status = check_test(&check);
	if (status == 0)
		status = check_operation(&check);
	return status;
}
