/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reply, built where the request lies: RFC 5357 section 4.2.1, RFC 6038 section 5.2. Headers below UDP that the reply does
 * not carry (IPv4 options, IPv6 extension headers) go away by moving what stands before them up to UDP.
 *
 * Headers are taken and written in words of eight octets and more, in memory order: a load of what was just written in narrower
 * pieces would stall.
 */
#include <endian.h>
#include <smmintrin.h>

#include "base/bytes.h"
#include "reflect/checksum.h"
#include "reflect/headers.h"
#include "reflect/stages.h"

#define LOW_16 UINT64_C(0xffff)
#define LOW_32 UINT64_C(0xffffffff)

/** In memory order, as checksum_load_eight. */
HOT void store_eight(uint8_t *to, uint64_t eight)
{
	memcpy(to, &eight, sizeof(eight));
}

HOT __m128i load_sixteen(const uint8_t *from)
{
	return _mm_loadu_si128((const __m128i *)from);
}

HOT void store_sixteen(uint8_t *to, __m128i sixteen)
{
	_mm_storeu_si128((__m128i *)to, sixteen);
}

/** memmove for size from 16 * blocks to 32 * blocks: all is loaded before any is stored. */
HOT void move_blocks(uint8_t *to, const uint8_t *from, size_t size, const unsigned blocks)
{
	const size_t block = sizeof(__m128i);
	const size_t last = size - blocks * block;
	__m128i first[4], second[4];

#pragma GCC unroll 4
	for (unsigned i = 0; i < blocks; i++) {
		first[i] = load_sixteen(from + i * block);
		second[i] = load_sixteen(from + last + i * block);
	}
#pragma GCC unroll 4
	for (unsigned i = 0; i < blocks; i++) {
		store_sixteen(to + i * block, first[i]);
		store_sixteen(to + last + i * block, second[i]);
	}
}

/** Little and long padding is worth a call of the C library. */
HOT void move_padding(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size >= 64 && size <= 128)
		move_blocks(to, from, size, 4);
	else if (size >= 32 && size < 64)
		move_blocks(to, from, size, 2);
	else if (size > 0)
		memmove(to, from, size);
}

/** Octet i of the reply's padding is octet i of the sender's, whose highest-number octets fall away; the rest is zero. */
HOT void build_padding(uint8_t *payload, const struct reply_plan *plan, const size_t header_size)
{
	uint8_t *padding = payload + header_size;

	if (plan->growth != 0)
		move_padding(padding, padding - plan->growth, plan->reused);
	if (plan->padding > plan->reused)
		memset(padding + plan->reused, 0, plan->padding - plan->reused);
}

/** Of the addresses: swapping source and destination does not change it. */
HOT uint64_t pseudo_sum(const struct packet *packet, const bool ipv6)
{
	return ipv6 ? checksum_sum_constant(packet->network + IPV6_SOURCE,
	                                    (size_t)2 * IPV6_ADDRESS_SIZE)
	            : checksum_load_eight(packet->network + IPV4_SOURCE);
}
_Static_assert(IPV4_DESTINATION == IPV4_SOURCE + IPV4_ADDRESS_SIZE, "eight octets");

/** The carry of the first addition goes into the second; then there is room for that of the second. */
HOT uint64_t sum_three(uint64_t first, uint64_t second, uint64_t third)
{
	__asm__("add %1, %0\n\tadc %2, %0\n\tadc $0, %0"
	        : "+&r"(first)
	        : "rm"(second), "rm"(third)
	        : "cc");
	return first;
}

/** What of a sender's header is behind its first eight octets, as a number. */
HOT uint64_t sender_rest(const uint8_t *payload)
{
	return checksum_load_eight(payload + SENDER_HEADER_SIZE - sizeof(uint64_t)) >> 16;
}
_Static_assert(SENDER_HEADER_SIZE == 2 * sizeof(uint64_t) - 2, "six octets");

