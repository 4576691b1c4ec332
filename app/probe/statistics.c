/* SPDX-License-Identifier: BSD-3-Clause */
#include "statistics.h"

#include <stdlib.h>
#include <string.h>

#include "clock/timestamp.h"

/**
 * An RTT may come out a little below zero on a very short path, since T3 - T2 is measured by the reflector's clock, which need
 * not run at our rate; such a one is zero. Beyond this the reflector's clock has stepped.
 */
#define RTT_NEGATIVE_TOLERANCE_NS 100000

static int compare_uint32(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	return a < b ? -1 : a > b;
}

static void reordering_add(struct reordering *sum, const struct reordering *one)
{
	sum->packets += one->packets;
	sum->reordered += one->reordered;
	if (one->maximum_extent > sum->maximum_extent)
		sum->maximum_extent = one->maximum_extent;
}

struct pair {
	uint32_t reflector_sequence;
	uint32_t sequence;
};

static int compare_pair(const void *left, const void *right)
{
	return compare_uint32(&((const struct pair *)left)->reflector_sequence,
	                      &((const struct pair *)right)->reflector_sequence);
}

/** Working memory for one session's arrivals. */
struct order_work {
	uint32_t *numbers;
	uint32_t *running;
	struct pair *pairs;
};

/**
 * Three looks at the same arrivals: our numbers as they came back (both ways together), our numbers in the order in which the
 * reflector counted them (forward), the reflector's numbers as they came (reverse).
 */
static void add_reordering(const struct session_record *session, struct order_work *work,
                           struct statistics *out)
{
	struct reordering one;
	size_t count = 0;

	for (size_t i = 0; i < session->arrival_count; i++) {
		const struct arrival *arrival = &session->arrivals[i];
		if (!arrival->first)
			continue;
		work->numbers[count] = arrival->sequence;
		work->pairs[count++] = (struct pair){
		        .reflector_sequence = arrival->reflector_sequence,
		        .sequence = arrival->sequence,
		};
	}
	one = reordering_of(work->numbers, count, work->running);
	reordering_add(&out->reordering_round_trip, &one);

	for (size_t i = 0; i < count; i++)
		work->numbers[i] = work->pairs[i].reflector_sequence;
	one = reordering_of(work->numbers, count, work->running);
	reordering_add(&out->reordering_reverse, &one);

	qsort(work->pairs, count, sizeof(*work->pairs), compare_pair);
	for (size_t i = 0; i < count; i++)
		work->numbers[i] = work->pairs[i].sequence;
	one = reordering_of(work->numbers, count, work->running);
	reordering_add(&out->reordering_forward, &one);
}

/** The reflector's numbers that came, each counted once; leaves them sorted in work->numbers. */
static uint64_t count_distinct(const struct session_record *session, struct order_work *work)
{
	size_t count = session->arrival_count;
	uint64_t distinct = 0;

	for (size_t i = 0; i < count; i++)
		work->numbers[i] = session->arrivals[i].reflector_sequence;
	qsort(work->numbers, count, sizeof(*work->numbers), compare_uint32);
	for (size_t i = 0; i < count; i++)
		distinct += i == 0 || work->numbers[i] != work->numbers[i - 1];
	return distinct;
}

/**
 * Loss by direction: the reflector numbers its replies from zero (RFC 5357 section 4.2.1), so a number that never came is a
 * reply lost on the way back; what else was lost before the last answered packet never reached it. Behind that packet nobody
 * can tell.
 */
static void add_loss(const struct session_record *session, const struct order_work *work,
                     uint64_t distinct, struct statistics *out)
{
	uint64_t expected, late = 0, tail = 0, between, reverse;
	uint64_t lost = session->sent - session->answered;
	size_t count = session->arrival_count;
	uint32_t last_known = 0;

	out->sent += session->sent;
	out->answered += session->answered;
	out->lost += lost;
	for (size_t i = 0; i < count; i++) {
		late += session->arrivals[i].late;
		if (session->arrivals[i].sequence > last_known)
			last_known = session->arrivals[i].sequence;
	}
	out->late += late;
	if (count == 0) {
		out->lost_unknown += lost;
		return;
	}
	expected = (uint64_t)work->numbers[count - 1] + 1;
	tail = session->sent - 1 - last_known;
	between = lost - late - tail;
	if (expected > session->sent + session->verdicts[REPLY_DUPLICATE]) {
		out->lost_unknown += between + tail;
		return;
	}
	reverse = expected - distinct;
	if (reverse > between)
		reverse = between;
	out->lost_reverse += reverse;
	out->lost_forward += between - reverse;
	out->lost_unknown += tail;
}

