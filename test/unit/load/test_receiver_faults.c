/* SPDX-License-Identifier: BSD-3-Clause */
/** Replies that break a rule, each rule in each mode: counted once, under the right name, and kept as they came. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "reply_world.h"
#include "unit.h"

static struct reply_world world;

/** Receives a faulty answer: the fault is counted once, and the packet as answered or not. */
static void expect_fault(const struct answer *answer, enum load_fault fault)
{
	const struct load_measures *measures = &world.measures;
	uint64_t faults = measures->faults[fault], answered = measures->answered;
	uint64_t wrong = load_measures_wrong(measures);

	CU_ASSERT_EQUAL(answer_receive(&world, answer), RECEIVED_TEST);
	CU_ASSERT_EQUAL(measures->faults[fault], faults + 1);
	CU_ASSERT_EQUAL(load_measures_wrong(measures), wrong + 1);
	CU_ASSERT_EQUAL(measures->answered, answered + !load_fault_refuses(fault));
	CU_ASSERT_EQUAL(world.measures.received, reply_world_counted(&world));
}

static bool is_swap(const struct load_session *session)
{
	return session->format->peer == LOAD_PEER_SWAP;
}

static void faults_of_every_packet(struct load_session *session)
{
	struct answer answer = answer_next(&world, session);

	answer.poke_summed = (uint16_t)(14 + (session->ipv6 ? 40 : 20) + 8 + 5);
	expect_fault(&answer, LOAD_FAULT_UDP_CHECKSUM);
	answer = answer_next(&world, session);
	answer.fields.sender_sequence += 1;
	expect_fault(&answer, LOAD_FAULT_UNKNOWN_SEQUENCE);
	answer = answer_next(&world, session);
	answer.fields.sender_timestamp ^= 1;
	expect_fault(&answer, LOAD_FAULT_NOT_COPIED);
	answer = answer_next(&world, session);
	answer.fields.sender_error_estimate ^= 0x8000;
	expect_fault(&answer, LOAD_FAULT_NOT_COPIED);
	answer = answer_next(&world, session);
	answer.traffic_class = (REPLY_WORLD_DSCP + 1) << 2;
	expect_fault(&answer, LOAD_FAULT_DSCP);
	answer = answer_next(&world, session);
	answer.length++;
	expect_fault(&answer, LOAD_FAULT_LENGTH);
	answer = answer_next(&world, session);
	answer.length_change = -1;
	expect_fault(&answer, LOAD_FAULT_TRUNCATED);
	do {
		answer = answer_next(&world, session);
	} while (answer.length != session->format->sizes[0].reply);
	answer.poke_plain = (uint16_t)(answer.length - 1);
	expect_fault(&answer, LOAD_FAULT_PADDING);
}

static void faults_of_a_reflector(struct load_session *session)
{
	bool secure = session->format->mode != TEST_UNAUTHENTICATED;
	static const uint16_t secure_mbz[] = {4, 15, 26, 31, 40, 47, 52, 63, 74, 79, 81, 95};
	static const uint16_t clear_mbz[] = {14, 15, 38, 39};
	struct answer answer = answer_next(&world, session);

	answer.fields.error_estimate = 0x8100;
	expect_fault(&answer, LOAD_FAULT_ZERO_MULTIPLIER);
	answer = answer_next(&world, session);
	answer.fields.sender_ttl = REPLY_WORLD_TTL + 1;
	expect_fault(&answer, LOAD_FAULT_SENDER_TTL);
	answer = answer_next(&world, session);
	answer.ttl = 255 - JUDGE_HOPS_MAX - 1;
	expect_fault(&answer, LOAD_FAULT_TTL);
	for (unsigned i = 0; i < (secure ? 12 : 4); i++) {
		answer = answer_next(&world, session);
		answer.poke_plain = secure ? secure_mbz[i] : clear_mbz[i];
		expect_fault(&answer, LOAD_FAULT_MBZ);
	}
	answer = answer_next(&world, session);
	answer.fields.sequence--;
	expect_fault(&answer, LOAD_FAULT_REFLECTOR_SEQUENCE);
	answer = answer_next(&world, session);
	answer.fields.sequence = 0xf0000000;
	expect_fault(&answer, LOAD_FAULT_REFLECTOR_SEQUENCE);
	answer = answer_next(&world, session);
	answer.fields.sequence += 100000;
	expect_fault(&answer, LOAD_FAULT_REFLECTOR_SEQUENCE);
	if (secure) {
		answer = answer_next(&world, session);
		answer.poke_sealed = 100;
		expect_fault(&answer, LOAD_FAULT_HMAC);
		answer = answer_next(&world, session);
		answer.poke_sealed = 5;
		expect_fault(&answer, LOAD_FAULT_HMAC);
	}
}

