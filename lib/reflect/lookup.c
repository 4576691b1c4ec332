/* SPDX-License-Identifier: BSD-3-Clause */
/* From the flow to its session, and from the session to what the reply will be. */
#include <endian.h>

#include "reflect/checksum.h"
#include "reflect/headers.h"
#include "reflect/parse.h"
#include "reflect/plan.h"
#include "reflect/stages.h"

/**
 * Before a keyed packet is opened: its checksum and all that the reply does not carry on, as it came, and the reply's length. Its
 * padding moves by an even number of octets, so addresses and ports, which only change places, cancel out; see build.h.
 */
HOT uint64_t request_sum(const struct packet *packet, const struct core_session *session,
                         const struct reply_plan *plan)
{
	size_t cut_at = (size_t)session->sender_header_size + plan->reused;
	size_t cut_size = packet->payload_length - cut_at;
	uint64_t sum = (uint64_t)checksum_load(packet_udp(packet) + UDP_CHECKSUM) + plan->udp_sum;

	sum = checksum_add_octets(sum, packet->payload, SECURE_SENDER_HEADER_SIZE);
	if (session->sender_header_size != SECURE_SENDER_HEADER_SIZE)
		sum = checksum_add_octets(sum, packet->payload + SECURE_SENDER_HEADER_SIZE,
		                          SECURE_SENDER_SYMMETRICAL_MBZ);
	if (cut_size == SECURE_SENDER_SYMMETRICAL_MBZ && cut_at % 2 == 0)
		sum = checksum_add_octets(sum, packet->payload + cut_at,
		                          SECURE_SENDER_SYMMETRICAL_MBZ);
	else if (cut_size > 0)
		sum = checksum_add(
		        sum, checksum_at(cut_at, checksum_sum(packet->payload + cut_at, cut_size)));
	return sum;
}
_Static_assert(SECURE_REFLECTOR_HEADER_SIZE - SECURE_SENDER_HEADER_SIZE ==
                       SECURE_SENDER_SYMMETRICAL_MBZ,
               "what is cut of long padding");

/** Why a packet of a session is not for the later stages. */
static __attribute__((noinline)) void refuse(struct burst *burst, struct packet *packet,
                                             uint64_t until)
{
	enum datapath_counter reason = DATAPATH_DROP_TOO_SHORT;

	if (until == REFLECT_NOT_STARTED)
		reason = DATAPATH_DROP_BEFORE_START;
	else if (burst->arrival->receive_tsc >= until)
		reason = DATAPATH_DROP_AFTER_STOP;
	burst_drop(burst, packet->frame, reason);
}

static __attribute__((noinline)) void refuse_unknown(struct burst *burst, unsigned i)
{
	struct reflect_frame *frame = burst->packets[i].frame;

	if (parse_is_own_address(burst->reflector->settings, &burst->flows[i]))
		burst_drop(burst, frame, DATAPATH_DROP_UNKNOWN_FLOW);
	else
		burst_leave_to_kernel(frame);
}

/** False when the packet is not answered. */
HOT bool take_session(struct burst *burst, unsigned i, struct core_session *session,
                      bool zero_padding)
{
	struct packet *packet = &burst->packets[i];

	if (session == NULL) {
		refuse_unknown(burst, i);
		return false;
	}
	/* Start, Stop and Timeout (RFC 5357 section 4.2); what is not started has 0, which no TSC is below. */
	uint64_t until = __atomic_load_n(&session->reflect_until_tsc, __ATOMIC_RELAXED);
	if (burst->arrival->receive_tsc >= until ||
	    packet->payload_length < session->least_length) {
		refuse(burst, packet, until);
		return false;
	}
	packet->core = session;
	if (session->mode != TEST_UNAUTHENTICATED) {
		burst->keyed++;
		if (packet->has_checksum)
			packet->checksum = request_sum(packet, session,
			                               plan_for(session, packet, zero_padding));
	}
	return true;
}
_Static_assert(REFLECT_NOT_STARTED == 0, "below every TSC");

void stage_lookup(struct burst *burst)
{
	const struct core_table *table = burst->reflector->table;
	bool zero_padding = burst->reflector->settings->zero_padding, all_kept = true;
	unsigned count = burst->count;

	burst->keyed = 0;
	burst->has_ptp = false;
	for (unsigned i = 0; i < count; i++) {
		struct core_session *session = core_table_confirm(
		        table, burst->packets[i].core, &burst->flows[i], burst->hashes[i]);
		if (session != NULL && session->keys != NULL)
			__builtin_prefetch(session->keys);
		if (!take_session(burst, i, session, zero_padding)) {
			burst->packets[i].frame = NULL;
			all_kept = false;
		}
	}
	if (!all_kept)
		burst_compact(burst);
}