/** A number of the reflector that came before is the same reply again; else the packet had reached the reflector again. */
static void add_duplicates(const struct session_record *session, uint64_t repeated,
                           struct statistics *out)
{
	uint64_t kept = 0;

	for (size_t i = 0; i < session->arrival_count; i++)
		kept += !session->arrivals[i].first;
	if (repeated > kept)
		repeated = kept;
	out->duplicates += session->verdicts[REPLY_DUPLICATE];
	out->duplicates_reverse += repeated;
	out->duplicates_forward += kept - repeated;
}

static void add_verdicts(const struct session_record *session, struct statistics *out)
{
	for (unsigned verdict = 0; verdict < REPLY_VERDICT_COUNT; verdict++) {
		out->verdicts[verdict] += session->verdicts[verdict];
		if (verdict >= REPLY_UNKNOWN_SEQUENCE && verdict != REPLY_FOREIGN)
			out->corrupt += session->verdicts[verdict];
	}
	out->foreign += session->verdicts[REPLY_FOREIGN];
	out->kernel_departures += session->kernel_departures;
	out->kernel_arrivals += session->kernel_arrivals;
	if (session->reply_octets_maximum == 0)
		return;
	if (out->reply_octets_maximum == 0 ||
	    session->reply_octets_minimum < out->reply_octets_minimum)
		out->reply_octets_minimum = session->reply_octets_minimum;
	if (session->reply_octets_maximum > out->reply_octets_maximum)
		out->reply_octets_maximum = session->reply_octets_maximum;
}

static void hop_range_add(struct hop_range *range, uint8_t ttl)
{
	uint8_t hops = (uint8_t)(UINT8_MAX - ttl);

	if (!range->known || hops < range->minimum)
		range->minimum = hops;
	if (!range->known || hops > range->maximum)
		range->maximum = hops;
	range->known = true;
}

/** Samples of one kind, gathered over the sessions. */
struct samples {
	int64_t *values;
	size_t count;
};

enum sample_kind {
	SAMPLE_RTT,
	SAMPLE_FORWARD,
	SAMPLE_REVERSE,
	SAMPLE_TURNAROUND,
	SAMPLE_IPDV_FORWARD,
	SAMPLE_IPDV_REVERSE,
	SAMPLE_KINDS,
};

static void samples_add(struct samples *samples, int64_t value)
{
	samples->values[samples->count++] = value;
}

static void add_clock_quality(const struct packet_record *packet, struct statistics *out)
{
	uint64_t ours = error_estimate_to_ns(packet->error_estimate);
	uint64_t theirs = error_estimate_to_ns(packet->reflector_error_estimate);
	uint64_t sum = ours > UINT64_MAX - theirs ? UINT64_MAX : ours + theirs;

	if (sum > out->one_way_error_ns)
		out->one_way_error_ns = sum;
	if (!error_estimate_synchronized(packet->error_estimate) ||
	    !error_estimate_synchronized(packet->reflector_error_estimate))
		out->synchronized = false;
}

static void add_times(const struct packet_record *packet, struct samples samples[SAMPLE_KINDS],
                      struct statistics *out)
{
	int64_t turnaround =
	        ntp_difference_ns(packet->reflect_timestamp, packet->receive_timestamp);
	int64_t rtt = packet->received_ns - packet->sent_ns - turnaround;

	samples_add(&samples[SAMPLE_FORWARD],
	            ntp_difference_ns(packet->receive_timestamp, packet->departure));
	samples_add(&samples[SAMPLE_REVERSE],
	            ntp_difference_ns(packet->arrival, packet->reflect_timestamp));
	if (turnaround < 0 || rtt < -RTT_NEGATIVE_TOLERANCE_NS) {
		out->turnaround_invalid++;
		return;
	}
	samples_add(&samples[SAMPLE_TURNAROUND], turnaround);
	samples_add(&samples[SAMPLE_RTT], rtt < 0 ? 0 : rtt);
}

/** RFC 3393 section 2: the difference of the one-way delays of neighbours; each side's clock is read by itself only. */
static void add_variation(const struct packet_record *before, const struct packet_record *packet,
                          struct samples samples[SAMPLE_KINDS])
{
	int64_t sent = packet->sent_ns - before->sent_ns;
	int64_t received = packet->received_ns - before->received_ns;
	int64_t there = ntp_difference_ns(packet->receive_timestamp, before->receive_timestamp);
	int64_t back = ntp_difference_ns(packet->reflect_timestamp, before->reflect_timestamp);