static void every_fault_is_told(void)
{
	for (unsigned i = 0; i < REPLY_WORLD_SESSIONS; i++) {
		reply_world_set_up(&world);
		struct answer answer = answer_next(&world, &world.array[i]);
		answer_receive(&world, &answer);
		faults_of_every_packet(&world.array[i]);
		if (!is_swap(&world.array[i]))
			faults_of_a_reflector(&world.array[i]);
		reply_world_tear_down(&world);
	}
}

static void expect_none(const struct answer *answer)
{
	uint64_t answered = world.measures.answered;

	answer_receive(&world, answer);
	CU_ASSERT_EQUAL(world.measures.answered, answered + 1);
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 0);
}

static void what_is_allowed_is_no_fault(void)
{
	reply_world_set_up(&world);
	struct answer answer = answer_next(&world, &world.array[0]);
	answer.no_checksum = true;
	expect_none(&answer);
	answer = answer_next(&world, &world.array[0]);
	answer.fields.sender_ttl = 255;
	answer.ttl = 255 - JUDGE_HOPS_MAX;
	expect_none(&answer);
	answer = answer_next(&world, &world.array[0]);
	answer.fields.sender_ttl = 1;
	answer.traffic_class |= 3;
	expect_none(&answer);
	answer = answer_next(&world, &world.array[0]);
	answer.fields.error_estimate = 0x4001;
	expect_none(&answer);
	CU_ASSERT_EQUAL(world.measures.unsynchronized, 1);
	/* IPv6 must have a checksum: RFC 8200 section 8.1. */
	answer = answer_next(&world, &world.array[1]);
	answer.no_checksum = true;
	expect_fault(&answer, LOAD_FAULT_UDP_CHECKSUM);
	reply_world_tear_down(&world);
}

static void lying_timestamps_break_nothing(void)
{
	static const uint64_t lies[] = {0,
	                                1,
	                                UINT64_MAX,
	                                UINT64_C(1) << 63,
	                                UINT64_C(1) << 62,
	                                UINT64_C(0xe8e7e6e500000000)};
	reply_world_set_up(&world);
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned k = 0; k < 6; k++) {
			struct answer answer = answer_next(&world, &world.array[0]);

			answer.fields.receive_timestamp = lies[i];
			answer.fields.timestamp = lies[k];
			answer_receive(&world, &answer);
		}
	}
	CU_ASSERT_EQUAL(world.measures.answered, 36);
	CU_ASSERT(world.measures.faults[LOAD_FAULT_TURNAROUND] > 20);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_RESPONSE].count, 36);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_RTT].count +
	                        world.measures.faults[LOAD_FAULT_TURNAROUND],
	                36);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_RTT].maximum,
	                REPLY_WORLD_ROUND_TRIP + 10);
	CU_ASSERT_EQUAL(world.measures.received, reply_world_counted(&world));
	reply_world_tear_down(&world);
}

static void forgotten_packets_are_unknown(void)
{
	reply_world_set_up(&world);
	struct load_session *session = &world.array[0];
	struct answer answer = answer_next(&world, session);
	for (unsigned i = 0; i < REPLY_WORLD_FLIGHTS; i++)
		reply_world_send(&world, session);
	expect_fault(&answer, LOAD_FAULT_UNKNOWN_SEQUENCE);
	/* In the next trial it is known to be old, forgotten or not; what was never sent is unknown as before. */
	receive_begin(session);
	CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_TEST);
	CU_ASSERT_EQUAL(world.measures.stale, 1);
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 1);
	answer.fields.sender_sequence = UINT32_C(0xdeadbeef);
	expect_fault(&answer, LOAD_FAULT_UNKNOWN_SEQUENCE);
	reply_world_tear_down(&world);
}

