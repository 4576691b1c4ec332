/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/flow.h"

#include <endian.h>

#include "base/bytes.h"

#define FLOW_WORDS (sizeof(struct flow_key) / sizeof(uint64_t))

static void address_to_flow(uint8_t to[16], const struct address *address)
{
	if (address->family == 4)
		flow_address_from_ipv4(to, address->octets);
	else
		memcpy(to, address->octets, sizeof(address->octets));
}

void flow_key_make(struct flow_key *key, const struct endpoint *sender,
                   const struct endpoint *reflector, uint16_t vlan, uint16_t outer_vlan)
{
	memset(key, 0, sizeof(*key));
	address_to_flow(key->source, &sender->address);
	address_to_flow(key->destination, &reflector->address);
	key->source_port = htobe16(sender->port);
	key->destination_port = htobe16(reflector->port);
	key->vlan = vlan;
	key->outer_vlan = outer_vlan;
}

/** The 128-bit product folded to 64 bits: every input bit reaches every output bit in one multiplication. */
static inline uint64_t fold(uint64_t left, uint64_t right)
{
	unsigned __int128 product = (unsigned __int128)left * right;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t flow_key_hash(const struct flow_key *key, uint64_t seed)
{
	/* Arbitrary odd numbers (digits of pi); the seed is what nobody outside knows. */
	const uint64_t a = seed ^ 0x243f6a8885a308d3u;
	const uint64_t b = fold(a, 0x13198a2e03707345u) | 1;
	uint64_t words[FLOW_WORDS];

	memcpy(words, key, sizeof(words));
	uint64_t source = fold(words[0] ^ a, words[1] ^ b);
	uint64_t destination = fold(words[2] ^ b, words[3] ^ a);
	return fold(source ^ words[4] ^ b, destination ^ a);
}
