/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reply, built where the request lies: RFC 5357 section 4.2.1, RFC 6038 section 5.2. Headers below UDP that the reply does
 * not carry (IPv4 options, IPv6 extension headers) go away by moving what stands before them up to UDP.
 *
 * Headers are taken and written in words of eight octets: a load of what was just written in narrower pieces would stall.
 */
#include <endian.h>

#include "base/bytes.h"
#include "reflect/checksum.h"
#include "reflect/headers.h"
#include "reflect/stages.h"

#define BLOCK 16u /**< octets of padding that move at once */
/** From here on the C library's memmove is worth its call. */
#define LONG_PADDING 256u
#define LOW_16       UINT64_C(0xffff)
#define LOW_32       UINT64_C(0xffffffff)
#define LOW_48       UINT64_C(0xffffffffffff)

/** In memory order, as checksum_load_eight. */
static inline void store_eight(uint8_t *to, uint64_t eight)
{
	memcpy(to, &eight, sizeof(eight));
}

/** Moves size octets up by more than BLOCK of them, from the last to the first. */
static inline void move_padding(uint8_t *to, const uint8_t *from, size_t size)
{
	uint8_t first[BLOCK], block[BLOCK];

	if (size < BLOCK || size >= LONG_PADDING) {
		memmove(to, from, size);
		return;
	}
	memcpy(first, from, BLOCK);
	for (size_t at = size; at > BLOCK; at -= BLOCK) {
		memcpy(block, from + at - BLOCK, BLOCK);
		memcpy(to + at - BLOCK, block, BLOCK);
	}
	memcpy(to, first, BLOCK);
}

/** Octet i of the reply's padding is octet i of the sender's, whose highest-number octets fall away; the rest is zero. */
static inline void build_padding(const struct packet *packet, const struct core_session *session)
{
	uint8_t *padding = packet->payload + session->reflector_header_size;
	uint32_t size = packet->reply_payload_length - session->reflector_header_size;

	if (packet->header_growth != 0 && packet->reused_padding != 0)
		move_padding(padding, packet->payload + session->sender_header_size,
		             packet->reused_padding);
	if (size > packet->reused_padding)
		memset(padding + packet->reused_padding, 0, size - packet->reused_padding);
}

/** Addresses, ports and protocol: swapping source and destination does not change their sum. */
static inline checksum_words pseudo_sum(const struct packet *packet)
{
	checksum_words sum = packet->ipv6 ? checksum_sum_constant(packet->network + IPV6_SOURCE,
	                                                          (size_t)2 * IPV6_ADDRESS_SIZE)
	                                  : checksum_sum_constant(packet->network + IPV4_SOURCE,
	                                                          (size_t)2 * IPV4_ADDRESS_SIZE);

	return sum + checksum_sum_constant(packet->udp, UDP_PORTS_SIZE) + htobe16(NEXT_HEADER_UDP);
}

/**
 * The request's checksum C closes its sum modulo 65535: C + A + M = e, where M is the padding that the reply carries, A all the
 * rest (pseudo-header included), and e is 0, or not if an octet was damaged on the way. The reply's C' + A' + M' = e' shall again
 * be 0 just when e is. Padding that moves by an even number of octets has M' = M: C' = (C + A) - A', and e' = e. Padding that
 * moves by an odd number (27 in unauthenticated mode) has M' = 256 M: C' = 256 (C + A) - A', and e' = 256 e, which is 0 just
 * when e is. So the moved padding is never summed.
 *
 * This is C' but for what the reply has new: of A', what A has too. sender: the sum of the sender's header, which comes back at an
 * even offset. Without growth that and the addresses cancel out.
 */
