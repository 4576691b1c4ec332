/* SPDX-License-Identifier: BSD-3-Clause */
/** What the stages of reflect_burst know of one packet: a cache line that lives for one burst, on the stack of the lcore. */
#ifndef SPECULAR_REFLECT_PACKET_H
#define SPECULAR_REFLECT_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "reflect/headers.h"
#include "reflect/reflector.h"
#include "session/session.h"

/** For what the compiler would rather call, being used twice, than keep in registers. */
#define HOT static inline __attribute__((always_inline))

struct packet {
	struct reflect_frame *frame;

	/* Written by stage_parse. */
	uint8_t *network;        /**< IP header */
	uint8_t *payload;        /**< test packet, behind the UDP header */
	uint16_t payload_length; /**< as UDP says */
	uint8_t ttl;             /**< TTL or Hop Limit received */
	bool ipv6;
	bool has_checksum; /**< of UDP; an IPv4 sender may leave it out */

	/** What the reply's UDP checksum is before the octets not yet written are subtracted; as checksum.h has sums, not folded. */
	uint64_t checksum;

	/** Written by stage_lookup. */
	struct core_session *core;
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct packet) == 64, "one cache line");

static inline uint8_t *packet_udp(const struct packet *packet)
{
	return packet->payload - UDP_HEADER_SIZE;
}

static inline bool packet_has(const struct packet *packet, uint8_t feature)
{
	return (packet->core->features & feature) != 0;
}

#endif
