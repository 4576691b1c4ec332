/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/build.h"

#include <endian.h>

#include "base/bytes.h"
#include "reflect/checksum.h"
#include "reflect/headers.h"

#define ESTIMATE_SYNCHRONIZED 0x8000u /**< S, RFC 4656 section 4.1.2 */

/* Timestamp and error estimate stand side by side in both formats. */
#define STAMP_SIZE 10u
_Static_assert(REFLECTOR_TIMESTAMP + sizeof(uint64_t) == REFLECTOR_ERROR_ESTIMATE, "stamp");
_Static_assert(SECURE_REFLECTOR_TIMESTAMP + sizeof(uint64_t) == SECURE_REFLECTOR_ERROR_ESTIMATE,
               "stamp");
_Static_assert(REFLECTOR_TIMESTAMP % 2 == 0 && SECURE_REFLECTOR_TIMESTAMP % 2 == 0,
               "a stamp's sum is not shifted");

/** Addresses, ports and protocol: swapping source and destination does not change their sum. */
static uint16_t pseudo_sum(const struct packet *packet)
{
	const uint8_t *addresses = packet->network + (packet->ipv6 ? IPV6_SOURCE : IPV4_SOURCE);
	size_t size = packet->ipv6 ? 2 * IPV6_ADDRESS_SIZE : 2 * IPV4_ADDRESS_SIZE;

	return checksum_fold((uint64_t)checksum_sum(addresses, size) +
	                     checksum_sum(packet->udp, UDP_PORTS_SIZE) + htobe16(NEXT_HEADER_UDP));
}

/** The UDP length stands in the pseudo-header and in the header. */
static uint64_t length_sum(uint32_t payload_length)
{
	return 2u * (uint64_t)htobe16((uint16_t)(UDP_HEADER_SIZE + payload_length));
}

/**
 * The request's checksum C closes its sum modulo 65535: C + A + M = e, where M is the padding that the reply carries, A all the
 * rest (pseudo-header included), and e is 0, or not if an octet was damaged on the way. The reply's C' + A' + M' = e' shall again
 * be 0 just when e is. Padding that moves by an even number of octets has M' = M: C' = (C + A) - A', and e' = e. Padding that
 * moves by an odd number (27 in unauthenticated mode) has M' = 256 M: C' = 256 (C + A) - A', and e' = 256 e, which is 0 just
 * when e is. So the moved padding is never summed. This is (C + A) or 256 (C + A).
 */
static uint16_t checksum_rest(const struct packet *packet, const struct core_session *session)
{
	const uint8_t *payload = packet->payload;
	size_t cut_at = (size_t)session->sender_header_size + packet->reused_padding;
	uint16_t cut = checksum_sum(payload + cut_at, packet->payload_length - cut_at);

	if (cut_at % 2 != 0)
		cut = checksum_shift(cut);
	uint16_t rest = checksum_fold((uint64_t)checksum_load(packet->udp + UDP_CHECKSUM) +
	                              packet->pseudo_sum + length_sum(packet->payload_length) +
	                              checksum_sum(payload, session->sender_header_size) + cut);
	return packet->header_growth % 2 != 0 ? checksum_shift(rest) : rest;
}

void reply_plan(struct packet *packet, bool zero_padding)
{
	const struct core_session *session = packet->core;
	uint32_t growth = (uint32_t)(session->reflector_header_size - session->sender_header_size);
	uint32_t padding = (uint32_t)(packet->payload_length - session->sender_header_size);
	uint32_t reply_padding = padding > growth ? padding - growth : 0;

	if (reply_padding < session->padding_to_reflect_length)
		reply_padding = session->padding_to_reflect_length;
	packet->header_growth = (uint16_t)growth;
	packet->reused_padding = zero_padding ? session->padding_to_reflect_length : reply_padding;
	packet->reply_payload_length = session->reflector_header_size + reply_padding;
	packet->reply_length = packet->link_length +
	                       (packet->ipv6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE) +
	                       UDP_HEADER_SIZE + packet->reply_payload_length;
	packet->has_checksum = checksum_load(packet->udp + UDP_CHECKSUM) != 0;
	if (packet->has_checksum) {
		packet->pseudo_sum = pseudo_sum(packet);
		packet->checksum_rest = checksum_rest(packet, session);
	}
}

