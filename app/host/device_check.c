/* SPDX-License-Identifier: BSD-3-Clause */
#include "device_check.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eal_arguments.h"

#define SYSFS_PATH_SIZE 512u

static bool usable_by_dpdk(const char *driver)
{
	return strcmp(driver, "vfio-pci") == 0 || strcmp(driver, "igb_uio") == 0 ||
	       strcmp(driver, "uio_pci_generic") == 0;
}

static int check_pci(const struct config_port *port, const char *sysfs, struct error *error)
{
	char address[CONFIG_DEVARGS_SIZE];
	char path[SYSFS_PATH_SIZE];
	char target[SYSFS_PATH_SIZE];
	const char *module = port->driver.kernel_module;

	eal_device_name(port, address);
	(void)snprintf(path, sizeof(path), "%s/%s", sysfs, address);
	if (access(path, F_OK) != 0)
		return error_set(error, ERROR_NOT_FOUND,
		                 "port %s: there is no PCI device %s; dpdk-devbind.py --status "
		                 "lists them",
		                 port->name, address);
	if (module[0] == '\0')
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s/driver", sysfs, address);
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return error_set(error, ERROR_UNAVAILABLE,
		                 "port %s: no kernel module serves NIC %s; run: modprobe %s && "
		                 "dpdk-devbind.py --bind=%s %s",
		                 port->name, address, module, module, address);
	target[length] = '\0';
	const char *slash = strrchr(target, '/');
	const char *driver = slash != NULL ? slash + 1 : target;
	if (strcmp(driver, module) != 0 && !usable_by_dpdk(driver))
		return error_set(error, ERROR_UNAVAILABLE,
		                 "port %s: NIC %s is still bound to the kernel's %s; run: modprobe "
		                 "%s && dpdk-devbind.py --bind=%s %s",
		                 port->name, address, driver, module, module, address);
	return 0;
}

static int check_vdev(const struct config_port *port, struct error *error)
{
	char interface[IF_NAMESIZE];

	if (eal_device_argument(port, "iface", interface, sizeof(interface)) &&
	    strncmp(port->device, "net_tap", strlen("net_tap")) != 0 &&
	    if_nametoindex(interface) == 0)
		return error_set(error, ERROR_NOT_FOUND,
		                 "port %s: there is no interface %s in this network namespace; ip "
		                 "link lists them",
		                 port->name, interface);
	return 0;
}

int device_check(const struct config_port *port, const char *sysfs, struct error *error)
{
	return port->is_vdev ? check_vdev(port, error) : check_pci(port, sysfs, error);
}
