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

#define FLOW_WORDS (sizeof(struct flow_key) / sizeof(uint64_t))

/** Not secret data. One branch, not one a word: it hardly ever differs. */
static inline bool flow_key_equal(const struct flow_key *left, const struct flow_key *right)
{
	uint64_t l[FLOW_WORDS], r[FLOW_WORDS], difference = 0;

	memcpy(l, left, sizeof(l));
	memcpy(r, right, sizeof(r));
	for (unsigned i = 0; i < FLOW_WORDS; i++)
		difference |= l[i] ^ r[i];
	return difference == 0;
}

/** The 128-bit product folded to 64 bits: every input bit reaches every output bit in one multiplication. */
static inline uint64_t flow_fold(uint64_t left, uint64_t right)
{
	unsigned __int128 product = (unsigned __int128)left * right;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** A well-mixed 64-bit hash; seed is random per process, so that nobody outside can aim at one bucket. */
static inline uint64_t flow_key_hash(const struct flow_key *key, uint64_t seed)
{
	/* Arbitrary odd numbers (digits of pi); the seed is what nobody outside knows. */
	const uint64_t a = seed ^ 0x243f6a8885a308d3u;
	const uint64_t b = flow_fold(a, 0x13198a2e03707345u) | 1;
	uint64_t words[FLOW_WORDS];

	memcpy(words, key, sizeof(words));
	uint64_t source = flow_fold(words[0] ^ a, words[1] ^ b);
	uint64_t destination = flow_fold(words[2] ^ b, words[3] ^ a);
	/* Ports in a row differ in a few low bits only: spread first, else the product would be an arithmetic progression. */
	uint64_t ports = words[4] * 0x9e3779b97f4a7c15u;
	return flow_fold(source ^ a, destination ^ ports ^ b);
}

#endif
