/* SPDX-License-Identifier: BSD-3-Clause */
/** A kernel TAP interface, gone with the process that opened it. Slow path. */
#ifndef SPECULAR_HOST_TAP_H
#define SPECULAR_HOST_TAP_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "netlink.h"

struct tap_settings {
	char name[CONFIG_INTERFACE_SIZE];
	uint8_t mac[MAC_SIZE];
	uint16_t mtu;
	const struct config_prefix *addresses;
	unsigned address_count;
};

/**
 * Opens, names, addresses and takes up a TAP; *file is its non-blocking descriptor (frames without FCS or packet information).
 * ERROR_NOT_FOUND without /dev/net/tun, ERROR_EXISTS when the name is taken, ERROR_PERMISSION, ERROR_SYSTEM.
 */
int tap_open(struct netlink *netlink, const struct tap_settings *settings, int *file,
             struct error *error);

#endif