static inline checksum_words unauthenticated_rest(const struct packet *packet,
                                                  const struct core_session *session,
                                                  checksum_words sender)
{
	size_t cut_at = (size_t)session->sender_header_size + packet->reused_padding;
	size_t cut_size = packet->payload_length - cut_at;
	const uint8_t *cut = packet->payload + cut_at;
	checksum_words sum = checksum_load(packet->udp + UDP_CHECKSUM);
	checksum_words lost = cut_size == SENDER_SYMMETRICAL_MBZ
	                              ? checksum_sum_constant(cut, SENDER_SYMMETRICAL_MBZ)
	                              : checksum_sum(cut, cut_size);

	if (packet->header_growth == 0) {
		sum += checksum_sum_constant(packet->payload + SENDER_HEADER_SIZE,
		                             SENDER_SYMMETRICAL_MBZ);
		sum += checksum_at(cut_at, lost);
		sum += checksum_length(packet->payload_length);
	} else {
		checksum_words same = pseudo_sum(packet) + sender;

		sum += same + checksum_length(packet->payload_length);
		sum = checksum_subtract(checksum_at(1, sum), same) + checksum_at(cut_at + 1, lost);
	}
	return checksum_subtract(sum, checksum_length(packet->reply_payload_length));
}
_Static_assert((REFLECTOR_HEADER_SIZE - SENDER_HEADER_SIZE) % 2 == 1, "growth is 0 or odd");
_Static_assert(REFLECTOR_SENDER_SEQUENCE % 2 == 0, "the sender's header is not shifted");

static inline void build_unauthenticated(struct packet *packet, const struct core_session *session,
                                         uint32_t sequence)
{
	uint8_t *payload = packet->payload;
	uint64_t receive = htobe64(packet->frame->receive_time.ntp);
	uint64_t first = htobe32(sequence);
	/* Sequence number, timestamp and error estimate stand in the same order in both headers. */
	uint64_t sender = checksum_load_eight(payload);
	uint64_t sender_rest =
	        checksum_load_eight(payload + SENDER_HEADER_SIZE - sizeof(uint64_t)) >> 16;

	if (packet->has_checksum) {
		checksum_words rest =
		        unauthenticated_rest(packet, session, (checksum_words)sender + sender_rest);

		rest = checksum_subtract(rest, (checksum_words)receive + first + packet->ttl);
		packet->checksum = checksum_fold(rest);
	}
	build_padding(packet, session);
	store_eight(payload + REFLECTOR_SEQUENCE, first);
	store_eight(payload + REFLECTOR_SEQUENCE + sizeof(uint64_t), 0);
	store_eight(payload + REFLECTOR_RECEIVE_TIMESTAMP, receive);
	store_eight(payload + REFLECTOR_SENDER_SEQUENCE, sender);
	store_eight(payload + REFLECTOR_SENDER_SEQUENCE + sizeof(uint64_t), sender_rest);
	payload[REFLECTOR_SENDER_TTL] = packet->ttl;
}
_Static_assert(REFLECTOR_SENDER_TIMESTAMP - REFLECTOR_SENDER_SEQUENCE == SENDER_TIMESTAMP &&
                       REFLECTOR_SENDER_ERROR_ESTIMATE - REFLECTOR_SENDER_SEQUENCE ==
                               SENDER_ERROR_ESTIMATE &&
                       REFLECTOR_SENDER_SEQUENCE + SENDER_HEADER_SIZE == REFLECTOR_MBZ_2,
               "copied in one piece");
_Static_assert(REFLECTOR_RECEIVE_TIMESTAMP == 16 && REFLECTOR_SENDER_SEQUENCE == 24 &&
                       REFLECTOR_SENDER_TTL == 40,
               "five words and an octet");

