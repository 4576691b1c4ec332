/* SPDX-License-Identifier: BSD-3-Clause */
#include "statistics.h"

#include "probe_series.h"
#include "unit.h"

#define MS 1000000

/** NTP fractions are 0.23 ns wide; two of them round. */
static bool near(int64_t left, int64_t right)
{
	return left - right <= 2 && right - left <= 2;
}

static struct session_record make(uint32_t packets)
{
	struct session_record record;

	CU_ASSERT_FATAL(session_record_init(&record, packets, SERIES_TIMEOUT, 0) == 0);
	for (uint32_t i = 0; i < packets; i++)
		series_send(&record, (int64_t)i * 10 * MS);
	return record;
}

static struct statistics compute(const struct session_record *record)
{
	struct statistics statistics;

	CU_ASSERT_FATAL(statistics_compute(&record, 1, &statistics) == 0);
	return statistics;
}

static void percentiles_are_nearest_rank(void)
{
	int64_t hundred[100], two[] = {20, 10}, one[] = {-7};
	struct distribution d;

	for (unsigned i = 0; i < 100; i++)
		hundred[i] = (int64_t)((i * 37) % 100 + 1);
	d = distribution_of(hundred, 100);
	CU_ASSERT(d.count == 100 && d.minimum == 1 && d.maximum == 100);
	CU_ASSERT(d.median == 50 && d.p95 == 95 && d.p99 == 99 && d.mean == 50);
	d = distribution_of(two, 2);
	CU_ASSERT(d.minimum == 10 && d.median == 10 && d.p95 == 20 && d.maximum == 20);
	d = distribution_of(one, 1);
	CU_ASSERT(d.minimum == -7 && d.median == -7 && d.p99 == -7 && d.maximum == -7);
	d = distribution_of(NULL, 0);
	CU_ASSERT(d.count == 0);
}

static void round_trip_leaves_turnaround_out(void)
{
	struct session_record record = make(2);
	struct reply reply = series_reply(&record, 0, 0, 3 * MS, 7 * MS, 2 * MS);
	struct statistics s;

	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	reply = series_reply(&record, 1, 1, 4 * MS, 1 * MS, 2 * MS);
	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	s = compute(&record);
	CU_ASSERT(s.rtt.count == 2);
	CU_ASSERT(near(s.rtt.minimum, 5 * MS) && near(s.rtt.maximum, 6 * MS));
	CU_ASSERT(near(s.turnaround.minimum, 1 * MS) && near(s.turnaround.maximum, 7 * MS));
	CU_ASSERT(near(s.one_way_forward.minimum, 3 * MS + SERIES_OFFSET_NS));
	CU_ASSERT(near(s.one_way_reverse.minimum, 2 * MS - SERIES_OFFSET_NS));
	CU_ASSERT(s.synchronized && s.lost == 0 && statistics_exit_code(&s) == 0);
	CU_ASSERT(s.hops_forward.known && s.hops_forward.minimum == 5);
	CU_ASSERT(s.hops_reverse.known && s.hops_reverse.maximum == 3);
	session_record_free(&record);
}

/** 3 never arrives, the reply to 5 (the reflector's number 4) is lost, nothing is known of 9. */
static void loss_has_a_direction(void)
{
	static const uint32_t answered[][2] = {{0, 0}, {1, 1}, {2, 2}, {4, 3},
	                                       {6, 5}, {7, 6}, {8, 7}};
	struct session_record record = make(10);
	struct statistics s;

	for (unsigned i = 0; i < 7; i++)
		CU_ASSERT(series_answer(&record, answered[i][0], answered[i][1]) == REPLY_ANSWER);
	s = compute(&record);
	CU_ASSERT(s.sent == 10 && s.answered == 7 && s.lost == 3);
	CU_ASSERT(s.lost_forward == 1 && s.lost_reverse == 1 && s.lost_unknown == 1 && s.late == 0);
	CU_ASSERT(statistics_exit_code(&s) == 1);
	session_record_free(&record);
}

static void loss_without_answer_has_none(void)
{
	struct session_record record = make(4);
	struct statistics s = compute(&record);

	CU_ASSERT(s.lost == 4 && s.lost_unknown == 4 && s.rtt.count == 0);
	CU_ASSERT(!s.synchronized && !s.hops_forward.known);
	CU_ASSERT(statistics_exit_code(&s) == 1);
	session_record_free(&record);
}

/** A reflector whose numbers can't be a count of what it got tells nothing about directions. */
static void loss_by_a_strange_counter_is_unknown(void)
{
	struct session_record record = make(4);
	struct statistics s;

	CU_ASSERT(series_answer(&record, 0, 4000000000u) == REPLY_ANSWER);
	CU_ASSERT(series_answer(&record, 3, 4000000003u) == REPLY_ANSWER);
	s = compute(&record);
	CU_ASSERT(s.lost == 2 && s.lost_unknown == 2 && s.lost_forward == 0 && s.lost_reverse == 0);
	session_record_free(&record);
}

