/* SPDX-License-Identifier: BSD-3-Clause */
/** From a frame to the flow of a test packet, or to the reason why it is none. Trusts no octet; changes none. */
#ifndef SPECULAR_REFLECT_PARSE_H
#define SPECULAR_REFLECT_PARSE_H

#include "reflect/packet.h"

enum parse_result {
	/** Whole UDP datagram to a test port; whether the address is ours is asked when no session has its flow. */
	PARSE_TEST_PORT,
	PARSE_EXCEPTION,     /**< not test traffic: the kernel's */
	PARSE_OTHER_STATION, /**< to an Ethernet address that is not the port's */
	PARSE_TRUNCATED,
	PARSE_CHECKSUM, /**< test traffic: wrong IPv4 header checksum, or IPv6 without UDP checksum (RFC 8200 section 8.1) */
	PARSE_FRAGMENT, /**< first fragment of test traffic */
};

/** Fills the parsed part of *packet, and *flow, when the result is PARSE_TEST_PORT. station: as in struct reflect_arrival. */
enum parse_result parse_frame(const struct reflector_settings *settings, const uint8_t *station,
                              struct reflect_frame *frame, enum reflect_checksum ip_checksum,
                              struct packet *packet, struct flow_key *flow);

/**
 * The same by the long way, which parse_frame goes for all but plain test packets: from the IP header on, *flow having the VLANs.
 */
enum parse_result parse_ipv4(const struct reflector_settings *settings, struct reflect_frame *frame,
                             enum reflect_checksum ip_checksum, uint8_t *network,
                             struct packet *packet, struct flow_key *flow);
enum parse_result parse_ipv6(const struct reflector_settings *settings, struct reflect_frame *frame,
                             uint8_t *network, struct packet *packet, struct flow_key *flow);

/** True when the flow's destination, in its VLANs, is an address that test packets may be sent to. */
bool parse_is_own_address(const struct reflector_settings *settings, const struct flow_key *flow);

#endif
