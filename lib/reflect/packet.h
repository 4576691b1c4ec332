/* SPDX-License-Identifier: BSD-3-Clause */
/** What the stages of reflect_burst know of one packet. It lives for one burst, on the stack of the lcore. */
#ifndef SPECULAR_REFLECT_PACKET_H
#define SPECULAR_REFLECT_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "reflect/reflector.h"
#include "session/session.h"

struct packet {
	struct reflect_frame *frame;

	/* Written by parse.h. */
	uint8_t *network;        /**< IP header */
	uint8_t *udp;            /**< UDP header */
	uint8_t *payload;        /**< test packet */
	uint16_t link_length;    /**< Ethernet header and VLAN tags */
	uint16_t network_length; /**< IP header with options or extension headers */
	uint16_t payload_length; /**< as UDP says */
	uint8_t ttl;             /**< TTL or Hop Limit received */
	bool ipv6;
	struct flow_key flow;

	/* Written by the reflector. */
	uint64_t hash;
	struct core_session *core;

	/* Written by build.h's reply_plan. */
	uint32_t reply_payload_length;
	uint32_t reply_length;   /**< of the whole frame */
	uint32_t reused_padding; /**< octets of the sender's padding that the reply carries */
	uint16_t
	        header_growth; /**< how far that padding moves: the reply's header is that much longer */
	bool has_checksum; /**< of UDP; an IPv4 sender may leave it out */
	uint16_t
	        pseudo_sum; /**< of what request and reply have in common: addresses, ports, protocol */
	uint16_t
	        checksum_rest; /**< what the reply's checksum is before its octets are subtracted */
};

#endif