/** Of padding that falls away: as a rule just what the reply's header is longer than the sender's. */
HOT uint64_t cut_sum(const uint8_t *cut, size_t size)
{
	if (size != SENDER_SYMMETRICAL_MBZ)
		return checksum_sum(cut, size);
	uint64_t last = checksum_load_eight(cut + SENDER_SYMMETRICAL_MBZ - sizeof(uint64_t)) >> 40;
	return checksum_add(sum_three(checksum_load_eight(cut), checksum_load_eight(cut + 8),
	                              checksum_load_eight(cut + 16)),
	                    last);
}
_Static_assert(SENDER_SYMMETRICAL_MBZ == 3 * sizeof(uint64_t) + 3, "three words and three octets");

/**
 * The request's checksum C closes its sum modulo 65535: C + A + M = e, where M is the padding that the reply carries, A all the
 * rest (pseudo-header included), and e is 0, or not if an octet was damaged on the way. The reply's C' + A' + M' = e' shall again
 * be 0 just when e is. Padding that moves by an even number of octets has M' = M: C' = (C + A) - A', and e' = e. Padding that
 * moves by an odd number (27 in unauthenticated mode) has M' = 256 M: C' = 256 (C + A) - A', and e' = 256 e, which is 0 just
 * when e is. So the moved padding is never summed.
 *
 * This is C' but for the stamp. written: the sum of what only the reply has. The sender's header comes back at an even offset, so that
 * without growth it cancels out, as addresses and ports do.
 */
HOT uint16_t unauthenticated_checksum(const struct packet *packet,
                                      const struct core_session *session,
                                      const struct reply_plan *plan, uint64_t receive,
                                      uint64_t written, const bool ipv6)
{
	size_t cut_at = session->sender_header_size + plan->reused;
	size_t cut_size = packet->payload_length - cut_at;
	uint64_t lost = cut_size == 0 ? 0 : cut_sum(packet->payload + cut_at, cut_size);
	uint64_t udp = checksum_load_eight(packet_udp(packet)), sum;
	/* Length and checksum; the length counts once more in the pseudo-header. */
	uint64_t length = (udp >> 32) + (udp >> 32 & LOW_16);

	if (plan->growth == 0) {
		sum = checksum_add(length,
		                   checksum_sum_constant(packet->payload + SENDER_HEADER_SIZE,
		                                         SENDER_SYMMETRICAL_MBZ));
		sum = checksum_subtract(sum, checksum_add(receive, written));
	} else {
		/* What both have: addresses, protocol, ports, the sender's header. */
		const uint8_t *sender = packet->payload;
		uint64_t same =
		        sum_three(pseudo_sum(packet, ipv6), checksum_load_eight(sender),
		                  sender_rest(sender) + (udp & LOW_32) + htobe16(NEXT_HEADER_UDP));

		sum = checksum_shift(checksum_fold(checksum_add(same, length)));
		sum = checksum_subtract(sum, sum_three(same, receive, written));
	}
	if (lost != 0)
		sum = checksum_add(sum, checksum_at(cut_at + plan->growth, lost));
	return checksum_fold(sum);
}
_Static_assert((REFLECTOR_HEADER_SIZE - SENDER_HEADER_SIZE) % 2 == 1, "growth is 0 or odd");
_Static_assert(REFLECTOR_SENDER_SEQUENCE % 2 == 0, "the sender's header is not shifted");
_Static_assert(UDP_SOURCE_PORT == 0 && UDP_LENGTH == 4 && UDP_CHECKSUM == 6, "one word");

