/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What stage_build is made of: build_usual.c has the short way of usual packets, build.c the way of all others.
 *
 * Headers are taken and written in words of eight octets and more, in memory order: a load of what was just written in narrower
 * pieces would stall.
 */
#ifndef SPECULAR_REFLECT_BUILD_H
#define SPECULAR_REFLECT_BUILD_H

#include <endian.h>
#include <smmintrin.h>

#include "base/bytes.h"
#include "reflect/checksum.h"
#include "reflect/headers.h"
#include "reflect/plan.h"
#include "reflect/stages.h"

#define LOW_16 UINT64_C(0xffff)
#define LOW_32 UINT64_C(0xffffffff)

/**
 * Packets from `packet` to `end`, as long as they are plain and their sessions' plans fit them and are of one kind. Returns the
 * first that is not so; that has not been touched.
 */
struct packet *build_usual_ipv4(const struct burst *burst, struct packet *packet,
                                const struct packet *end);
struct packet *build_usual_ipv6(const struct burst *burst, struct packet *packet,
                                const struct packet *end);

/** In memory order, as checksum_load_eight. */
HOT void store_eight(uint8_t *to, uint64_t eight)
{
	memcpy(to, &eight, sizeof(eight));
}

HOT void store_four(uint8_t *to, uint32_t four)
{
	memcpy(to, &four, sizeof(four));
}

HOT __m128i load_sixteen(const uint8_t *from)
{
	return _mm_loadu_si128((const __m128i *)from);
}

HOT void store_sixteen(uint8_t *to, __m128i sixteen)
{
	_mm_storeu_si128((__m128i *)to, sixteen);
}

HOT size_t ip_header_size(const bool ipv6)
{
	return ipv6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE;
}

/** The longest UDP payload that a port can send. */
HOT int reply_length_max(const struct burst *burst, const bool ipv6)
{
	return burst->arrival->mtu - (int)(ip_header_size(ipv6) + UDP_HEADER_SIZE);
}

/** Nothing stops the packet any more: it is counted, and gets the number that is returned. */
HOT uint32_t take_number(struct core_session *session)
{
	uint64_t number = session->reflected;

	counter_add(&session->reflected, 1);
	return (uint32_t)number;
}

HOT void remember_time(struct core_session *session, uint64_t receive_tsc)
{
	__atomic_store_n(&session->last_received_tsc, receive_tsc, __ATOMIC_RELAXED);
}

/** The frame holds a reply of so many octets. */
HOT void finish_frame(struct reflect_frame *frame, size_t length)
{
	frame->length = (uint16_t)length;
	frame->verdict = VERDICT_REFLECT;
	frame->counter = DATAPATH_REFLECTED;
}

/** In network order. */
HOT uint64_t receive_timestamp(const struct burst *burst, const struct packet *packet)
{
	return htobe64(burst_receive_time(burst, packet)->ntp);
}

/**
 * To a higher address, from the end on, as moving up wants it. Up to 31 octets before the beginning move as well: of headers to
 * where the reply's header will be.
 */
HOT void move_padding(uint8_t *from, size_t distance, size_t size)
{
	const size_t half = sizeof(__m128i), step = 2 * half;
	uint8_t *end = from + size;

	for (; end > from; end -= step) {
		__m128i last = load_sixteen(end - half), first = load_sixteen(end - step);

		store_sixteen(end - half + distance, last);
		store_sixteen(end - step + distance, first);
	}
}

/**
 * With DSCP and ECN Monitoring: the Sender TTL and, behind it, the octet that the request's IP header has for DSCP and ECN, which is
 * still as it came (RFC 7750 section 2.2.1). In memory order.
 */
HOT uint64_t sender_ttl_dscp_ecn(const struct packet *packet)
{
	const uint8_t *ip = packet->network;
	uint32_t dscp_ecn = packet->ipv6
	                            ? (uint32_t)load_be16(ip + IPV6_VERSION_CLASS_LABEL) >> 4 & 0xff
	                            : ip[IPV4_TYPE_OF_SERVICE];

	return (uint64_t)dscp_ecn << 8 | packet->ttl;
}
_Static_assert(REFLECTOR_SENDER_DSCP_ECN == REFLECTOR_SENDER_TTL + 1 &&
                       SECURE_REFLECTOR_SENDER_DSCP_ECN == SECURE_REFLECTOR_SENDER_TTL + 1,
               "behind it");

