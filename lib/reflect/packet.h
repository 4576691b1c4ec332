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

/** The padding of a reply. */
struct reply_plan {
	uint32_t growth;  /**< how far padding moves: the reply's header is that much longer */
	uint32_t padding; /**< octets of the reply's */
	uint32_t reused;  /**< so many are the sender's first ones, the others are zero */
};

/**
 * Padding is cut by what the reply's header is longer than the sender's, if there is as much. The request must hold the session's
 * sender header and padding to reflect.
 */
HOT struct reply_plan plan_reply(const struct packet *packet, const struct core_session *session,
                                 bool zero_padding)
{
	uint32_t growth = (uint32_t)(session->reflector_header_size - session->sender_header_size);
	uint32_t received = (uint32_t)(packet->payload_length - session->sender_header_size);
	uint32_t padding = received > growth ? received - growth : 0;

	if (padding < session->padding_to_reflect_length)
		padding = session->padding_to_reflect_length;
	return (struct reply_plan){
	        .growth = growth,
	        .padding = padding,
	        .reused = zero_padding ? session->padding_to_reflect_length : padding,
	};
}

#endif
