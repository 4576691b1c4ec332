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
static uint16_t checksum_rest(const struct packet *packet, const struct session *session)
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
	const struct session *session = packet->core->session;
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

static void swap_octets(uint8_t *left, uint8_t *right, size_t size)
{
	uint8_t kept[IPV6_ADDRESS_SIZE];

	memcpy(kept, left, size);
	memcpy(left, right, size);
	memcpy(right, kept, size);
}

/** Octet i of the reply's padding is octet i of the sender's, whose highest-number octets fall away; the rest is zero. */
static void build_padding(struct packet *packet, const struct session *session)
{
	uint8_t *padding = packet->payload + session->reflector_header_size;
	uint32_t size = packet->reply_payload_length - session->reflector_header_size;

	if (packet->header_growth != 0 && packet->reused_padding != 0)
		memmove(padding, packet->payload + session->sender_header_size,
		        packet->reused_padding);
	memset(padding + packet->reused_padding, 0, size - packet->reused_padding);
}

static void build_unauthenticated(struct packet *packet, const struct session *session,
                                  uint32_t sequence)
{
	uint8_t *payload = packet->payload;
	uint8_t sender[SENDER_HEADER_SIZE];

	memcpy(sender, payload, sizeof(sender));
	build_padding(packet, session);
	memset(payload, 0, REFLECTOR_HEADER_SIZE);
	store_be32(payload + REFLECTOR_SEQUENCE, sequence);
	store_be64(payload + REFLECTOR_RECEIVE_TIMESTAMP, packet->frame->receive_time.ntp);
	/* Sequence number, timestamp and error estimate stand in the same order in both headers. */
	memcpy(payload + REFLECTOR_SENDER_SEQUENCE, sender, sizeof(sender));
	payload[REFLECTOR_SENDER_TTL] = packet->ttl;
}
_Static_assert(REFLECTOR_SENDER_TIMESTAMP - REFLECTOR_SENDER_SEQUENCE == SENDER_TIMESTAMP &&
                       REFLECTOR_SENDER_ERROR_ESTIMATE - REFLECTOR_SENDER_SEQUENCE ==
                               SENDER_ERROR_ESTIMATE,
               "copied in one piece");

static void build_secure(struct packet *packet, const struct session *session, uint32_t sequence)
{
	uint8_t *payload = packet->payload;
	uint32_t sender_sequence;
	uint8_t sender_stamp[STAMP_SIZE];

	memcpy(&sender_sequence, payload + SECURE_SENDER_SEQUENCE, sizeof(sender_sequence));
	memcpy(sender_stamp, payload + SECURE_SENDER_TIMESTAMP, sizeof(sender_stamp));
	build_padding(packet, session);
	memset(payload, 0, SECURE_REFLECTOR_HEADER_SIZE);
	store_be32(payload + SECURE_REFLECTOR_SEQUENCE, sequence);
	store_be64(payload + SECURE_REFLECTOR_RECEIVE_TIMESTAMP, packet->frame->receive_time.ntp);
	memcpy(payload + SECURE_REFLECTOR_SENDER_SEQUENCE, &sender_sequence,
	       sizeof(sender_sequence));
	memcpy(payload + SECURE_REFLECTOR_SENDER_TIMESTAMP, sender_stamp, sizeof(sender_stamp));
	payload[SECURE_REFLECTOR_SENDER_TTL] = packet->ttl;
}

/** DF as received; without it the identification as received, which the sender chose uniquely (RFC 6864 section 4). */
static void build_ipv4(uint8_t *ip, uint8_t traffic_class, uint16_t total_length)
{
	uint16_t fragment = load_be16(ip + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT;

	ip[IPV4_VERSION_IHL] = IPV4_NO_OPTIONS;
	ip[IPV4_TYPE_OF_SERVICE] = traffic_class;
	store_be16(ip + IPV4_TOTAL_LENGTH, total_length);
	if (fragment != 0)
		store_be16(ip + IPV4_IDENTIFICATION, 0);
	store_be16(ip + IPV4_FRAGMENT, fragment);
	ip[IPV4_TTL] = TTL_OF_REPLIES;
	swap_octets(ip + IPV4_SOURCE, ip + IPV4_DESTINATION, IPV4_ADDRESS_SIZE);
	checksum_store(ip + IPV4_CHECKSUM, 0);
	/* Not incremental: the header was verified, and hardly an octet of it stays. */
	checksum_store(ip + IPV4_CHECKSUM, (uint16_t)~checksum_sum(ip, IPV4_HEADER_SIZE));
}

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
	const struct session *session = packet->core->session;
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

static uint8_t *write_stamp(struct packet *packet, const struct clock_timestamp *transmit)
{
	uint8_t *stamp = packet->payload + (packet->core->session->mode == TEST_UNAUTHENTICATED
	                                            ? REFLECTOR_TIMESTAMP
	                                            : SECURE_REFLECTOR_TIMESTAMP);

	store_be64(stamp, transmit->ntp);
	store_be16(stamp + sizeof(uint64_t),
	           worse_error_estimate(transmit->error_estimate,
	                                packet->frame->receive_time.error_estimate));
	return stamp;
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
	const uint8_t *stamp = write_stamp(packet, transmit);

	if (packet->has_checksum)
		write_checksum(packet, checksum_subtract(checksum_load(packet->udp + UDP_CHECKSUM),
		                                         checksum_sum(stamp, STAMP_SIZE)));
}

void reply_sum(struct packet *packet)
{
	if (!packet->has_checksum)
		return;
	uint16_t added = checksum_fold(
	        packet->pseudo_sum + length_sum(packet->reply_payload_length) +
	        checksum_sum(packet->payload, packet->core->session->reflector_header_size));
	write_checksum(packet, checksum_subtract(packet->checksum_rest, added));
}
