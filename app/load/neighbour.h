/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The Ethernet address of the next hop to a reflector, from the kernel's neighbour table: the kernel has an interface at the port (the
 * exception path's TAP), and resolves as for any packet of its own. Blocking; the event loop must turn meanwhile, for the answer comes by it.
 */
#ifndef SPECULAR_LOAD_NEIGHBOUR_H
#define SPECULAR_LOAD_NEIGHBOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "frame_headers.h"
#include "load_config.h"

#define NEIGHBOUR_TIMEOUT_MS 5000u

/**
 * The configuration's reflector.mac, or what the kernel resolves for the group. ERROR_UNAVAILABLE when nobody answers, ERROR_ARGUMENT when there is
 * no TAP to ask by: the text names the key to set.
 */
int neighbour_find(const struct load_config *config, const struct load_group *group,
                   int interrupt_fd, uint8_t mac[FRAME_MAC_SIZE], struct error *error);

/** The TAP's name of a group's VLAN: as the exception path names it. False when it is too long. */
bool neighbour_interface(const struct config_port *port, const struct load_group *group,
                         char name[CONFIG_INTERFACE_SIZE]);

/** Whether the reflector is in a network of the port, or of the group's VLAN. */
bool neighbour_on_link(const struct config_port *port, const struct load_group *group);

/**
 * The kernel's answer to RTM_GETROUTE: true when it is one, then *gateway has family 0 when the destination is on the link. Message and size
 * as recv gave them.
 */
bool neighbour_read_route(const void *message, size_t size, struct address *gateway);
/** The kernel's answer to RTM_GETNEIGH: true when it has a valid address. */
bool neighbour_read_entry(const void *message, size_t size, uint8_t mac[FRAME_MAC_SIZE]);

#endif
