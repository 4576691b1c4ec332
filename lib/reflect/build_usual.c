/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way: unauthenticated packets without IPv4 options or IPv6 extension headers, whose sessions' plans are made and usual.
 * A loop for each family calls nothing, so that it keeps all in registers; whatever is unusual ends it.
 */
#include "reflect/build.h"

HOT uint64_t sum_usual_loss(const uint8_t *octets)
{
	const size_t word = sizeof(uint64_t);
	/* What is above them in their word is counted already. */
	uint64_t last_three = checksum_load_eight(octets + USUAL_LOSS - word) >> 40;

	return checksum_add_three(last_three, checksum_load_eight(octets),
	                          checksum_load_eight(octets + word),
	                          checksum_load_eight(octets + 2 * word));
}
_Static_assert(USUAL_LOSS == 3 * sizeof(uint64_t) + 3, "three words and three octets");

HOT struct packet *build_usual(const struct burst *burst, struct packet *packet,
                               const struct packet *end, const enum plan_kind kind)
{
	const bool ipv6 = kind == PLAN_USUAL_IPV6;
	const int longest = reply_length_max(burst, ipv6);
	const bool each_has_time = burst->arrival->offloads != NULL;
	const uint64_t receive_tsc = burst->arrival->receive_tsc;
	uint64_t receive = receive_timestamp(burst, packet);

	for (; packet < end; packet++) {
		struct core_session *session = packet->core;
		const struct reply_plan *plan = &session->plan;
		struct reflect_frame *frame = packet->frame;
		uint8_t *ip = packet_udp(packet) - ip_header_size(ipv6);
		size_t length = (size_t)(packet->payload - frame->octets) + plan->reply_length;

		if (plan->payload_length != packet->payload_length || plan->kind != kind ||
		    packet->network != ip || length > frame->capacity ||
		    plan->reply_length > longest)
			break;
		uint64_t lost = checksum_turn(sum_usual_loss(packet->payload + plan->lost_at),
		                              plan->lost_turn);

		if (each_has_time)
			receive = receive_timestamp(burst, packet);
		remember_time(session, receive_tsc);
		packet->checksum =
		        build_unauthenticated(packet, plan, htobe32(take_number(session)), receive,
		                              lost, packet->ttl, false);
		build_headers(frame, ip, plan, ipv6);
		finish_frame(frame, length);
	}
	return packet;
}

struct packet *build_usual_ipv4(const struct burst *burst, struct packet *packet,
                                const struct packet *end)
{
	return build_usual(burst, packet, end, PLAN_USUAL_IPV4);
}

struct packet *build_usual_ipv6(const struct burst *burst, struct packet *packet,
                                const struct packet *end)
{
	return build_usual(burst, packet, end, PLAN_USUAL_IPV6);
}
