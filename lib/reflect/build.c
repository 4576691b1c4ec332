/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The reply, built where the request lies: RFC 5357 section 4.2.1, RFC 6038 section 5.2. Headers below UDP that the reply does
 * not carry (IPv4 options, IPv6 extension headers) go away by moving what stands before them up to UDP.
 */
#include "reflect/build.h"
#include "base/bytes.h"

/** Octet i of the reply's padding is octet i of the sender's, whose highest-number octets fall away; the rest is zero. */
HOT void zero_padding(uint8_t *payload, const struct reply_plan *plan, size_t header_size)
{
	size_t kept = header_size + plan->reused;

	if (plan->reply_length > kept)
		memset(payload + kept, 0, plan->reply_length - kept);
}

/** In unauthenticated mode: the sum of what the reply does not have. The MBZ of Symmetrical Size stands at an even place. */
static uint64_t sum_lost(const struct packet *packet, const struct reply_plan *plan)
{
	const struct core_session *session = packet->core;
	size_t cut_at = (size_t)session->sender_header_size + plan->reused;
	uint64_t sum = checksum_sum(packet->payload + cut_at, packet->payload_length - cut_at);

	sum = checksum_at(cut_at, sum);
	return checksum_add(sum, checksum_sum(packet->payload + SENDER_HEADER_SIZE,
	                                      session->sender_header_size - SENDER_HEADER_SIZE));
}

/** What a reply tells of how its request came. */
struct arrived {
	uint64_t receive; /**< Receive Timestamp, in network order */
	uint64_t ttl; /**< Sender TTL and, with monitoring, what is behind it; in memory order */
};

/** In authenticated mode the checksum loses what stays clear. */
HOT void build_secure(struct packet *packet, const struct reply_plan *plan, uint32_t sequence,
                      struct arrived arrived)
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
	                          arrived.receive,
	                          0,
	                          sender_sequence,
	                          0,
	                          timestamp,
	                          error_estimate,
	                          arrived.ttl,
	                          0};

	if (plan->moved != 0)
		move_padding(payload + SECURE_SENDER_HEADER_SIZE,
		             SECURE_REFLECTOR_HEADER_SIZE - SECURE_SENDER_HEADER_SIZE, plan->moved);
#pragma GCC unroll 12
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		store_eight(payload + i * sizeof(words[0]), words[i]);
	_Static_assert(sizeof(words) == SECURE_REFLECTOR_HMAC, "all but the HMAC");
	if (packet->core->mode == TEST_AUTHENTICATED)
		packet->checksum = checksum_subtract(
		        packet->checksum,
		        checksum_add(checksum_add(words[4], words[8]),
		                     sender_sequence + error_estimate + arrived.ttl));
	zero_padding(payload, plan, SECURE_REFLECTOR_HEADER_SIZE);
}
_Static_assert(SECURE_REFLECTOR_RECEIVE_TIMESTAMP == 4 * 8 &&
                       SECURE_REFLECTOR_SENDER_SEQUENCE == 6 * 8 &&
                       SECURE_REFLECTOR_SENDER_TIMESTAMP == 8 * 8 &&
                       SECURE_REFLECTOR_SENDER_ERROR_ESTIMATE == 9 * 8 &&
                       SECURE_REFLECTOR_SENDER_TTL == 10 * 8,
               "words of eight octets");

/** Brings link header and the fixed IP header up to UDP: the frame then begins so many octets further on. */
static __attribute__((noinline)) size_t strip_extensions(const struct packet *packet, uint8_t *ip)
{
	struct reflect_frame *frame = packet->frame;
	size_t surplus = (size_t)(ip - packet->network);

	memmove(frame->octets + surplus, frame->octets,
	        (size_t)(packet_udp(packet) - frame->octets) - surplus);
	frame->octets += surplus;
	frame->capacity = (uint16_t)(frame->capacity - surplus);
	return surplus;
}

/** A genuine packet that is not answered all the same. */
static __attribute__((noinline)) void refuse(struct burst *burst, struct packet *packet,
                                             enum datapath_counter reason)
{
	counter_add(&packet->core->not_reflected, 1);
	remember_time(packet->core, burst->arrival->receive_tsc);
	burst_drop(burst, packet->frame, reason);
	packet->frame = NULL;
}

static bool has_zero_multiplier(const struct packet *packet)
{
	uint32_t offset = packet->core->mode == TEST_UNAUTHENTICATED ? SENDER_ERROR_ESTIMATE
	                                                             : SECURE_SENDER_ERROR_ESTIMATE;

	return error_estimate_is_corrupt(load_be16(packet->payload + offset));
}

