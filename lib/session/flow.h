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

/** The inverse; VLANs are in the key. */
void flow_key_endpoints(const struct flow_key *key, struct endpoint *sender,
                        struct endpoint *reflector);

/** One of the five words, for comparing and hashing. */
static inline uint64_t flow_word(const struct flow_key *key, unsigned number)
{
	uint64_t word;

	memcpy(&word, (const uint8_t *)key + number * sizeof(word), sizeof(word));
	return word;
}

/** Not secret data. One branch, not one a word: it hardly ever differs. */
static inline bool flow_key_equal(const struct flow_key *left, const struct flow_key *right)
{
	uint64_t source = (flow_word(left, 0) ^ flow_word(right, 0)) |
	                  (flow_word(left, 1) ^ flow_word(right, 1));
	uint64_t destination = (flow_word(left, 2) ^ flow_word(right, 2)) |
	                       (flow_word(left, 3) ^ flow_word(right, 3));

	return (source | destination | (flow_word(left, 4) ^ flow_word(right, 4))) == 0;
}

/** The 128-bit product folded to 64 bits: every input bit reaches every output bit in one multiplication. */
static inline uint64_t flow_fold(uint64_t left, uint64_t right)
{
	unsigned __int128 product = (unsigned __int128)left * right;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/** What the seed is spread to: made once for many flows. */
struct flow_hash {
	uint64_t a;
	uint64_t b;
};

/** seed is random per process, so that nobody outside can aim at one bucket. */
static inline struct flow_hash flow_hash_make(uint64_t seed)
{
	/* Arbitrary odd numbers (digits of pi); the seed is what nobody outside knows. */
	uint64_t a = seed ^ 0x243f6a8885a308d3u;

	return (struct flow_hash){.a = a, .b = flow_fold(a, 0x13198a2e03707345u) | 1};
}

/** A well-mixed 64-bit hash. */
static inline uint64_t flow_hash_of(const struct flow_hash *hash, const struct flow_key *key)
{
	uint64_t source = flow_fold(flow_word(key, 0) ^ hash->a, flow_word(key, 1) ^ hash->b);
	uint64_t destination = flow_fold(flow_word(key, 2) ^ hash->b, flow_word(key, 3) ^ hash->a);
	/* Ports in a row differ in a few low bits only: spread first, else the product would be an arithmetic progression. */
	uint64_t ports = flow_word(key, 4) * 0x9e3779b97f4a7c15u;
	return flow_fold(source ^ hash->a, destination ^ ports ^ hash->b);
}

static inline uint64_t flow_key_hash(const struct flow_key *key, uint64_t seed)
{
	struct flow_hash hash = flow_hash_make(seed);

	return flow_hash_of(&hash, key);
}

#endif