/** receive: timestamp in network order. Returns what the reply's checksum is but for the stamp; 0 when it has none. */
HOT uint16_t build_unauthenticated(const struct packet *packet, const struct core_session *session,
                                   const struct reply_plan *plan, uint32_t sequence,
                                   uint64_t receive, const bool ipv6)
{
	uint8_t *payload = packet->payload;
	uint64_t first = htobe32(sequence);
	/* Sequence number, timestamp and error estimate stand in the same order in both headers. */
	uint64_t sender = checksum_load_eight(payload);
	uint64_t rest = sender_rest(payload);
	uint16_t checksum = 0;

	if (packet->has_checksum)
		checksum = unauthenticated_checksum(
		        packet, session, plan, receive,
		        first + packet->ttl +
		                checksum_length(REFLECTOR_HEADER_SIZE + plan->padding),
		        ipv6);
	build_padding(payload, plan, REFLECTOR_HEADER_SIZE);
	store_eight(payload + REFLECTOR_SEQUENCE, first);
	store_eight(payload + REFLECTOR_SEQUENCE + sizeof(uint64_t), 0);
	store_eight(payload + REFLECTOR_RECEIVE_TIMESTAMP, receive);
	store_eight(payload + REFLECTOR_SENDER_SEQUENCE, sender);
	store_eight(payload + REFLECTOR_SENDER_SEQUENCE + sizeof(uint64_t), rest);
	payload[REFLECTOR_SENDER_TTL] = packet->ttl;
	return checksum;
}
_Static_assert(REFLECTOR_SENDER_TIMESTAMP - REFLECTOR_SENDER_SEQUENCE == SENDER_TIMESTAMP &&
                       REFLECTOR_SENDER_ERROR_ESTIMATE - REFLECTOR_SENDER_SEQUENCE ==
                               SENDER_ERROR_ESTIMATE &&
                       REFLECTOR_SENDER_SEQUENCE + SENDER_HEADER_SIZE == REFLECTOR_MBZ_2,
               "copied in one piece");
_Static_assert(REFLECTOR_RECEIVE_TIMESTAMP == 16 && REFLECTOR_SENDER_SEQUENCE == 24 &&
                       REFLECTOR_SENDER_TTL == 40,
               "five words and an octet");

/** receive: as above. Returns the sum of what it writes but for the first block, which is sealed, and the HMAC. */
HOT uint64_t build_secure(const struct packet *packet, const struct reply_plan *plan,
                          uint32_t sequence, uint64_t receive)
{
	uint8_t *payload = packet->payload;
	uint64_t sender_sequence = checksum_load_eight(payload + SECURE_SENDER_SEQUENCE) & LOW_32;
	uint64_t timestamp = checksum_load_eight(payload + SECURE_SENDER_TIMESTAMP);
	uint64_t error_estimate =
	        checksum_load_eight(payload + SECURE_SENDER_ERROR_ESTIMATE) & LOW_16;
	const uint64_t words[] = {
	        htobe32(sequence), 0,           0, 0, receive, 0, sender_sequence, 0, timestamp,
	        error_estimate,    packet->ttl, 0};

	build_padding(payload, plan, SECURE_REFLECTOR_HEADER_SIZE);
#pragma GCC unroll 12
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		store_eight(payload + i * sizeof(words[0]), words[i]);
	_Static_assert(sizeof(words) == SECURE_REFLECTOR_HMAC, "all but the HMAC");
	return checksum_add(checksum_add(words[4], words[8]),
	                    sender_sequence + error_estimate + packet->ttl);
}
_Static_assert(SECURE_REFLECTOR_RECEIVE_TIMESTAMP == 4 * 8 &&
                       SECURE_REFLECTOR_SENDER_SEQUENCE == 6 * 8 &&
                       SECURE_REFLECTOR_SENDER_TIMESTAMP == 8 * 8 &&
                       SECURE_REFLECTOR_SENDER_ERROR_ESTIMATE == 9 * 8 &&
                       SECURE_REFLECTOR_SENDER_TTL == 10 * 8,
               "words of eight octets");

/** Source and destination change places. Before the IP header is written, of which the load has two octets. */
HOT void build_ethernet(uint8_t *link)
{
	const __m128i places = _mm_setr_epi8(6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15);
	__m128i addresses = _mm_shuffle_epi8(load_sixteen(link), places);
	int rest = _mm_extract_epi32(addresses, 2);

	_mm_storel_epi64((__m128i *)link, addresses);
	memcpy(link + sizeof(uint64_t), &rest, sizeof(rest));
}
_Static_assert(ETHERNET_DESTINATION == 0 && ETHERNET_SOURCE == 6, "adjacent");

/**
 * DF as received; without it the identification as received, which the sender chose uniquely (RFC 6864 section 4). The checksum
 * is not incremental: the header was verified, and hardly an octet of it stays. UDP's checksum stays.
 */
