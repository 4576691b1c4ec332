/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules by themselves: order, limits, and the detail that evidence has. */
#include <string.h>

#include "judge.h"
#include "unit.h"

#define HEADER 41u

static uint8_t payload[200];
static uint8_t padding[200];
static struct load_flight flights[4];
static struct load_group_format format;
static struct load_session session;
static struct judge_reply reply;

/** A right unauthenticated reply of 100 octets to packet 2. */
static void begin(void)
{
	memset(payload, 0, sizeof(payload));
	for (unsigned i = 0; i < sizeof(padding); i++)
		padding[i] = (uint8_t)(i + 1);
	memcpy(payload + HEADER, padding, 100 - HEADER);
	format = (struct load_group_format){.mode = TEST_UNAUTHENTICATED,
	                                    .reply_traffic_class = 0x28,
	                                    .sender_header_size = 14,
	                                    .reflector_header_size = HEADER,
	                                    .size_count = 1,
	                                    .sizes = {{.payload = 100, .reply = 100}},
	                                    .padding = padding};
	memset(&session, 0, sizeof(session));
	session.format = &format;
	session.ttl = 64;
	session.flights = flights;
	session.flight_mask = 3;
	session.next_sequence = 3;
	memset(flights, 0, sizeof(flights));
	flights[2] = (struct load_flight){
	        .sequence = 2, .timestamp = 77, .error_estimate = 5, .state = FLIGHT_SENT};
	reply = (struct judge_reply){.payload = payload,
	                             .length = 100,
	                             .ttl = 255,
	                             .traffic_class = 0x28,
	                             .fields = {.error_estimate = 1,
	                                        .sender_sequence = 2,
	                                        .sender_timestamp = 77,
	                                        .sender_error_estimate = 5,
	                                        .sender_ttl = 64}};
}

static void expect(struct judgement judgement, enum load_fault fault, uint64_t detail)
{
	CU_ASSERT_EQUAL(judgement.fault, fault);
	if (fault != LOAD_FAULT_COUNT)
		CU_ASSERT_EQUAL(judgement.detail, detail);
}

static void expect_answer(enum load_fault fault, uint64_t detail)
{
	const struct load_flight *flight = judge_flight(&session, reply.fields.sender_sequence);

	expect(judge_answer(&session, &reply, flight), fault, detail);
}

static void expect_form(enum load_fault fault, uint64_t detail)
{
	expect(judge_form(&session, &reply, &flights[2]), fault, detail);
}

static void length_of_every_format(void)
{
	static const uint16_t least[] = {41, 112, 112};

	begin();
	for (enum test_mode mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		format.mode = mode;
		expect(judge_length(&session, (uint16_t)(least[mode] - 1)), LOAD_FAULT_TRUNCATED,
		       least[mode]);
		expect(judge_length(&session, least[mode]), LOAD_FAULT_COUNT, 0);
	}
	format.mode = TEST_UNAUTHENTICATED;
	format.peer = LOAD_PEER_SWAP;
	expect(judge_length(&session, 13), LOAD_FAULT_TRUNCATED, 14);
	expect(judge_length(&session, 14), LOAD_FAULT_COUNT, 0);
}

static void only_what_was_sent_is_answered(void)
{
	begin();
	expect_answer(LOAD_FAULT_COUNT, 0);
	reply.fields.sender_sequence = 6;
	expect_answer(LOAD_FAULT_UNKNOWN_SEQUENCE, 3);
	/* Nothing was ever sent in this place, though its number would fit. */
	reply.fields.sender_sequence = 0;
	expect_answer(LOAD_FAULT_UNKNOWN_SEQUENCE, 3);
	begin();
	reply.fields.sender_timestamp = 78;
	expect_answer(LOAD_FAULT_NOT_COPIED, 77);
	begin();
	reply.fields.sender_error_estimate = 4;
	expect_answer(LOAD_FAULT_NOT_COPIED, 77);
	reply.fields.error_estimate = 0xff00;
	expect_answer(LOAD_FAULT_ZERO_MULTIPLIER, 0);
	format.peer = LOAD_PEER_SWAP;
	expect_answer(LOAD_FAULT_NOT_COPIED, 77);
}

