/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_record.h"

#include "probe_series.h"
#include "unit.h"

static struct session_record make(void)
{
	struct session_record record;

	CU_ASSERT_FATAL(session_record_init(&record, 2, SERIES_TIMEOUT, 0) == 0);
	series_send(&record, 1000);
	return record;
}

static void only_exact_copies_are_answers(void)
{
	struct session_record record = make();
	struct reply good = series_reply(&record, 0, 0, 10, 10, 10), bad = good;

	bad.packet.sender_sequence = 1;
	CU_ASSERT(session_record_reply(&record, &bad) == REPLY_UNKNOWN_SEQUENCE);
	bad.packet.sender_sequence = UINT32_MAX;
	CU_ASSERT(session_record_reply(&record, &bad) == REPLY_UNKNOWN_SEQUENCE);
	bad = good;
	bad.packet.sender_timestamp++;
	CU_ASSERT(session_record_reply(&record, &bad) == REPLY_NOT_COPIED);
	bad = good;
	bad.packet.sender_error_estimate ^= 0x8000;
	CU_ASSERT(session_record_reply(&record, &bad) == REPLY_NOT_COPIED);
	bad = good;
	bad.packet.error_estimate &= 0xff00;
	CU_ASSERT(session_record_reply(&record, &bad) == REPLY_ZERO_MULTIPLIER);
	CU_ASSERT(record.answered == 0 && record.arrival_count == 0);
	CU_ASSERT(session_record_reply(&record, &good) == REPLY_ANSWER);
	CU_ASSERT(session_record_reply(&record, &good) == REPLY_DUPLICATE);
	CU_ASSERT(record.answered == 1 && record.verdicts[REPLY_NOT_COPIED] == 2);
	session_record_free(&record);
}

static void capacity_bounds_sending(void)
{
	struct session_record record = make();

	CU_ASSERT(session_record_send(&record) != NULL);
	CU_ASSERT(session_record_send(&record) == NULL);
	CU_ASSERT(record.sent == 2);
	session_record_free(&record);
}

static void flood_of_duplicates_is_bounded(void)
{
	struct session_record record = make();
	struct reply reply = series_reply(&record, 0, 0, 10, 10, 10);

	for (unsigned i = 0; i < 5000; i++)
		(void)session_record_reply(&record, &reply);
	CU_ASSERT(record.arrival_count == record.arrival_capacity);
	CU_ASSERT(record.verdicts[REPLY_DUPLICATE] == 4999);
	session_record_free(&record);
}

static void departure_is_taken_when_possible(void)
{
	struct session_record record = make();
	struct reply reply = series_reply(&record, 0, 0, 500, 0, 500);

	session_record_departure(&record, 0, 999, 1);
	CU_ASSERT(record.packets[0].sent_ns == 1000);
	session_record_departure(&record, 0, 1100, 2);
	CU_ASSERT(record.packets[0].sent_ns == 1100 && record.packets[0].departure == 2);
	session_record_departure(&record, 7, 1100, 3);
	reply.packet.sender_timestamp = record.packets[0].timestamp;
	CU_ASSERT(session_record_reply(&record, &reply) == REPLY_ANSWER);
	session_record_departure(&record, 0, 2001, 4);
	CU_ASSERT(record.packets[0].sent_ns == 1100);
	session_record_free(&record);
}

static void every_verdict_has_a_name(void)
{
	for (unsigned i = 0; i < REPLY_VERDICT_COUNT; i++)
		CU_ASSERT(reply_verdict_name((enum reply_verdict)i)[0] != '\0');
	CU_ASSERT_STRING_EQUAL(reply_verdict_name(REPLY_BAD_HMAC), "bad_hmac");
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"only exact copies are answers", only_exact_copies_are_answers},
	        {"capacity bounds sending", capacity_bounds_sending},
	        {"flood of duplicates is bounded", flood_of_duplicates_is_bounded},
	        {"departure is taken when possible", departure_is_taken_when_possible},
	        {"every verdict has a name", every_verdict_has_a_name},
	        CU_TEST_INFO_NULL};
	return unit_run("app-probe-record", tests);
}