static inline void build_secure(struct packet *packet, const struct core_session *session,
                                uint32_t sequence)
{
	uint8_t *payload = packet->payload;
	uint64_t sender_sequence = checksum_load_eight(payload + SECURE_SENDER_SEQUENCE) & LOW_32;
	uint64_t timestamp = checksum_load_eight(payload + SECURE_SENDER_TIMESTAMP);
	uint64_t error_estimate =
	        checksum_load_eight(payload + SECURE_SENDER_ERROR_ESTIMATE) & LOW_16;
	const uint64_t words[] = {htobe32(sequence),
	                          0,
	                          0,
	                          0,
	                          htobe64(packet->frame->receive_time.ntp),
	                          0,
	                          sender_sequence,
	                          0,
	                          timestamp,
	                          error_estimate,
	                          packet->ttl,
	                          0};

	build_padding(packet, session);
#pragma GCC unroll 12
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		store_eight(payload + i * sizeof(words[0]), words[i]);
	_Static_assert(sizeof(words) == SECURE_REFLECTOR_HMAC, "all but the HMAC");
}
_Static_assert(SECURE_REFLECTOR_RECEIVE_TIMESTAMP == 4 * 8 &&
                       SECURE_REFLECTOR_SENDER_SEQUENCE == 6 * 8 &&
                       SECURE_REFLECTOR_SENDER_TIMESTAMP == 8 * 8 &&
                       SECURE_REFLECTOR_SENDER_ERROR_ESTIMATE == 9 * 8 &&
                       SECURE_REFLECTOR_SENDER_TTL == 10 * 8,
               "words of eight octets");

/** Source and destination change places. */
static inline void build_ethernet(uint8_t *link)
{
	uint64_t destination = checksum_load_eight(link) & LOW_48;
	uint64_t source = checksum_load_eight(link + ETHERNET_SOURCE - 2) >> 16;
	uint32_t rest = (uint32_t)(destination >> 16);

	store_eight(link, source | destination << 48);
	memcpy(link + sizeof(uint64_t), &rest, sizeof(rest));
}
_Static_assert(ETHERNET_DESTINATION == 0 && ETHERNET_SOURCE == ETHERNET_ADDRESS_SIZE, "adjacent");

/**
 * DF as received; without it the identification as received, which the sender chose uniquely (RFC 6864 section 4). The checksum
 * is not incremental: the header was verified, and hardly an octet of it stays.
 */
static inline void build_ipv4(uint8_t *ip, uint8_t traffic_class, uint16_t total_length)
{
	uint16_t fragment = load_be16(ip + IPV4_FRAGMENT) & IPV4_DONT_FRAGMENT;
	uint16_t identification = fragment != 0 ? 0 : load_be16(ip + IPV4_IDENTIFICATION);
	uint64_t first =
	        htobe64((uint64_t)IPV4_NO_OPTIONS << 56 | (uint64_t)traffic_class << 48 |
	                (uint64_t)total_length << 32 | (uint64_t)identification << 16 | fragment);
	uint32_t second = htobe16(TTL_OF_REPLIES << 8 | NEXT_HEADER_UDP);
	uint64_t addresses = checksum_load_eight(ip + IPV4_SOURCE);
	uint32_t checksum =
	        checksum_negative(checksum_fold((checksum_words)first + second + addresses));

	second |= checksum << 16;
	store_eight(ip + IPV4_VERSION_IHL, first);
	memcpy(ip + IPV4_TTL, &second, sizeof(second));
	store_eight(ip + IPV4_SOURCE, addresses << 32 | addresses >> 32);
}
_Static_assert(IPV4_TTL == 8 && IPV4_PROTOCOL == 9 && IPV4_CHECKSUM == 10 && IPV4_SOURCE == 12,
               "version to fragment are one word, TTL to checksum another");

static inline void build_ipv6(uint8_t *ip, uint8_t traffic_class, uint16_t payload_length)
{
	uint64_t label = load_be32(ip + IPV6_VERSION_CLASS_LABEL) & IPV6_FLOW_LABEL_MASK;
	uint8_t source[IPV6_ADDRESS_SIZE], destination[IPV6_ADDRESS_SIZE];

	memcpy(source, ip + IPV6_SOURCE, sizeof(source));
	memcpy(destination, ip + IPV6_DESTINATION, sizeof(destination));
	store_be64(ip, UINT64_C(6) << (IPV6_VERSION_SHIFT + 32) |
	                       (uint64_t)traffic_class << (IPV6_TRAFFIC_CLASS_SHIFT + 32) |
	                       label << 32 | (uint64_t)payload_length << 16 | NEXT_HEADER_UDP << 8 |
	                       TTL_OF_REPLIES);
	memcpy(ip + IPV6_SOURCE, destination, sizeof(destination));
	memcpy(ip + IPV6_DESTINATION, source, sizeof(source));
}
_Static_assert(IPV6_PAYLOAD_LENGTH == 4 && IPV6_NEXT_HEADER == 6 && IPV6_HOP_LIMIT == 7,
               "version to Hop Limit are one word");

