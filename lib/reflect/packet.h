/* SPDX-License-Identifier: BSD-3-Clause */
/** What the stages of reflect_burst know of one packet: a cache line that lives for one burst, on the stack of the lcore. */
#ifndef SPECULAR_REFLECT_PACKET_H
#define SPECULAR_REFLECT_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "reflect/reflector.h"
#include "session/session.h"

struct packet {
	struct reflect_frame *frame;

	/* Written by stage_parse. */
	uint8_t *network;        /**< IP header */
	uint8_t *udp;            /**< UDP header, behind options or extension headers */
	uint8_t *payload;        /**< test packet */
	uint16_t payload_length; /**< as UDP says */
	uint8_t ttl;             /**< TTL or Hop Limit received */
	bool ipv6;

	/* Written by stage_lookup. */
	bool has_checksum;     /**< of UDP; an IPv4 sender may leave it out */
	uint8_t header_growth; /**< how far padding moves: the reply's header is that much longer */
	uint16_t reused_padding; /**< octets of the sender's padding that the reply carries */
	struct core_session *core;
	uint32_t reply_payload_length;

	/** What the reply's UDP checksum is before the octets not yet written are subtracted. */
	uint16_t checksum;
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct packet) == 64, "one cache line");

#endif
