/* SPDX-License-Identifier: BSD-3-Clause */
/** Scalars that name a device, a port or a kernel interface: readers for the schema. */
#ifndef SPECULAR_CONFIG_DEVICE_VALUE_H
#define SPECULAR_CONFIG_DEVICE_VALUE_H

#include "config/config.h"
#include "config/schema.h"

#define DEVICE_VALUE_NAME "1 to 63 letters, digits, - and _"
#define DEVICE_VALUE_DEVICE                                                                        \
	"a PCI address such as 0000:01:00.0, or a DPDK vdev such as net_tap0,iface=x"
#define DEVICE_VALUE_INTERFACE "1 to 15 letters, digits, -, _ and ."

/** To an array of CONFIG_NAME_SIZE octets. */
int device_value_read_name(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                           void *destination, struct error *error);

/** "[DDDD:]BB:DD.F[,devargs]" or "net_NAME[,devargs]", to an array of CONFIG_DEVARGS_SIZE octets. */
int device_value_read_device(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                             void *destination, struct error *error);

/** To an array of CONFIG_INTERFACE_SIZE octets. */
int device_value_read_interface(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                                void *destination, struct error *error);

bool device_value_is_vdev(const char *device);

/** The driver profile that fits a vdev by its name: "net_virtio_user0,path=x" is "virtio". False for a PCI device. */
bool device_value_driver(const char *device, char driver[CONFIG_NAME_SIZE]);

#endif