static void evidence_is_what_was_on_the_wire(void)
{
	uint8_t frame[REPLY_WORLD_FRAME_MAX], before[REPLY_WORLD_FRAME_MAX];
	static const enum load_fault faults[] = {LOAD_FAULT_NOT_COPIED, LOAD_FAULT_HMAC,
	                                         LOAD_FAULT_DSCP};
	reply_world_set_up(&world);
	world.receiver.evidence = evidence_create(4, REPLY_WORLD_FRAME_MAX);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world.receiver.evidence);
	for (unsigned i = 0; i < 3; i++) {
		struct answer answer = answer_next(&world, &world.array[4]);
		answer.fields.sender_timestamp ^= faults[i] == LOAD_FAULT_NOT_COPIED;
		answer.poke_sealed = faults[i] == LOAD_FAULT_HMAC ? 110 : 0;
		answer.traffic_class = faults[i] == LOAD_FAULT_DSCP ? 0 : answer.traffic_class;
		uint16_t length = answer_build(&world, &answer, frame);
		struct received_frame received = {
		        .octets = frame, .length = length, .arrival_tsc = world.now};
		memcpy(before, frame, length);
		receive_burst(&world.receiver, &received, 1);
		struct evidence_entry entry = evidence_get(world.receiver.evidence, i);
		CU_ASSERT(entry.fault == faults[i] && entry.session == 4 && entry.sequence == i);
		CU_ASSERT_FATAL(entry.length == length);
		CU_ASSERT_EQUAL(memcmp(entry.frame, before, length), 0);
		CU_ASSERT_EQUAL(entry.received_ntp, tsc_clock_read(&world.clock, world.now).ntp);
	}
	CU_ASSERT_EQUAL(evidence_count(world.receiver.evidence), 3);
	reply_world_tear_down(&world);
}

static void damage(struct answer *answer)
{
	switch (rand() % 16) {
	case 0:
		answer->poke_plain = (uint16_t)(1 + rand() % 100);
		break;
	case 1:
		answer->poke_sealed = (uint16_t)(1 + rand() % 100);
		break;
	case 2:
		answer->poke_summed = (uint16_t)(1 + rand() % 100);
		break;
	case 3:
		answer->length_change = (int16_t) - (rand() % 40);
		break;
	case 4:
		answer->fields.sender_sequence -= (uint32_t)rand() % 400;
		break;
	case 5:
		answer->fields.sequence += (uint32_t)rand() % 5;
		break;
	case 6:
		answer->fields.timestamp -= (uint64_t)rand() << 10;
		break;
	default:
		break;
	}
}

/** Every frame of whatever kind is counted once; what can't be told apart from a right reply is one. */
static void sums_add_up(void)
{
	static uint8_t frames[RECEIVE_BURST_MAX][REPLY_WORLD_FRAME_MAX];
	struct received_frame burst[RECEIVE_BURST_MAX];
	uint64_t given = 0;

	reply_world_set_up(&world);
	world.receiver.evidence = evidence_create(2, 64);
	srand(5);
	for (unsigned round = 0; round < 500; round++) {
		unsigned count = (unsigned)rand() % (RECEIVE_BURST_MAX + 1);
		for (unsigned i = 0; i < count; i++) {
			struct load_session *session =
			        &world.array[rand() % (int)REPLY_WORLD_SESSIONS];
			if (rand() % 50 == 0)
				receive_begin(session);
			if (rand() % 50 == 0)
				receive_count_from_here(session);
			struct answer answer = answer_next(&world, session);
			if (rand() % 20 == 0)
				world.now += REPLY_WORLD_TIMEOUT;
			damage(&answer);
			uint16_t length = answer_build(&world, &answer, frames[i]);
			burst[i] = (struct received_frame){
			        .octets = frames[i], .length = length, .arrival_tsc = world.now};
		}
		receive_burst(&world.receiver, burst, count);
		given += count;
		CU_ASSERT_EQUAL(world.measures.received, reply_world_counted(&world));
		CU_ASSERT_EQUAL(world.measures.received + world.measures.other, given);
	}
	CU_ASSERT(world.measures.answered > 0 && world.measures.stale > 0 &&
	          world.measures.warm_up > 0 && world.measures.late > 0);
	reply_world_tear_down(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every_fault_is_told", every_fault_is_told},
	        {"what_is_allowed_is_no_fault", what_is_allowed_is_no_fault},
	        {"lying_timestamps_break_nothing", lying_timestamps_break_nothing},
	        {"forgotten_packets_are_unknown", forgotten_packets_are_unknown},
	        {"evidence_is_what_was_on_the_wire", evidence_is_what_was_on_the_wire},
	        {"sums_add_up", sums_add_up},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("load/receiver-faults", tests);
}
