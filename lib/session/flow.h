/* SPDX-License-Identifier: BSD-3-Clause */
/** The flow of a test session as the datapath sees it: addresses, ports and VLANs of a received test packet. */
#ifndef SPECULAR_SESSION_FLOW_H
#define SPECULAR_SESSION_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/address.h"

/** All octets count: zero-initialise before filling. IPv4 addresses stand in v4-mapped form (::ffff:a.b.c.d). */
struct flow_key {
	uint8_t source[16];        /**< Session-Sender's address, network order */
	uint8_t destination[16];   /**< Session-Reflector's address */
	uint16_t source_port;      /**< network order */
	uint16_t destination_port; /**< network order */
	uint16_t vlan;             /**< host order, inner or only VLAN ID, 0 for none */
	uint16_t outer_vlan;       /**< host order, 0 for none */
};
_Static_assert(sizeof(struct flow_key) == 40, "compared and hashed as eight-octet words");

/** Puts the four octets of an IPv4 address in v4-mapped form. */
static inline void flow_address_from_ipv4(uint8_t to[16], const uint8_t octets[4])
{
	static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};

	memcpy(to, prefix, sizeof(prefix));
	memcpy(to + sizeof(prefix), octets, 4);
}

/** The flow of a session between two endpoints of one family. */
void flow_key_make(struct flow_key *key, const struct endpoint *sender,
                   const struct endpoint *reflector, uint16_t vlan, uint16_t outer_vlan);

/** Not secret data: an early exit is fine. */
static inline bool flow_key_equal(const struct flow_key *left, const struct flow_key *right)
{
	return memcmp(left, right, sizeof(*left)) == 0;
}

/** A well-mixed 64-bit hash; seed is random per process, so that nobody outside can aim at one bucket. */
uint64_t flow_key_hash(const struct flow_key *key, uint64_t seed);

#endif