HOT void build_ipv4(uint8_t *ip, uint8_t traffic_class, uint16_t udp_length)
{
	const uint64_t dont_fragment = htobe64(IPV4_DONT_FRAGMENT);
	const uint64_t identification = htobe64(LOW_16 << 16);
	const __m128i places = _mm_setr_epi8(4, 5, 6, 7, 0, 1, 2, 3, 10, 11, 8, 9, 12, 13, 14, 15);
	uint64_t received = checksum_load_eight(ip);
	uint64_t kept = (received & dont_fragment) != 0 ? dont_fragment : received & identification;
	uint64_t first = htobe64((uint64_t)IPV4_NO_OPTIONS << 56) | (uint64_t)traffic_class << 8 |
	                 (uint64_t)htobe16((uint16_t)(IPV4_HEADER_SIZE + udp_length)) << 16 | kept;
	uint32_t second = htobe16(TTL_OF_REPLIES << 8 | NEXT_HEADER_UDP);
	uint64_t addresses = checksum_load_eight(ip + IPV4_SOURCE);
	uint16_t sum = checksum_fold(checksum_add(checksum_add(first, second), addresses));
	__m128i behind = _mm_shuffle_epi8(load_sixteen(ip + IPV4_SOURCE), places);

	second |= (uint32_t)(uint16_t)~sum << 16;
	store_eight(ip + IPV4_VERSION_IHL, first);
	memcpy(ip + IPV4_TTL, &second, sizeof(second));
	store_sixteen(ip + IPV4_SOURCE, _mm_insert_epi16(behind, htobe16(udp_length), 6));
}
_Static_assert(IPV4_TYPE_OF_SERVICE == 1 && IPV4_TOTAL_LENGTH == 2 && IPV4_IDENTIFICATION == 4 &&
                       IPV4_FRAGMENT == 6 && IPV4_TTL == 8 && IPV4_PROTOCOL == 9 &&
                       IPV4_CHECKSUM == 10,
               "version to fragment are one word, TTL to checksum another");
_Static_assert(IPV4_SOURCE == 12 && IPV4_DESTINATION == 16 && IPV4_HEADER_SIZE == 20,
               "sixteen octets from the addresses to UDP's checksum");

HOT void build_ipv6(uint8_t *ip, uint8_t traffic_class, uint16_t udp_length)
{
	const uint64_t label = htobe64((uint64_t)IPV6_FLOW_LABEL_MASK << 32);
	const uint64_t fixed = htobe64(UINT64_C(6) << (IPV6_VERSION_SHIFT + 32) |
	                               NEXT_HEADER_UDP << 8 | TTL_OF_REPLIES);
	__m128i source = load_sixteen(ip + IPV6_SOURCE);
	__m128i destination = load_sixteen(ip + IPV6_DESTINATION);
	uint8_t *udp = ip + IPV6_HEADER_SIZE;
	uint64_t ports = checksum_load_eight(udp);
	uint32_t swapped = (uint32_t)ports << 16 | (uint32_t)ports >> 16;
	uint64_t length = (uint64_t)htobe16(udp_length) << 32;

	store_eight(ip, (checksum_load_eight(ip) & label) | fixed | length |
	                        htobe32((uint32_t)traffic_class << IPV6_TRAFFIC_CLASS_SHIFT));
	store_sixteen(ip + IPV6_SOURCE, destination);
	store_sixteen(ip + IPV6_DESTINATION, source);
	store_eight(udp, (ports >> 48 << 48) | length | swapped);
}
_Static_assert(IPV6_PAYLOAD_LENGTH == 4 && IPV6_NEXT_HEADER == 6 && IPV6_HOP_LIMIT == 7,
               "version to Hop Limit are one word");

/** Brings link header and the fixed IP header up to UDP. */
static __attribute__((noinline)) void strip_extensions(struct reflect_frame *frame, size_t surplus,
                                                       size_t kept)
{
	memmove(frame->octets + surplus, frame->octets, kept);
	frame->octets += surplus;
	frame->capacity = (uint16_t)(frame->capacity - surplus);
}

