/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/plan.h"

#include <endian.h>

#include "reflect/checksum.h"

/** Of the pseudo-header and the ports, which source and destination do not change by changing places. */
static uint64_t endpoints_sum(const struct flow_key *flow)
{
	uint32_t ports;
	/* The v4-mapped form has two octets of ones before an IPv4 address: no more than 0 modulo 65535. */
	uint64_t sum = checksum_sum_constant(flow->source, 2 * sizeof(flow->source));

	memcpy(&ports, &flow->source_port, sizeof(ports));
	return checksum_add(sum, (uint64_t)ports + htobe16(NEXT_HEADER_UDP));
}
_Static_assert(offsetof(struct flow_key, destination) == sizeof(((struct flow_key *)0)->source),
               "addresses stand side by side");

static void plan_ipv4(struct reply_plan *plan, const struct core_session *session)
{
	uint16_t total_length = (uint16_t)(IPV4_HEADER_SIZE + UDP_HEADER_SIZE + plan->reply_length);
	uint64_t addresses =
	        checksum_sum_constant(session->flow.source, 2 * sizeof(session->flow.source));

	plan->ip_first = htobe32((uint32_t)IPV4_NO_OPTIONS << 24 |
	                         (uint32_t)session->traffic_class << 16 | total_length);
	plan->ip_sum = checksum_fold(
	        checksum_add(addresses, (uint64_t)plan->ip_first +
	                                        htobe16(TTL_OF_REPLIES << 8 | NEXT_HEADER_UDP)));
}

static void plan_ipv6(struct reply_plan *plan, const struct core_session *session)
{
	plan->ip_first = htobe32(UINT32_C(6) << IPV6_VERSION_SHIFT |
	                         (uint32_t)session->traffic_class << IPV6_TRAFFIC_CLASS_SHIFT);
}

/** Padding is cut by what the reply's header is longer than the sender's, if there is as much. */
static void plan_padding(struct reply_plan *plan, const struct core_session *session,
                         uint16_t payload_length, bool zero_padding)
{
	uint32_t header =
	        reflector_header_size(session->mode, (session->features & SESSION_MONITORING) != 0);
	uint32_t growth = header - session->sender_header_size;
	uint32_t received = (uint32_t)payload_length - session->sender_header_size;
	uint32_t padding = received > growth ? received - growth : 0;

	if (padding < session->padding_to_reflect_length)
		padding = session->padding_to_reflect_length;
	/* One that is longer than the field can tell fits no buffer. */
	plan->reply_length =
	        (uint16_t)(header + padding < UINT16_MAX ? header + padding : UINT16_MAX);
	plan->reused = zero_padding ? session->padding_to_reflect_length : (uint16_t)padding;
	plan->moved = growth != 0 ? plan->reused : 0;
	plan->turn = growth % 2 * 8;
	if (session->mode != TEST_UNAUTHENTICATED || session->features != 0 ||
	    plan->reused != padding)
		return;
	plan->lost_at = growth != 0 ? (uint16_t)(session->sender_header_size + plan->reused)
	                            : SENDER_HEADER_SIZE;
	plan->lost_turn = plan->lost_at % 2 * 8;
	if (growth == 0 || received - padding == USUAL_LOSS)
		plan->kind = PLAN_USUAL_IPV4;
}

void plan_make(struct core_session *session, const struct packet *packet, bool zero_padding)
{
	struct reply_plan plan = {.payload_length = packet->payload_length, .kind = PLAN_ANY};
	uint64_t endpoints = endpoints_sum(&session->flow);

	plan_padding(&plan, session, packet->payload_length, zero_padding);
	plan.udp_length = htobe16((uint16_t)(UDP_HEADER_SIZE + plan.reply_length));
	/* It is turned with all that it is added to; turned twice it is itself. */
	plan.udp_sum = checksum_fold(checksum_subtract(
	        checksum_add(endpoints, checksum_length(plan.payload_length)),
	        checksum_turn(checksum_add(endpoints, checksum_length(plan.reply_length)),
	                      plan.turn)));
	if (packet->ipv6) {
		plan_ipv6(&plan, session);
		if (plan.kind == PLAN_USUAL_IPV4)
			plan.kind = PLAN_USUAL_IPV6;
	} else {
		plan_ipv4(&plan, session);
	}
	session->plan = plan;
}