/** What of a sender's header is behind its first eight octets, as a number. */
HOT uint64_t sender_rest(const uint8_t *payload)
{
	return checksum_load_eight(payload + SENDER_HEADER_SIZE - sizeof(uint64_t)) >> 16;
}
_Static_assert(SENDER_HEADER_SIZE == 2 * sizeof(uint64_t) - 2, "six octets");

/**
 * The header of a reply in unauthenticated mode, and its padding where it moves. first: the sequence number, in network order; lost: the
 * sum of what the reply does not have, as if it stood at an even place. Returns what the reply's checksum is but for the stamp.
 *
 * The request's checksum C closes its sum modulo 65535: C + A + M = e, where M is the padding that the reply carries, A all the
 * rest (pseudo-header included), and e is 0, or not if an octet was damaged on the way. The reply's C' + A' + M' = e' shall again
 * be 0 just when e is. Padding that moves by an even number of octets has M' = M: C' = (C + A) - A', and e' = e. Padding that
 * moves by an odd number (27) has M' = 256 M: C' = 256 (C + A) - A', and e' = 256 e, which is 0 just when e is. So the moved
 * padding is never summed. What of A and A' is the same for all packets, the plan has.
 */
HOT uint64_t build_unauthenticated(const struct packet *packet, const struct reply_plan *plan,
                                   uint64_t first, uint64_t receive, uint64_t lost, uint64_t ttl,
                                   const bool monitoring)
{
	uint8_t *payload = packet->payload;
	size_t header = monitoring ? packet->core->sender_header_size : SENDER_HEADER_SIZE;
	size_t growth = reflector_header_size(TEST_UNAUTHENTICATED, monitoring) - header;
	/* Sequence number, timestamp and error estimate stand in the same order in both headers. */
	uint64_t sender = checksum_load_eight(payload), rest = sender_rest(payload);
	uint64_t sum = (uint64_t)checksum_load(packet_udp(packet) + UDP_CHECKSUM) + plan->udp_sum;

	sum = checksum_turn(checksum_add_three(sum, rest, lost, sender), plan->turn);
	sum = checksum_subtract_three(sum, sender, rest + ttl + first, receive);
	if (plan->moved != 0)
		move_padding(payload + header, growth, plan->moved);
	store_eight(payload + REFLECTOR_SEQUENCE, first);
	store_eight(payload + REFLECTOR_SEQUENCE + sizeof(uint64_t), 0);
	store_eight(payload + REFLECTOR_RECEIVE_TIMESTAMP, receive);
	store_eight(payload + REFLECTOR_SENDER_SEQUENCE, sender);
	store_eight(payload + REFLECTOR_SENDER_SEQUENCE + sizeof(uint64_t), rest);
	if (monitoring)
		store_four(payload + REFLECTOR_SENDER_TTL, (uint32_t)ttl);
	else
		payload[REFLECTOR_SENDER_TTL] = (uint8_t)ttl;
	return sum;
}
_Static_assert((REFLECTOR_MONITORING_HEADER_SIZE - SENDER_HEADER_SIZE) % 2 == 0 &&
                       (REFLECTOR_MONITORING_HEADER_SIZE - SENDER_MONITORING_HEADER_SIZE) % 2 == 0,
               "with monitoring padding is not turned");
_Static_assert((REFLECTOR_HEADER_SIZE - SENDER_HEADER_SIZE) % 2 == 1, "turned when it moves");
_Static_assert(REFLECTOR_SENDER_SEQUENCE % 2 == 0, "the sender's header is not turned");
_Static_assert(REFLECTOR_SENDER_TIMESTAMP - REFLECTOR_SENDER_SEQUENCE == SENDER_TIMESTAMP &&
                       REFLECTOR_SENDER_ERROR_ESTIMATE - REFLECTOR_SENDER_SEQUENCE ==
                               SENDER_ERROR_ESTIMATE &&
                       REFLECTOR_SENDER_SEQUENCE + SENDER_HEADER_SIZE == REFLECTOR_MBZ_2,
               "copied in one piece");