	samples_add(&samples[SAMPLE_IPDV_FORWARD], llabs(there - sent));
	samples_add(&samples[SAMPLE_IPDV_REVERSE], llabs(received - back));
}

static void add_received(const struct session_record *session, const struct packet_record *packet,
                         struct received_classes *out)
{
	uint8_t dscp = packet->sender_dscp_ecn >> 2, ecn = packet->sender_dscp_ecn & 3;

	if (!session->monitoring)
		return;
	out->known = true;
	out->dscp[dscp]++;
	out->ecn[ecn]++;
	out->dscp_changed += dscp != session->dscp;
	out->ecn_changed += ecn != session->ecn;
}

static void add_packets(const struct session_record *session, struct samples samples[SAMPLE_KINDS],
                        struct statistics *out)
{
	const struct packet_record *before = NULL;

	for (uint32_t i = 0; i < session->sent; i++) {
		const struct packet_record *packet = &session->packets[i];
		if (packet->state != PACKET_ANSWERED) {
			before = NULL;
			continue;
		}
		add_times(packet, samples, out);
		add_clock_quality(packet, out);
		hop_range_add(&out->hops_forward, packet->sender_ttl);
		add_received(session, packet, &out->received);
		out->ptp_timestamps += packet->ptp;
		if (packet->reply_ttl_known)
			hop_range_add(&out->hops_reverse, packet->reply_ttl);
		if (packet->reply_dscp_known && packet->reply_dscp != session->dscp)
			out->dscp_changed++;
		if (before != NULL)
			add_variation(before, packet, samples);
		before = packet;
	}
}

static void distributions_set(struct samples samples[SAMPLE_KINDS], struct statistics *out)
{
	struct distribution *const targets[SAMPLE_KINDS] = {
	        [SAMPLE_RTT] = &out->rtt,
	        [SAMPLE_FORWARD] = &out->one_way_forward,
	        [SAMPLE_REVERSE] = &out->one_way_reverse,
	        [SAMPLE_TURNAROUND] = &out->turnaround,
	        [SAMPLE_IPDV_FORWARD] = &out->ipdv_forward,
	        [SAMPLE_IPDV_REVERSE] = &out->ipdv_reverse,
	};

	for (unsigned kind = 0; kind < SAMPLE_KINDS; kind++)
		*targets[kind] = distribution_of(samples[kind].values, samples[kind].count);
}

int statistics_compute(const struct session_record *const *sessions, size_t number,
                       struct statistics *statistics)
{
	struct samples samples[SAMPLE_KINDS] = {0};
	struct order_work work = {0};
	size_t packets = 0, arrivals = 0;
	int result = ERROR_MEMORY;
	int64_t *values;

	*statistics = (struct statistics){.synchronized = true};
	for (size_t i = 0; i < number; i++) {
		packets += sessions[i]->sent;
		if (sessions[i]->arrival_count > arrivals)
			arrivals = sessions[i]->arrival_count;
	}
	values = calloc(packets * SAMPLE_KINDS + 1, sizeof(*values));
	work.numbers = calloc(arrivals + 1, sizeof(*work.numbers));
	work.running = calloc(arrivals + 1, sizeof(*work.running));
	work.pairs = calloc(arrivals + 1, sizeof(*work.pairs));
	if (values == NULL || work.numbers == NULL || work.running == NULL || work.pairs == NULL)
		goto out;
	for (unsigned kind = 0; kind < SAMPLE_KINDS; kind++)
		samples[kind].values = values + kind * packets;
	for (size_t i = 0; i < number; i++) {
		uint64_t distinct = count_distinct(sessions[i], &work);
		add_loss(sessions[i], &work, distinct, statistics);
		add_duplicates(sessions[i], sessions[i]->arrival_count - distinct, statistics);
		add_verdicts(sessions[i], statistics);
		add_reordering(sessions[i], &work, statistics);
		add_packets(sessions[i], samples, statistics);
	}
	distributions_set(samples, statistics);
	if (statistics->answered == 0)
		statistics->synchronized = false;
	result = 0;
out:
	free(values);
	free(work.numbers);
	free(work.running);
	free(work.pairs);
	return result;
}

int statistics_exit_code(const struct statistics *statistics)
{
	return statistics->sent > 0 && statistics->lost == 0 ? 0 : 1;
}
