/* SPDX-License-Identifier: BSD-3-Clause */
#include "arrival.h"

#include <string.h>

#include "base/bytes.h"
#include "loss.h"
#include "stats/counters.h"

/** Packets behind a reordered one that are looked at for how far it was overtaken. */
#define EXTENT_LOOKED_AT 64u

/** The sender's number that the octets name, if they can be read. */
static uint32_t named_sequence(const struct arrival *arrival, enum load_fault fault)
{
	const struct load_group_format *format;

	if (arrival->session == NULL || fault == LOAD_FAULT_TRUNCATED)
		return 0;
	format = arrival->session->format;
	if (format->peer == LOAD_PEER_SWAP)
		return load_be32(arrival->payload + SENDER_SEQUENCE);
	if (format->mode == TEST_UNAUTHENTICATED)
		return load_be32(arrival->payload + REFLECTOR_SENDER_SEQUENCE);
	/* It was not opened then. */
	if (format->mode == TEST_ENCRYPTED && fault == LOAD_FAULT_UDP_CHECKSUM)
		return 0;
	return load_be32(arrival->payload + SECURE_REFLECTOR_SENDER_SEQUENCE);
}

void arrival_fault(struct receiver *receiver, const struct arrival *arrival, enum load_fault fault,
                   uint64_t detail)
{
	const struct load_session *session = arrival->session;
	const struct received_frame *frame = arrival->frame;
	uint32_t index = UINT32_MAX, sequence;

	counter_add(&receiver->measures->faults[fault], 1);
	if (receiver->evidence == NULL)
		return;
	sequence = named_sequence(arrival, fault);
	if (session != NULL)
		index = (uint32_t)(session - receiver->sessions->sessions);
	if (arrival->sealed != NULL)
		memcpy(arrival->payload, arrival->sealed, REFLECTOR_PROTECTED_ENCRYPTED);
	evidence_keep(receiver->evidence, fault, frame->octets, frame->length,
	              tsc_clock_read(receiver->clock, frame->arrival_tsc).ntp, index, sequence,
	              detail);
}

/** When it left, as its flight has it until it is answered. */
struct departure {
	uint64_t scheduled_tsc;
	uint64_t sent_tsc;
};

static inline bool is_before(uint32_t left, uint32_t right)
{
	return (int32_t)(left - right) < 0;
}

static inline int64_t to_ns(const struct receiver *receiver, uint64_t later, uint64_t earlier)
{
	return (int64_t)((double)(int64_t)(later - earlier) * receiver->ns_per_tsc);
}

static inline void add_time(struct receiver *receiver, enum load_distribution distribution,
                            int64_t nanoseconds)
{
	struct receive_times *times = &receiver->times;

	times->values[distribution][times->counts[distribution]++] = nanoseconds;
}

void arrival_end_burst(struct receiver *receiver)
{
	struct receive_times *times = &receiver->times;

	for (unsigned i = 0; i < LOAD_DISTRIBUTION_COUNT; i++) {
		if (times->counts[i] > 0)
			histogram_add_all(&receiver->measures->distributions[i], times->values[i],
			                  times->counts[i]);
		times->counts[i] = 0;
	}
}

/** A difference of two durations that can't be negative: what is below zero is the clocks' resolution. */
static inline int64_t at_least_zero(int64_t nanoseconds)
{
	return nanoseconds > 0 ? nanoseconds : 0;
}

/** RFC 3393 section 2, of packets that follow each other: whether one is lost, or overtakes, then there is no pair. */
static void add_variation(struct receiver *receiver, struct load_session *session, bool follows,
                          int64_t rtt)
{
	if (follows && session->last_rtt_ns >= 0) {
		int64_t difference = rtt - session->last_rtt_ns;
		add_time(receiver, LOAD_DELAY_VARIATION, difference < 0 ? -difference : difference);
	}
}

/** The errors of both clocks, which are the same for packet after packet. */
static void add_quality(struct receiver *receiver, const struct load_flight *flight,
                        uint16_t error_estimate)
{
	struct load_measures *measures = receiver->measures;
	uint32_t both = (uint32_t)flight->error_estimate << 16 | error_estimate;

	if (!error_estimate_synchronized(flight->error_estimate & error_estimate))
		counter_add(&measures->unsynchronized, 1);
	if (both == receiver->error_estimates && measures->error_maximum_ns != 0)
		return;
	uint64_t ours = error_estimate_to_ns(flight->error_estimate);
	uint64_t sum = ours + error_estimate_to_ns(error_estimate);
	receiver->error_estimates = both;
	if (sum < ours)
		sum = UINT64_MAX;
	if (sum > measures->error_maximum_ns)
		__atomic_store_n(&measures->error_maximum_ns, sum, __ATOMIC_RELAXED);
}