/** The reply ends end octets behind the beginning of the frame, as long as what goes away is still there. */
HOT void build_headers(const struct packet *packet, const struct core_session *session, size_t end,
                       uint32_t payload_length, const bool ipv6)
{
	struct reflect_frame *frame = packet->frame;
	uint16_t udp_length = (uint16_t)(UDP_HEADER_SIZE + payload_length);
	uint8_t *ip = packet_udp(packet) - (ipv6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE);

	if (ip != packet->network) {
		size_t surplus = (size_t)(ip - packet->network);

		strip_extensions(frame, surplus,
		                 (size_t)(packet_udp(packet) - frame->octets) - surplus);
		end -= surplus;
	}
	frame->length = (uint16_t)end;
	build_ethernet(frame->octets);
	if (ipv6)
		build_ipv6(ip, session->traffic_class, udp_length);
	else
		build_ipv4(ip, session->traffic_class, udp_length);
}

static bool has_zero_multiplier(const struct packet *packet)
{
	uint32_t offset = packet->core->mode == TEST_UNAUTHENTICATED ? SENDER_ERROR_ESTIMATE
	                                                             : SECURE_SENDER_ERROR_ESTIMATE;

	return error_estimate_is_corrupt(load_be16(packet->payload + offset));
}

/** What the settings say of replies, as all packets of a burst need it. */
struct rules {
	bool zero_padding;
	bool discard_zero_multiplier;
};

/** A genuine packet, which its session remembers; false when it is dropped all the same. */
HOT bool build_reply(struct burst *burst, struct packet *original, const struct rules *rules,
                     const bool ipv6)
{
	/* A copy stays in registers, whatever is written to the frame. */
	const struct packet packet = *original;
	struct reflect_frame *frame = packet.frame;
	struct core_session *session = packet.core;
	const struct reply_plan plan = plan_reply(&packet, session, rules->zero_padding);
	uint32_t payload_length = session->reflector_header_size + plan.padding;
	uint32_t ip_length =
	        (ipv6 ? IPV6_HEADER_SIZE : IPV4_HEADER_SIZE) + UDP_HEADER_SIZE + payload_length;
	/* While it is built the reply lies where the request is, behind headers that go away afterwards. */
	size_t end = (size_t)(packet.payload - frame->octets) + payload_length;
	uint32_t sequence = (uint32_t)session->reflected;
	uint64_t receive = htobe64(burst_receive_time(burst, &packet)->ntp);

	counter_add(&session->received, 1);
	__atomic_store_n(&session->last_received_tsc, burst->arrival->receive_tsc,
	                 __ATOMIC_RELAXED);
	if (rules->discard_zero_multiplier && has_zero_multiplier(&packet)) {
		burst_drop(burst, frame, DATAPATH_DROP_ERROR_ESTIMATE);
		return false;
	}
	if (end > frame->capacity || ip_length > burst->arrival->mtu) {
		burst_drop(burst, frame, DATAPATH_DROP_REPLY_TOO_LONG);
		return false;
	}
	counter_add(&session->reflected, 1);
	frame->verdict = VERDICT_REFLECT;
	frame->counter = DATAPATH_REFLECTED;
	if (session->mode == TEST_UNAUTHENTICATED)
		original->checksum =
		        build_unauthenticated(&packet, session, &plan, sequence, receive, ipv6);
	else if (session->mode == TEST_AUTHENTICATED)
		original->checksum = checksum_subtract(
		        packet.checksum, build_secure(&packet, &plan, sequence, receive));
	else
		(void)build_secure(&packet, &plan, sequence, receive);
	build_headers(&packet, session, end, payload_length, ipv6);
	return true;
}

/** Sequence numbers are taken here, in the order of arrival, for packets that nothing stops any more. */
void stage_build(struct burst *burst)
{
	const struct reflector_settings *settings = burst->reflector->settings;
	const struct rules rules = {.zero_padding = settings->zero_padding,
	                            .discard_zero_multiplier = settings->discard_zero_multiplier};
	struct packet *end = burst->packets + burst->count;
	bool all_kept = true;

	for (struct packet *packet = burst->packets; packet < end; packet++) {
		bool built = packet->ipv6 ? build_reply(burst, packet, &rules, true)
		                          : build_reply(burst, packet, &rules, false);

		if (!built) {
			packet->frame = NULL;
			all_kept = false;
		}
	}
	if (!all_kept)
		burst_compact(burst);
}