static inline void swap_octets(uint8_t *left, uint8_t *right, size_t size)
{
	uint8_t kept[IPV6_ADDRESS_SIZE];

	memcpy(kept, left, size);
	memcpy(left, right, size);
	memcpy(right, kept, size);
}

/** Octet i of the reply's padding is octet i of the sender's, whose highest-number octets fall away; the rest is zero. */
static void build_padding(struct packet *packet, const struct core_session *session)
{
	uint8_t *padding = packet->payload + session->reflector_header_size;
	uint32_t size = packet->reply_payload_length - session->reflector_header_size;

	if (packet->header_growth != 0 && packet->reused_padding != 0)
		memmove(padding, packet->payload + session->sender_header_size,
		        packet->reused_padding);
	if (size > packet->reused_padding)
		memset(padding + packet->reused_padding, 0, size - packet->reused_padding);
}

/** Zeros payload[from .. to); constants of at most 32 octets, which compile to a store or two. */
static inline void clear(uint8_t *payload, size_t from, size_t to)
{
	memset(payload + from, 0, to - from);
}

static void build_unauthenticated(struct packet *packet, const struct core_session *session,
                                  uint32_t sequence)
{
	uint8_t *payload = packet->payload;
	uint8_t sender[SENDER_HEADER_SIZE];

	memcpy(sender, payload, sizeof(sender));
	build_padding(packet, session);
	store_be32(payload + REFLECTOR_SEQUENCE, sequence);
	clear(payload, REFLECTOR_TIMESTAMP, REFLECTOR_RECEIVE_TIMESTAMP);
	store_be64(payload + REFLECTOR_RECEIVE_TIMESTAMP, packet->frame->receive_time.ntp);
	/* Sequence number, timestamp and error estimate stand in the same order in both headers. */
	memcpy(payload + REFLECTOR_SENDER_SEQUENCE, sender, sizeof(sender));
	clear(payload, REFLECTOR_MBZ_2, REFLECTOR_SENDER_TTL);
	payload[REFLECTOR_SENDER_TTL] = packet->ttl;
}
_Static_assert(REFLECTOR_SENDER_TIMESTAMP - REFLECTOR_SENDER_SEQUENCE == SENDER_TIMESTAMP &&
                       REFLECTOR_SENDER_ERROR_ESTIMATE - REFLECTOR_SENDER_SEQUENCE ==
                               SENDER_ERROR_ESTIMATE &&
                       REFLECTOR_SENDER_SEQUENCE + SENDER_HEADER_SIZE == REFLECTOR_MBZ_2,
               "copied in one piece");