static void late_is_lost_and_named(void)
{
	struct session_record record = make(3);
	struct reply reply = series_reply(&record, 1, 1, SERIES_TIMEOUT, 0, 1);
	struct statistics s;

	CU_ASSERT(series_answer(&record, 0, 0) == REPLY_ANSWER);
	CU_ASSERT(series_answer(&record, 2, 2) == REPLY_ANSWER);
	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_LATE);
	s = compute(&record);
	CU_ASSERT(s.answered == 2 && s.lost == 1 && s.late == 1);
	CU_ASSERT(s.lost_forward == 0 && s.lost_reverse == 0 && s.lost_unknown == 0);
	CU_ASSERT(s.rtt.count == 2);
	session_record_free(&record);
}

static void duplicates_have_a_direction(void)
{
	struct session_record record = make(3);
	struct statistics s;

	CU_ASSERT(series_answer(&record, 0, 0) == REPLY_ANSWER);
	CU_ASSERT(series_answer(&record, 0, 0) == REPLY_DUPLICATE);
	CU_ASSERT(series_answer(&record, 1, 1) == REPLY_ANSWER);
	CU_ASSERT(series_answer(&record, 1, 2) == REPLY_DUPLICATE);
	CU_ASSERT(series_answer(&record, 1, 2) == REPLY_DUPLICATE);
	CU_ASSERT(series_answer(&record, 2, 3) == REPLY_ANSWER);
	s = compute(&record);
	CU_ASSERT(s.answered == 3 && s.lost == 0 && s.duplicates == 3);
	CU_ASSERT(s.duplicates_reverse == 2 && s.duplicates_forward == 1);
	CU_ASSERT(s.rtt.count == 3 && s.reordering_round_trip.reordered == 0);
	session_record_free(&record);
}

/** Packets 4, 5 and 6 after 7 to 10; the earliest greater one lies 4, 5 and 6 places back. */
static void reordering_by_rfc_4737(void)
{
	static const uint32_t arrivals[] = {1, 2, 3, 7, 8, 9, 10, 4, 5, 6, 11};
	uint32_t running[11];
	struct reordering r = reordering_of(arrivals, 11, running);

	CU_ASSERT(r.packets == 11 && r.reordered == 3 && r.maximum_extent == 6);
	r = reordering_of(arrivals, 7, running);
	CU_ASSERT(r.packets == 7 && r.reordered == 0 && r.maximum_extent == 0);
	r = reordering_of(NULL, 0, running);
	CU_ASSERT(r.packets == 0 && r.reordered == 0);
}

static void reordering_has_a_direction(void)
{
	struct session_record record = make(4);
	struct statistics s;

	/* 1 overtook 0 on the way there; the replies to 2 and 3 changed places on the way back. */
	(void)series_answer(&record, 1, 0);
	(void)series_answer(&record, 0, 1);
	(void)series_answer(&record, 3, 3);
	(void)series_answer(&record, 2, 2);
	s = compute(&record);
	CU_ASSERT(s.reordering_round_trip.reordered == 2 && s.reordering_round_trip.packets == 4);
	CU_ASSERT(s.reordering_forward.reordered == 1 && s.reordering_reverse.reordered == 1);
	CU_ASSERT(s.reordering_round_trip.maximum_extent == 1);
	CU_ASSERT(s.lost == 0);
	session_record_free(&record);
}

/** Forward delays 1, 3, 2, -, 9, 4 ms: |+2|, |-1|, |-5|; reverse 5, 5, 6, -, 1, 1: 0, |+1|, 0. */
static void variation_takes_neighbours_only(void)
{
	static const int64_t forward[] = {1, 3, 2, 0, 9, 4}, reverse[] = {5, 5, 6, 0, 1, 1};
	struct session_record record = make(6);
	struct statistics s;

	for (uint32_t i = 0; i < 6; i++) {
		struct reply reply =
		        series_reply(&record, i, i, forward[i] * MS, 100, reverse[i] * MS);
		if (i != 3)
			CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	}
	s = compute(&record);
	CU_ASSERT(s.ipdv_forward.count == 3 && s.ipdv_reverse.count == 3);
	CU_ASSERT(near(s.ipdv_forward.minimum, 1 * MS) && near(s.ipdv_forward.median, 2 * MS));
	CU_ASSERT(near(s.ipdv_forward.maximum, 5 * MS) && near(s.ipdv_forward.mean, 8 * MS / 3));
	CU_ASSERT(near(s.ipdv_reverse.minimum, 0) && near(s.ipdv_reverse.median, 0));
	CU_ASSERT(near(s.ipdv_reverse.maximum, 1 * MS));
	session_record_free(&record);
}