/** Brings link header and the fixed IP header up to UDP. */
static void strip_extensions(struct packet *packet, size_t surplus, size_t kept)
{
	struct reflect_frame *frame = packet->frame;

	memmove(frame->octets + surplus, frame->octets, kept);
	frame->octets += surplus;
	frame->capacity = (uint16_t)(frame->capacity - surplus);
	packet->network += surplus;
}

static inline void build_headers(struct packet *packet, const struct core_session *session)
{
	struct reflect_frame *frame = packet->frame;
	uint16_t udp_length = (uint16_t)(UDP_HEADER_SIZE + packet->reply_payload_length);
	size_t fixed = packet->ipv6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE;
	size_t link_length = (size_t)(packet->network - frame->octets);
	size_t surplus = (size_t)(packet->udp - packet->network) - fixed;
	uint32_t ports = load_be32(packet->udp);

	if (surplus != 0)
		strip_extensions(packet, surplus, link_length + fixed);
	build_ethernet(frame->octets);
	if (packet->ipv6)
		build_ipv6(packet->network, session->traffic_class, udp_length);
	else
		build_ipv4(packet->network, session->traffic_class,
		           (uint16_t)(IPV4_HEADER_SIZE + udp_length));
	store_be32(packet->udp, ports << 16 | ports >> 16);
	store_be16(packet->udp + UDP_LENGTH, udp_length);
	frame->length = (uint16_t)(link_length + fixed + udp_length);
}

static bool has_zero_multiplier(const struct packet *packet)
{
	uint32_t offset = packet->core->mode == TEST_UNAUTHENTICATED ? SENDER_ERROR_ESTIMATE
	                                                             : SECURE_SENDER_ERROR_ESTIMATE;

	return error_estimate_is_corrupt(load_be16(packet->payload + offset));
}

/** A genuine packet: the session remembers it. True when it is to be answered. */
static inline bool accept_packet(struct burst *burst, const struct packet *packet)
{
	struct reflect_frame *frame = packet->frame;
	/* While it is built the reply lies where the request is, behind headers that go away afterwards. */
	uint32_t end_of_reply =
	        (uint32_t)(packet->payload - frame->octets) + packet->reply_payload_length;
	uint32_t ip_length = (packet->ipv6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE) +
	                     UDP_HEADER_SIZE + packet->reply_payload_length;

	counter_add(&packet->core->received, 1);
	__atomic_store_n(&packet->core->last_received_tsc, frame->receive_tsc, __ATOMIC_RELAXED);
	if (burst->reflector->settings->discard_zero_multiplier && has_zero_multiplier(packet)) {
		burst_drop(burst, frame, DATAPATH_DROP_ERROR_ESTIMATE);
		return false;
	}
	if (end_of_reply > frame->capacity || ip_length > frame->mtu) {
		burst_drop(burst, frame, DATAPATH_DROP_REPLY_TOO_LONG);
		return false;
	}
	return true;
}

/** Sequence numbers are taken here, in the order of arrival, for packets that nothing stops any more. */
void stage_build(struct burst *burst)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < burst->count; i++) {
		struct packet *packet = &burst->packets[i];
		struct core_session *session = packet->core;

		if (!accept_packet(burst, packet))
			continue;
		if (session->mode == TEST_UNAUTHENTICATED)
			build_unauthenticated(packet, session, (uint32_t)session->reflected);
		else
			build_secure(packet, session, (uint32_t)session->reflected);
		counter_add(&session->reflected, 1);
		build_headers(packet, session);
		packet->frame->verdict = VERDICT_REFLECT;
		packet->frame->counter = DATAPATH_REFLECTED;
		burst_keep(burst, i, &kept);
	}
	burst->count = kept;
}