static void build_secure(struct packet *packet, const struct core_session *session,
                         uint32_t sequence)
{
	uint8_t *payload = packet->payload;
	uint32_t sender_sequence;
	uint8_t sender_stamp[STAMP_SIZE];

	memcpy(&sender_sequence, payload + SECURE_SENDER_SEQUENCE, sizeof(sender_sequence));
	memcpy(sender_stamp, payload + SECURE_SENDER_TIMESTAMP, sizeof(sender_stamp));
	build_padding(packet, session);
	store_be32(payload + SECURE_REFLECTOR_SEQUENCE, sequence);
	clear(payload, SECURE_REFLECTOR_SEQUENCE + sizeof(sequence),
	      SECURE_REFLECTOR_RECEIVE_TIMESTAMP);
	store_be64(payload + SECURE_REFLECTOR_RECEIVE_TIMESTAMP, packet->frame->receive_time.ntp);
	clear(payload, SECURE_REFLECTOR_RECEIVE_TIMESTAMP + sizeof(uint64_t),
	      SECURE_REFLECTOR_SENDER_SEQUENCE);
	memcpy(payload + SECURE_REFLECTOR_SENDER_SEQUENCE, &sender_sequence,
	       sizeof(sender_sequence));
	clear(payload, SECURE_REFLECTOR_SENDER_SEQUENCE + sizeof(sender_sequence),
	      SECURE_REFLECTOR_SENDER_TIMESTAMP);
	memcpy(payload + SECURE_REFLECTOR_SENDER_TIMESTAMP, sender_stamp, sizeof(sender_stamp));
	clear(payload, SECURE_REFLECTOR_SENDER_TIMESTAMP + STAMP_SIZE, SECURE_REFLECTOR_SENDER_TTL);
	payload[SECURE_REFLECTOR_SENDER_TTL] = packet->ttl;
	clear(payload, SECURE_REFLECTOR_SENDER_TTL + 1, SECURE_REFLECTOR_HEADER_SIZE);
}

/**
 * DF as received; without it the identification as received, which the sender chose uniquely (RFC 6864 section 4). The checksum
 * is not incremental: the header was verified, and hardly an octet of it stays.
 */