static void stepped_reflector_gives_no_rtt(void)
{
	struct session_record record = make(3);
	struct reply reply = series_reply(&record, 0, 0, MS, MS, MS);
	struct statistics s;

	reply.packet.timestamp = series_ntp(MS + SERIES_OFFSET_NS - 500 * MS);
	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	reply = series_reply(&record, 1, 1, MS, MS, MS);
	reply.packet.timestamp += (uint64_t)3600 << 32;
	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	/* A reply 50 us faster than its turnaround: two clocks that run apart. */
	reply = series_reply(&record, 2, 2, 0, MS, -50000);
	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	s = compute(&record);
	CU_ASSERT(s.answered == 3 && s.turnaround_invalid == 2);
	CU_ASSERT(s.rtt.count == 1 && s.rtt.maximum == 0);
	session_record_free(&record);
}

static void received_classes_are_counted(void)
{
	struct session_record record = make(2);
	struct reply reply = series_reply(&record, 0, 0, MS, MS, MS);
	struct statistics s;

	reply.packet.sender_dscp_ecn = 46 << 2 | 3;
	reply.ptp = true;
	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	s = compute(&record);
	CU_ASSERT(!s.received.known && s.received.dscp[46] == 0 && s.ptp_timestamps == 1);
	record.monitoring = true;
	record.dscp = 46;
	record.ecn = 2;
	reply = series_reply(&record, 1, 1, MS, MS, MS);
	reply.packet.sender_dscp_ecn = 2;
	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	s = compute(&record);
	CU_ASSERT(s.received.known && s.received.dscp[46] == 1 && s.received.dscp[0] == 1);
	CU_ASSERT(s.received.ecn[3] == 1 && s.received.ecn[2] == 1);
	CU_ASSERT(s.received.dscp_changed == 1 && s.received.ecn_changed == 1);
	CU_ASSERT(s.ptp_timestamps == 1);
	session_record_free(&record);
}

static void clock_quality_is_the_worst(void)
{
	struct session_record record = make(2);
	struct reply reply = series_reply(&record, 0, 0, MS, MS, MS);
	struct statistics s;

	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	s = compute(&record);
	CU_ASSERT(s.synchronized);
	reply = series_reply(&record, 1, 1, MS, MS, MS);
	reply.packet.error_estimate = 0x2001; /* Scale 32: one second; S clear */
	reply.dscp = 46;
	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	s = compute(&record);
	CU_ASSERT(!s.synchronized && s.dscp_changed == 1);
	CU_ASSERT(s.one_way_error_ns >= 1000000000 && s.one_way_error_ns <= 1000000001);
	session_record_free(&record);
}

static void sessions_add_up(void)
{
	struct session_record first = make(3), second = make(5);
	const struct session_record *both[] = {&first, &second};
	struct statistics s;

	(void)series_answer(&first, 0, 0);
	(void)series_answer(&first, 2, 2);
	for (uint32_t i = 0; i < 5; i++)
		(void)series_answer(&second, i, i);
	session_record_refuse(&second, REPLY_BAD_HMAC);
	session_record_refuse(&second, REPLY_FOREIGN);
	CU_ASSERT(statistics_compute(both, 2, &s) == 0);
	CU_ASSERT(s.sent == 8 && s.answered == 7 && s.lost == 1 && s.lost_reverse == 1);
	CU_ASSERT(s.rtt.count == 7 && s.ipdv_forward.count == 4);
	CU_ASSERT(s.corrupt == 1 && s.foreign == 1 && s.reply_octets_maximum == 41);
	session_record_free(&first);
	session_record_free(&second);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"percentiles are nearest-rank", percentiles_are_nearest_rank},
	        {"round trip leaves turnaround out", round_trip_leaves_turnaround_out},
	        {"loss has a direction", loss_has_a_direction},
	        {"loss without any answer has none", loss_without_answer_has_none},
	        {"loss by a strange counter is unknown", loss_by_a_strange_counter_is_unknown},
	        {"late is lost and named", late_is_lost_and_named},
	        {"duplicates have a direction", duplicates_have_a_direction},
	        {"reordering by RFC 4737", reordering_by_rfc_4737},
	        {"reordering has a direction", reordering_has_a_direction},
	        {"variation takes neighbours only", variation_takes_neighbours_only},
	        {"stepped reflector gives no RTT", stepped_reflector_gives_no_rtt},
	        {"clock quality is the worst", clock_quality_is_the_worst},
	        {"received classes are counted", received_classes_are_counted},
	        {"sessions add up", sessions_add_up},
	        CU_TEST_INFO_NULL};
	return unit_run("app-probe-statistics", tests);
}
