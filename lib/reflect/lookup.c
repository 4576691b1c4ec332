/* SPDX-License-Identifier: BSD-3-Clause */
/* From the flow to its session, and from the session to what the reply will be. */
#include <endian.h>

#include "reflect/checksum.h"
#include "reflect/headers.h"
#include "reflect/parse.h"
#include "reflect/stages.h"

_Static_assert(REFLECT_BURST_MAX <= CORE_TABLE_BURST_MAX, "a burst is one look-up");

/**
 * Before a keyed packet is opened: its checksum and all that the reply does not carry on, as it came. Its padding moves by an even
 * number of octets, so addresses and ports, which only change places, cancel out; see build.c.
 */
static inline uint16_t request_sum(const struct packet *packet, const struct core_session *session)
{
	size_t cut_at = (size_t)session->sender_header_size + packet->reused_padding;
	size_t cut_size = packet->payload_length - cut_at;
	checksum_words sum = checksum_load(packet->udp + UDP_CHECKSUM);

	sum += checksum_sum_constant(packet->payload, SECURE_SENDER_HEADER_SIZE);
	if (session->sender_header_size == SECURE_SENDER_SYMMETRICAL_HEADER_SIZE)
		sum += checksum_sum_constant(packet->payload + SECURE_SENDER_HEADER_SIZE,
		                             SECURE_SENDER_SYMMETRICAL_MBZ);
	if (cut_size > 0)
		sum += checksum_at(cut_at, checksum_sum(packet->payload + cut_at, cut_size));
	sum += checksum_length(packet->payload_length);
	return checksum_fold(checksum_subtract(sum, checksum_length(packet->reply_payload_length)));
}

/** Lengths of the reply, whose header is longer than the sender's: padding is cut by as much, if there is any. */
static inline void plan_reply(struct packet *packet, bool zero_padding)
{
	const struct core_session *session = packet->core;
	uint32_t growth = (uint32_t)(session->reflector_header_size - session->sender_header_size);
	uint32_t padding = (uint32_t)(packet->payload_length - session->sender_header_size);
	uint32_t reply_padding = padding > growth ? padding - growth : 0;

	if (reply_padding < session->padding_to_reflect_length)
		reply_padding = session->padding_to_reflect_length;
	packet->header_growth = (uint8_t)growth;
	packet->reused_padding =
	        (uint16_t)(zero_padding ? session->padding_to_reflect_length : reply_padding);
	packet->reply_payload_length = session->reflector_header_size + reply_padding;
	packet->has_checksum = checksum_load(packet->udp + UDP_CHECKSUM) != 0;
	if (session->mode != TEST_UNAUTHENTICATED && packet->has_checksum)
		packet->checksum = request_sum(packet, session);
}

/** Start, Stop and Timeout (RFC 5357 section 4.2) and the length that the session's format needs. */
static inline bool admit(struct burst *burst, const struct packet *packet)
{
	const struct core_session *session = packet->core;
	uint64_t until = __atomic_load_n(&session->reflect_until_tsc, __ATOMIC_RELAXED);

	if (until == REFLECT_NOT_STARTED)
		burst_drop(burst, packet->frame, DATAPATH_DROP_BEFORE_START);
	else if (packet->frame->receive_tsc >= until)
		burst_drop(burst, packet->frame, DATAPATH_DROP_AFTER_STOP);
	else if (packet->payload_length <
	         (uint32_t)session->sender_header_size + session->padding_to_reflect_length)
		burst_drop(burst, packet->frame, DATAPATH_DROP_TOO_SHORT);
	else
		return true;
	return false;
}

static void refuse_unknown(struct burst *burst, unsigned i)
{
	struct reflect_frame *frame = burst->packets[i].frame;

	if (parse_is_own_address(burst->reflector->settings, &burst->flows[i]))
		burst_drop(burst, frame, DATAPATH_DROP_UNKNOWN_FLOW);
	else
		burst_leave_to_kernel(frame);
}

void stage_lookup(struct burst *burst)
{
	const struct flow_key *flows[REFLECT_BURST_MAX];
	struct core_session *found[REFLECT_BURST_MAX];
	bool zero_padding = burst->reflector->settings->zero_padding;
	unsigned kept = 0;

	for (unsigned i = 0; i < burst->count; i++)
		flows[i] = &burst->flows[i];
	core_table_find_burst(burst->reflector->table, flows, found, burst->count);
	burst->keyed = 0;
	for (unsigned i = 0; i < burst->count; i++) {
		struct packet *packet = &burst->packets[i];

		packet->core = found[i];
		if (packet->core == NULL) {
			refuse_unknown(burst, i);
			continue;
		}
		if (!admit(burst, packet))
			continue;
		plan_reply(packet, zero_padding);
		burst->keyed += packet->core->mode != TEST_UNAUTHENTICATED;
		burst_keep(burst, i, &kept);
	}
	burst->count = kept;
}