static void ttl_has_limits(void)
{
	begin();
	reply.fields.sender_ttl = 65;
	expect_form(LOAD_FAULT_SENDER_TTL, 64);
	reply.fields.sender_ttl = 255;
	expect_form(LOAD_FAULT_COUNT, 0);
	reply.fields.sender_ttl = 0;
	reply.ttl = 191;
	expect_form(LOAD_FAULT_COUNT, 0);
	reply.ttl = 190;
	expect_form(LOAD_FAULT_TTL, 191);
	format.peer = LOAD_PEER_SWAP;
	memcpy(payload + 14, padding, 86);
	expect_form(LOAD_FAULT_COUNT, 0);
}

static void dscp_without_ecn(void)
{
	begin();
	reply.traffic_class = 0x2b;
	expect_form(LOAD_FAULT_COUNT, 0);
	reply.traffic_class = 0x2c;
	expect_form(LOAD_FAULT_DSCP, 10);
}

static void padding_is_the_senders_or_zero(void)
{
	begin();
	payload[99] = 0;
	expect_form(LOAD_FAULT_PADDING, 99);
	payload[41] = 0;
	expect_form(LOAD_FAULT_PADDING, 41);
	memset(payload + HEADER, 0, 100 - HEADER);
	expect_form(LOAD_FAULT_COUNT, 0);
	payload[99] = 1;
	expect_form(LOAD_FAULT_PADDING, 41);
	format.reply_padding_any = true;
	expect_form(LOAD_FAULT_COUNT, 0);
	/* What is not cut is longer than the sender's, which ends before. */
	begin();
	memcpy(payload + HEADER, padding, 86);
	reply.length = 140;
	expect_form(LOAD_FAULT_LENGTH, 100);
	format.sizes[0].reply = 140;
	expect_form(LOAD_FAULT_COUNT, 0);
	/* A header alone. */
	format.sizes[0] = (struct load_size){.payload = 14, .reply = 41};
	reply.length = 41;
	expect_form(LOAD_FAULT_COUNT, 0);
}

static void every_reserved_octet_is_zero(void)
{
	static const uint8_t clear[] = {14, 15, 38, 39};
	unsigned faults = 0;

	begin();
	for (unsigned i = 0; i < HEADER; i++) {
		payload[i] = 1;
		faults += judge_form(&session, &reply, &flights[2]).fault == LOAD_FAULT_MBZ;
		payload[i] = 0;
	}
	CU_ASSERT_EQUAL(faults, sizeof(clear));
	for (unsigned i = 0; i < sizeof(clear); i++) {
		payload[clear[i]] = 1;
		expect_form(LOAD_FAULT_MBZ, clear[i] & ~1u);
		payload[clear[i]] = 0;
	}
	format.mode = TEST_ENCRYPTED;
	format.reflector_header_size = 112;
	format.sizes[0].reply = 112;
	reply.length = 112;
	faults = 0;
	memset(payload, 0, sizeof(payload));
	for (unsigned i = 0; i < 112; i++) {
		payload[i] = 1;
		faults += judge_form(&session, &reply, &flights[2]).fault == LOAD_FAULT_MBZ;
		payload[i] = 0;
	}
	CU_ASSERT_EQUAL(faults, 12 + 6 + 8 + 12 + 6 + 15);
}

static void turnaround_within_the_round_trip(void)
{
	expect(judge_turnaround(0, 1000), LOAD_FAULT_COUNT, 0);
	expect(judge_turnaround(-1, 1000), LOAD_FAULT_TURNAROUND, 1000);
	expect(judge_turnaround(3200000 + 200000, 3200000), LOAD_FAULT_COUNT, 0);
	expect(judge_turnaround(3200000 + 200001, 3200000), LOAD_FAULT_TURNAROUND, 3200000);
	expect(judge_turnaround(INT64_MAX / 2, 1), LOAD_FAULT_TURNAROUND, 1);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"length_of_every_format", length_of_every_format},
	        {"only_what_was_sent_is_answered", only_what_was_sent_is_answered},
	        {"ttl_has_limits", ttl_has_limits},
	        {"dscp_without_ecn", dscp_without_ecn},
	        {"padding_is_the_senders_or_zero", padding_is_the_senders_or_zero},
	        {"every_reserved_octet_is_zero", every_reserved_octet_is_zero},
	        {"turnaround_within_the_round_trip", turnaround_within_the_round_trip},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("load/judge", tests);
}