static void add_one_way(struct receiver *receiver, const struct arrival *arrival,
                        const struct load_flight *flight, const struct reflector_packet *fields)
{
	uint64_t tsc = arrival->frame->arrival_tsc;

	/* One reading for what came in one poll. */
	if (tsc != receiver->arrival_tsc) {
		receiver->arrival_tsc = tsc;
		receiver->arrival_ntp = tsc_clock_read(receiver->clock, tsc).ntp;
	}
	add_time(receiver, LOAD_FORWARD,
	         ntp_difference_ns(fields->receive_timestamp, flight->timestamp));
	add_time(receiver, LOAD_BACKWARD,
	         ntp_difference_ns(receiver->arrival_ntp, fields->timestamp));
}

static void note_timestamp(struct receiver *receiver, uint64_t timestamp)
{
	if (receiver->timestamps == 0 || (int64_t)(timestamp - receiver->first_timestamp) < 0)
		receiver->first_timestamp = timestamp;
	if (receiver->timestamps == 0 || (int64_t)(timestamp - receiver->last_timestamp) > 0)
		receiver->last_timestamp = timestamp;
	receiver->timestamps++;
}

/** The delays of an answer in time. Returns its RTT, -1 for none; *judgement may become a wrong turnaround. */
static int64_t add_times(struct receiver *receiver, const struct arrival *arrival,
                         const struct judge_reply *reply, const struct load_flight *flight,
                         const struct departure *departure, struct judgement *judgement)
{
	const struct reflector_packet *fields = &reply->fields;
	uint64_t arrival_tsc = arrival->frame->arrival_tsc;
	int64_t response = to_ns(receiver, arrival_tsc, departure->scheduled_tsc);
	int64_t round_trip = to_ns(receiver, arrival_tsc, departure->sent_tsc), turnaround = 0;

	add_time(receiver, LOAD_RESPONSE, response);
	if (arrival->session->format->peer != LOAD_PEER_SWAP) {
		turnaround = ntp_difference_ns(fields->timestamp, fields->receive_timestamp);
		struct judgement judged = judge_turnaround(turnaround, round_trip);
		if (judged.fault != LOAD_FAULT_COUNT) {
			if (judgement->fault == LOAD_FAULT_COUNT)
				*judgement = judged;
			return -1;
		}
		add_time(receiver, LOAD_TURNAROUND, turnaround);
		add_one_way(receiver, arrival, flight, fields);
		add_quality(receiver, flight, fields->error_estimate);
		note_timestamp(receiver, fields->timestamp);
	}
	add_time(receiver, LOAD_RTT, at_least_zero(response - turnaround));
	int64_t rtt = at_least_zero(round_trip - turnaround);
	add_time(receiver, LOAD_RTT_SENT, rtt);
	return rtt;
}

/**
 * How many packets came between it and the first of those that overtook it (RFC 4737 section 4.2.1). Exact unless none of the
 * EXTENT_LOOKED_AT packets that were sent behind it is that first one; then it is too small.
 */
static uint32_t reordering_extent(const struct load_session *session, uint64_t sequence)
{
	uint64_t behind = session->highest_answered - 1 - sequence;
	uint32_t extent = 0;

	if (behind > EXTENT_LOOKED_AT)
		behind = EXTENT_LOOKED_AT;
	for (uint64_t next = sequence + 1; next <= sequence + behind; next++) {
		const struct load_flight *flight = judge_flight(session, (uint32_t)next);

		if (flight == NULL || flight->state != FLIGHT_ANSWERED)
			continue;
		uint32_t arrivals = session->arrivals - flight->answer.arrival;
		if (arrivals > extent)
			extent = arrivals;
	}
	return extent;
}

/** RFC 4737 section 3.3: a packet whose number is below one that came before. */
static void note_reordering(const struct receiver *receiver, const struct load_session *session,
                            const struct judge_reply *reply, uint64_t sequence)
{
	struct load_measures *measures = receiver->measures;
	uint32_t extent = reordering_extent(session, sequence);

	counter_add(&measures->reordered, 1);
	if (session->format->peer != LOAD_PEER_SWAP &&
	    is_before(session->reflector_at_highest, reply->fields.sequence))
		counter_add(&measures->reordered_forward, 1);
	if (extent > measures->reordering_extent)
		__atomic_store_n(&measures->reordering_extent, extent, __ATOMIC_RELAXED);
}

static bool is_late(const struct receiver *receiver, const struct arrival *arrival,
                    const struct load_flight *flight)
{
	int64_t after = (int64_t)(arrival->frame->arrival_tsc - flight->sent_tsc);

	return after > 0 && (uint64_t)after > receiver->timeout_tsc;
}