_Static_assert(REFLECTOR_RECEIVE_TIMESTAMP == 16 && REFLECTOR_SENDER_SEQUENCE == 24 &&
                       REFLECTOR_SENDER_TTL == 40,
               "five words and an octet, or four");

/** Source and destination change places. Two octets behind them are written as they are. */
HOT void build_ethernet(uint8_t *link)
{
	const __m128i places = _mm_setr_epi8(6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15);

	store_sixteen(link, _mm_shuffle_epi8(load_sixteen(link), places));
}
_Static_assert(ETHERNET_DESTINATION == 0 && ETHERNET_SOURCE == 6, "adjacent");

/**
 * DF as received; without it the identification as received, which the sender chose uniquely (RFC 6864 section 4). The checksum
 * is not incremental: the header was verified, and hardly an octet of it stays. UDP's checksum stays.
 */
HOT void build_ipv4(uint8_t *ip, const struct reply_plan *plan)
{
	const uint32_t dont_fragment = htobe32(IPV4_DONT_FRAGMENT);
	const __m128i places = _mm_setr_epi8(4, 5, 6, 7, 0, 1, 2, 3, 10, 11, 8, 9, 12, 13, 14, 15);
	__m128i behind = _mm_shuffle_epi8(load_sixteen(ip + IPV4_SOURCE), places);
	uint32_t received, kept, sum;

	memcpy(&received, ip + IPV4_IDENTIFICATION, sizeof(received));
	kept = (received & dont_fragment) != 0 ? dont_fragment : (uint16_t)received;
	sum = plan->ip_sum + kept;
	sum += sum << 16 | sum >> 16;
	store_four(ip + IPV4_VERSION_IHL, plan->ip_first);
	store_four(ip + IPV4_IDENTIFICATION, kept);
	store_four(ip + IPV4_TTL,
	           (~sum & 0xffff0000) | htobe16(TTL_OF_REPLIES << 8 | NEXT_HEADER_UDP));
	store_sixteen(ip + IPV4_SOURCE, _mm_insert_epi16(behind, plan->udp_length, 6));
}
_Static_assert(IPV4_TYPE_OF_SERVICE == 1 && IPV4_TOTAL_LENGTH == 2 && IPV4_IDENTIFICATION == 4 &&
                       IPV4_FRAGMENT == 6 && IPV4_TTL == 8 && IPV4_PROTOCOL == 9 &&
                       IPV4_CHECKSUM == 10,
               "three words");
_Static_assert(IPV4_SOURCE == 12 && IPV4_DESTINATION == 16 && IPV4_HEADER_SIZE == 20,
               "sixteen octets from the addresses to UDP's checksum");

/** received: the first eight octets as they came. */
HOT void build_ipv6(uint8_t *ip, uint64_t received, const struct reply_plan *plan)
{
	const uint64_t label = htobe64((uint64_t)IPV6_FLOW_LABEL_MASK << 32);
	const uint64_t fixed = htobe64(NEXT_HEADER_UDP << 8 | TTL_OF_REPLIES);
	__m128i source = load_sixteen(ip + IPV6_SOURCE);
	__m128i destination = load_sixteen(ip + IPV6_DESTINATION);
	uint8_t *udp = ip + IPV6_HEADER_SIZE;
	uint64_t ports = checksum_load_eight(udp);
	uint32_t swapped = (uint32_t)ports << 16 | (uint32_t)ports >> 16;
	uint64_t length = (uint64_t)plan->udp_length << 32;

	store_eight(ip, (received & label) | fixed | length | plan->ip_first);
	store_sixteen(ip + IPV6_SOURCE, destination);
	store_sixteen(ip + IPV6_DESTINATION, source);
	store_eight(udp, (ports >> 48 << 48) | length | swapped);
}
_Static_assert(IPV6_PAYLOAD_LENGTH == 4 && IPV6_NEXT_HEADER == 6 && IPV6_HOP_LIMIT == 7,
               "version to Hop Limit are one word");

HOT void build_headers(struct reflect_frame *frame, uint8_t *ip, const struct reply_plan *plan,
                       const bool ipv6)
{
	/* Taken before two octets of them are written again: a load would wait for that store. */
	uint64_t received = checksum_load_eight(ip);

	build_ethernet(frame->octets);
	if (ipv6)
		build_ipv6(ip, received, plan);
	else
		build_ipv4(ip, plan);
}

#endif