static void build_ipv4(uint8_t *ip, uint8_t traffic_class, uint16_t total_length)
{
	uint16_t fragment = load_be16(ip + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT;
	uint16_t identification = fragment != 0 ? 0 : load_be16(ip + IPV4_IDENTIFICATION);
	uint64_t first = (uint64_t)IPV4_NO_OPTIONS << 56 | (uint64_t)traffic_class << 48 |
	                 (uint64_t)total_length << 32 | (uint64_t)identification << 16 | fragment;
	uint16_t second = TTL_OF_REPLIES << 8 | NEXT_HEADER_UDP;
	/* From values and from octets not just written: a load behind a narrower store would stall. */
	uint64_t words = htobe64(first);
	uint16_t sum = checksum_fold((words & 0xffffffffu) + (words >> 32) + htobe16(second) +
	                             checksum_sum(ip + IPV4_SOURCE, (size_t)2 * IPV4_ADDRESS_SIZE));

	store_be64(ip + IPV4_VERSION_IHL, first);
	store_be16(ip + IPV4_TTL, second);
	checksum_store(ip + IPV4_CHECKSUM, (uint16_t)~sum);
	swap_octets(ip + IPV4_SOURCE, ip + IPV4_DESTINATION, IPV4_ADDRESS_SIZE);
}
_Static_assert(IPV4_TTL == sizeof(uint64_t) && IPV4_PROTOCOL == IPV4_TTL + 1,
               "version to fragment are one word, TTL and protocol another");

static void build_ipv6(uint8_t *ip, uint8_t traffic_class, uint16_t payload_length)
{
	uint32_t label = load_be32(ip + IPV6_VERSION_CLASS_LABEL) & IPV6_FLOW_LABEL_MASK;

	store_be32(ip + IPV6_VERSION_CLASS_LABEL,
	           6u << IPV6_VERSION_SHIFT | (uint32_t)traffic_class << IPV6_TRAFFIC_CLASS_SHIFT |
	                   label);
	store_be16(ip + IPV6_PAYLOAD_LENGTH, payload_length);
	ip[IPV6_NEXT_HEADER] = NEXT_HEADER_UDP;
	ip[IPV6_HOP_LIMIT] = TTL_OF_REPLIES;
	swap_octets(ip + IPV6_SOURCE, ip + IPV6_DESTINATION, IPV6_ADDRESS_SIZE);
}

/** Brings link header and the fixed IP header up to UDP. */
static void strip_extensions(struct packet *packet)
{
	struct reflect_frame *frame = packet->frame;
	uint16_t fixed = packet->ipv6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE;
	uint16_t surplus = (uint16_t)(packet->network_length - fixed);

	if (surplus == 0)
		return;
	memmove(frame->octets + surplus, frame->octets, (size_t)packet->link_length + fixed);
	frame->octets += surplus;
	frame->capacity = (uint16_t)(frame->capacity - surplus);
	packet->network += surplus;
	packet->network_length = fixed;
}

void reply_build(struct packet *packet, uint32_t sequence)
{
	const struct core_session *session = packet->core;
	uint16_t udp_length = (uint16_t)(UDP_HEADER_SIZE + packet->reply_payload_length);

	if (session->mode == TEST_UNAUTHENTICATED)
		build_unauthenticated(packet, session, sequence);
	else
		build_secure(packet, session, sequence);
	strip_extensions(packet);
	uint8_t *link = packet->frame->octets;
	swap_octets(link + ETHERNET_DESTINATION, link + ETHERNET_SOURCE, ETHERNET_ADDRESS_SIZE);
	if (packet->ipv6)
		build_ipv6(packet->network, session->traffic_class, udp_length);
	else
		build_ipv4(packet->network, session->traffic_class,
		           (uint16_t)(IPV4_HEADER_SIZE + udp_length));
	swap_octets(packet->udp + UDP_SOURCE_PORT, packet->udp + UDP_DESTINATION_PORT,
	            sizeof(uint16_t));
	store_be16(packet->udp + UDP_LENGTH, udp_length);
	packet->frame->length = (uint16_t)packet->reply_length;
}

static uint16_t worse_error_estimate(uint16_t left, uint16_t right)
{
	if (left == right)
		return left;
	bool left_is_worse = error_estimate_to_ns(left) >= error_estimate_to_ns(right);
	uint16_t worse = left_is_worse ? left : right;

	if (error_estimate_synchronized(left) && error_estimate_synchronized(right))
		return worse;
	return worse & (uint16_t)~ESTIMATE_SYNCHRONIZED;
}

/** Returns the sum of what it writes. */
static inline uint16_t write_stamp(struct packet *packet, const struct clock_timestamp *transmit)
{
	uint8_t *stamp = packet->payload + (packet->core->mode == TEST_UNAUTHENTICATED
	                                            ? REFLECTOR_TIMESTAMP
	                                            : SECURE_REFLECTOR_TIMESTAMP);
	uint64_t ntp = htobe64(transmit->ntp);
	uint16_t error = htobe16(worse_error_estimate(transmit->error_estimate,
	                                              packet->frame->receive_time.error_estimate));

	memcpy(stamp, &ntp, sizeof(ntp));
	memcpy(stamp + sizeof(ntp), &error, sizeof(error));
	return checksum_fold((ntp & 0xffffffffu) + (ntp >> 32) + error);
}

void reply_stamp(struct packet *packet, const struct clock_timestamp *transmit)
{
	(void)write_stamp(packet, transmit);
}

/** RFC 768: a checksum of 0 means none and is sent as 0xffff, which is the same number modulo 65535. */
static void write_checksum(struct packet *packet, uint16_t checksum)
{
	checksum_store(packet->udp + UDP_CHECKSUM, checksum != 0 ? checksum : 0xffff);
}

void reply_stamp_last(struct packet *packet, const struct clock_timestamp *transmit)
{
	uint16_t sum = write_stamp(packet, transmit);

	if (packet->has_checksum)
		write_checksum(packet,
		               checksum_subtract(checksum_load(packet->udp + UDP_CHECKSUM), sum));
}

void reply_sum(struct packet *packet)
{
	if (!packet->has_checksum)
		return;
	uint16_t added =
	        checksum_fold(packet->pseudo_sum + length_sum(packet->reply_payload_length) +
	                      checksum_sum(packet->payload, packet->core->reflector_header_size));
	write_checksum(packet, checksum_subtract(packet->checksum_rest, added));
}
