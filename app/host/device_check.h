/* SPDX-License-Identifier: BSD-3-Clause */
/** Before EAL: are the devices of the configuration there, and free for DPDK? EAL itself would only warn and go on without. */
#ifndef SPECULAR_HOST_DEVICE_CHECK_H
#define SPECULAR_HOST_DEVICE_CHECK_H

#include "base/error.h"
#include "config/config.h"

#define PCI_SYSFS "/sys/bus/pci/devices"

/**
 * PCI: the address exists below sysfs (PCI_SYSFS), and its driver is the profile's kernel_module, or another one that DPDK can
 * use; any driver when the profile names none (bifurcated). vdev: the interface of iface= exists. Errors say what to run.
 */
int device_check(const struct config_port *port, const char *sysfs, struct error *error);

#endif