static void discard_zero_multipliers(struct burst *burst)
{
	for (unsigned i = 0; i < burst->count; i++) {
		if (has_zero_multiplier(&burst->packets[i]))
			refuse(burst, &burst->packets[i], DATAPATH_DROP_ERROR_ESTIMATE);
	}
	burst_compact(burst);
}

/** Of a session with features. What was received at one time is converted to PTP format once. */
static __attribute__((noinline)) struct arrived arrived_by_features(struct burst *burst,
                                                                    const struct packet *packet)
{
	struct arrived arrived = {.receive = receive_timestamp(burst, packet), .ttl = packet->ttl};

	if (packet_has(packet, SESSION_MONITORING))
		arrived.ttl = sender_ttl_dscp_ecn(packet);
	if (!packet_has(packet, SESSION_PTP))
		return arrived;
	if (!burst->has_ptp || burst->arrival->offloads != NULL)
		burst->ptp_receive =
		        htobe64(ptp_from_ntp(burst_receive_time(burst, packet)->ntp,
		                             tsc_clock_tai_offset(burst->reflector->clock)));
	burst->has_ptp = true;
	arrived.receive = burst->ptp_receive;
	return arrived;
}

static __attribute__((noinline)) void build_unusual(struct packet *packet, uint32_t sequence,
                                                    struct arrived arrived)
{
	const struct reply_plan *plan = &packet->core->plan;
	bool monitoring = packet_has(packet, SESSION_MONITORING);
	uint64_t first = htobe32(sequence), lost = sum_lost(packet, plan);

	packet->checksum = monitoring ? build_unauthenticated(packet, plan, first, arrived.receive,
	                                                      lost, arrived.ttl, true)
	                              : build_unauthenticated(packet, plan, first, arrived.receive,
	                                                      lost, arrived.ttl, false);
	zero_padding(packet->payload, plan,
	             reflector_header_size(TEST_UNAUTHENTICATED, monitoring));
}

/** A packet that is keyed, or plain no more or not usual. False when the reply would be too long. */
HOT bool build_any(struct burst *burst, struct packet *packet, const bool ipv6)
{
	struct reflect_frame *frame = packet->frame;
	struct core_session *session = packet->core;
	const struct reply_plan *plan = &session->plan;
	uint8_t *ip = packet_udp(packet) - ip_header_size(ipv6);

	/* While it is built the reply lies where the request is, behind headers that go away afterwards. */
	size_t length = (size_t)(packet->payload - frame->octets) + plan->reply_length;

	if (length > frame->capacity || plan->reply_length > reply_length_max(burst, ipv6)) {
		refuse(burst, packet, DATAPATH_DROP_REPLY_TOO_LONG);
		return false;
	}
	remember_time(session, burst->arrival->receive_tsc);
	uint32_t sequence = take_number(session);
	struct arrived arrived = {.receive = receive_timestamp(burst, packet), .ttl = packet->ttl};
	if (__builtin_expect(session->features != 0, false))
		arrived = arrived_by_features(burst, packet);
	if (session->mode == TEST_UNAUTHENTICATED)
		build_unusual(packet, sequence, arrived);
	else
		build_secure(packet, plan, sequence, arrived);
	if (ip != packet->network)
		length -= strip_extensions(packet, ip);
	build_headers(frame, ip, plan, ipv6);
	finish_frame(frame, length);
	return true;
}

/** As many packets as go the short way; returns the first one that does not. */
HOT struct packet *build_short_way(const struct burst *burst, struct packet *packet,
                                   const struct packet *end, unsigned kind)
{
	switch (kind) {
	case PLAN_USUAL_IPV4:
		return build_usual_ipv4(burst, packet, end);
	case PLAN_USUAL_IPV6:
		return build_usual_ipv6(burst, packet, end);
	default:
		return packet;
	}
}

/** Sequence numbers are taken here, in the order of arrival, for packets that nothing stops any more. */
void stage_build(struct burst *burst)
{
	const struct reflector_settings *settings = burst->reflector->settings;
	bool all_kept = true;

	if (settings->discard_zero_multiplier)
		discard_zero_multipliers(burst);
	const struct packet *end = burst->packets + burst->count;
	for (struct packet *packet = burst->packets; packet < end;) {
		const struct reply_plan *plan =
		        plan_for(packet->core, packet, settings->zero_padding);
		struct packet *next = build_short_way(burst, packet, end, plan->kind);

		if (next == packet) {
			all_kept &= packet->ipv6 ? build_any(burst, packet, true)
			                         : build_any(burst, packet, false);
			next++;
		}
		packet = next;
	}
	if (!all_kept)
		burst_compact(burst);
}
