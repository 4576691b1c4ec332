/* SPDX-License-Identifier: BSD-3-Clause */
/** What stands before the payload of a session's packets: Ethernet, VLAN tags, IP, UDP; made once a session. */
#ifndef SPECULAR_LOAD_FRAME_HEADERS_H
#define SPECULAR_LOAD_FRAME_HEADERS_H

#include <stdint.h>

#include "base/address.h"
#include "load_session.h"

#define FRAME_MAC_SIZE 6u

/** From where to where a session's packets go. */
struct frame_way {
	const uint8_t *station;  /**< the port's Ethernet address */
	const uint8_t *next_hop; /**< the Ethernet address that they are sent to */
	struct endpoint sender;
	struct endpoint reflector; /**< of the sender's family */
	uint16_t vlan;             /**< inner or only VLAN ID, 0 for none */
	uint16_t outer_vlan;       /**< 0 for none */
	uint8_t dscp;
	uint8_t ttl; /**< or Hop Limit */
};

/**
 * Fills the session's headers, their size and place, ttl, ipv6, and both sums (in memory order, as reflect/checksum.h). Lengths,
 * identification and checksums are left zero.
 */
void frame_headers_make(struct load_session *session, const struct frame_way *way);

#endif
