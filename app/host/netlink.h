/* SPDX-License-Identifier: BSD-3-Clause */
/** The little of rtnetlink that a TAP needs: MAC, MTU, up, and addresses without duplicate address detection. Slow path. */
#ifndef SPECULAR_HOST_NETLINK_H
#define SPECULAR_HOST_NETLINK_H

#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

#define MAC_SIZE 6u

struct netlink {
	int socket; /**< -1 when closed */
	uint32_t sequence;
};

int netlink_open(struct netlink *netlink, struct error *error);
void netlink_close(struct netlink *netlink);

/** Sets MAC and MTU and takes the interface up. ERROR_PERMISSION, ERROR_SYSTEM with the kernel's reason. */
int netlink_link_set_up(struct netlink *netlink, unsigned interface, const uint8_t mac[MAC_SIZE],
                        uint16_t mtu, struct error *error);

/** Adds an address with its prefix length; one that is there already is fine. IPv6: usable at once (IFA_F_NODAD). */
int netlink_address_add(struct netlink *netlink, unsigned interface,
                        const struct config_prefix *prefix, struct error *error);

#endif