/** The first right reply to a packet that counts. */
static void count_first(struct receiver *receiver, const struct arrival *arrival,
                        const struct judge_reply *reply, const struct load_flight *flight,
                        uint64_t sequence, struct judgement *judgement)
{
	struct load_session *session = arrival->session;
	bool overtaken = sequence < session->highest_answered;
	int64_t rtt = -1;

	if (is_late(receiver, arrival, flight)) {
		session->late++;
		counter_add(&receiver->measures->late, 1);
	} else {
		struct departure departure = {flight->scheduled_tsc, flight->sent_tsc};

		counter_add(&receiver->measures->answered, 1);
		rtt = add_times(receiver, arrival, reply, flight, &departure, judgement);
		if (overtaken)
			note_reordering(receiver, session, reply, sequence);
		else if (rtt >= 0)
			add_variation(receiver, session, sequence == session->highest_answered,
			              rtt);
	}
	if (!overtaken)
		session->last_rtt_ns = rtt;
}

/** Replies to packets that do not count: of an earlier trial, or of the warm-up. */
static void count_uncounted(struct receiver *receiver, const struct load_session *session,
                            uint64_t sequence)
{
	struct load_measures *measures = receiver->measures;
	bool stale = sequence < session->first_sequence;

	counter_add(stale ? &measures->stale : &measures->warm_up, 1);
}

static void count_duplicate(struct receiver *receiver, struct load_session *session,
                            const struct judge_reply *reply, const struct load_flight *flight,
                            enum loss_number number)
{
	counter_add(&receiver->measures->duplicates, 1);
	if (session->format->peer != LOAD_PEER_SWAP && number != LOSS_NUMBER_SEEN &&
	    reply->fields.sequence != flight->answer.number) {
		session->duplicates_forward++;
		counter_add(&receiver->measures->duplicates_forward, 1);
	}
}

/** What its Sequence Number says; *judgement may become a wrong one. */
static enum loss_number note_number(struct load_session *session, const struct judge_reply *reply,
                                    const struct load_flight *flight, struct judgement *judgement)
{
	uint32_t expected = (uint32_t)session->reflector_next;
	enum loss_number number;

	if (session->format->peer == LOAD_PEER_SWAP)
		return LOSS_NUMBER_NEW;
	number = loss_note_number(session, reply->fields.sequence);
	if (number == LOSS_NUMBER_IMPOSSIBLE ||
	    (number == LOSS_NUMBER_SEEN && flight->state != FLIGHT_ANSWERED)) {
		session->misnumbered = true;
		if (judgement->fault == LOAD_FAULT_COUNT)
			*judgement = (struct judgement){LOAD_FAULT_REFLECTOR_SEQUENCE, expected};
	}
	return number;
}

static void count_answer(struct receiver *receiver, const struct arrival *arrival,
                         const struct judge_reply *reply, struct load_flight *flight)
{
	struct load_session *session = arrival->session;
	uint64_t sequence = load_session_sequence(session, reply->fields.sender_sequence);
	bool counts = sequence >= session->counted_sequence;
	struct judgement judgement = judge_form(session, reply, flight);
	enum loss_number number = note_number(session, reply, flight, &judgement);

	if (!counts)
		count_uncounted(receiver, session, sequence);
	else if (flight->state == FLIGHT_ANSWERED)
		count_duplicate(receiver, session, reply, flight, number);
	else
		count_first(receiver, arrival, reply, flight, sequence, &judgement);
	if (flight->state != FLIGHT_ANSWERED) {
		flight->state = FLIGHT_ANSWERED;
		flight->answer.number = reply->fields.sequence;
		flight->answer.arrival = session->arrivals;
		loss_note_first(session, sequence, reply->fields.sequence);
	}
	if (counts && judgement.fault != LOAD_FAULT_COUNT)
		arrival_fault(receiver, arrival, judgement.fault, judgement.detail);
}

void arrival_judge(struct receiver *receiver, const struct arrival *arrival,
                   const struct judge_reply *reply)
{
	const struct load_session *session = arrival->session;
	struct load_flight *flight = judge_flight(session, reply->fields.sender_sequence);
	struct judgement judgement = judge_answer(session, reply, flight);
	uint64_t sequence = load_session_sequence(session, reply->fields.sender_sequence);

	/* A packet of an earlier trial may be forgotten: then its reply is just late. Sessions number from zero. */
	if (flight == NULL && sequence < session->first_sequence)
		counter_add(&receiver->measures->stale, 1);
	else if (flight == NULL || judgement.fault != LOAD_FAULT_COUNT)
		arrival_fault(receiver, arrival, judgement.fault, judgement.detail);
	else if (flight != NULL)
		count_answer(receiver, arrival, reply, flight);
}
