/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The reply, built where the request lies: RFC 5357 section 4.2.1, RFC 6038 section 5.2. Headers below UDP that the reply does
 * not carry (IPv4 options, IPv6 extension headers) go away by moving what stands before them up to UDP.
 *
 * The order is plan (before the packet is opened: the checksum needs the octets as they came), build, [seal], sum, stamp.
 * In encrypted mode it is plan, build, stamp, [seal], sum.
 */
#ifndef SPECULAR_REFLECT_BUILD_H
#define SPECULAR_REFLECT_BUILD_H

#include "reflect/packet.h"

/**
 * Lengths of the reply, and what remains of the request's checksum. The request must hold the session's sender header and
 * padding to reflect.
 */
void reply_plan(struct packet *packet, bool zero_padding);

/** All but the transmit timestamp, its error estimate, HMAC and the UDP checksum. Advances frame->octets past what went away. */
void reply_build(struct packet *packet, uint32_t sequence);

/** The transmit timestamp, and the worse of the two error estimates, which holds for both timestamps (RFC 5357 section 4.2.1). */
void reply_stamp(struct packet *packet, const struct clock_timestamp *transmit);

/** As reply_stamp, after reply_sum. */
void reply_stamp_last(struct packet *packet, const struct clock_timestamp *transmit);

/** The UDP checksum of all that reply_build (and a seal) wrote. */
void reply_sum(struct packet *packet);

#endif
