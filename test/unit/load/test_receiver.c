/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "reply_world.h"
#include "unit.h"

#define ROUND_TRIP 400u

static struct reply_world world;

static void begin(void)
{
	reply_world_set_up(&world);
}

static void end(void)
{
	if (world.receiver.evidence != NULL)
		evidence_destroy(world.receiver.evidence);
	reply_world_tear_down(&world);
}

static uint64_t sum_of(const struct load_measures *measures)
{
	return measures->answered + measures->late + measures->duplicates + measures->stale +
	       measures->warm_up + load_measures_refused(measures);
}

static void expect_sums(void)
{
	CU_ASSERT_EQUAL(world.measures.received, sum_of(&world.measures));
}

/** Sends one packet and answers it; the test may change the answer before. */
static struct answer next_answer(struct load_session *session)
{
	uint32_t sequence = reply_world_send(&world, session);

	world.now += ROUND_TRIP;
	return answer_make(&world, session, sequence, (uint32_t)session->reflector_next);
}

/** A long test passes half of the sequence numbers, and then all of them: its packets count on. */
static void days_of_packets_count(void)
{
	static const uint64_t sent[] = {0, UINT64_C(1) << 31, UINT32_MAX, UINT64_C(5) << 32};

	begin();
	for (unsigned i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		struct load_session *session = &world.array[0];

		session->next_sequence = session->highest_answered = sent[i];
		session->reflector_next = sent[i];
		for (unsigned k = 0; k < 3; k++) {
			struct answer answer = next_answer(session);

			CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_TEST);
			CU_ASSERT_EQUAL(world.measures.answered, 3 * i + k + 1);
			CU_ASSERT_EQUAL(session->highest_answered, sent[i] + k + 1);
		}
		CU_ASSERT_EQUAL(receive_loss(session).sent, sent[i] + 3);
	}
	CU_ASSERT_EQUAL(world.measures.stale, 0);
	CU_ASSERT_EQUAL(world.measures.reordered, 0);
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 0);
	expect_sums();
	end();
}

static void every_mode_is_answered(void)
{
	begin();
	for (unsigned i = 0; i < REPLY_WORLD_SESSIONS; i++) {
		for (unsigned k = 0; k < 4; k++) {
			struct answer answer = next_answer(&world.array[i]);

			answer.zero_padding = k >= 2;
			CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_TEST);
			CU_ASSERT_EQUAL(world.measures.answered, 4 * i + k + 1);
		}
	}
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 0);
	expect_sums();
	end();
}

static void expect_only(enum load_distribution distribution, uint64_t value, uint64_t tolerance)
{
	const struct histogram *histogram = &world.measures.distributions[distribution];

	CU_ASSERT_EQUAL(histogram->count, 1);
	CU_ASSERT(histogram->minimum + tolerance >= value &&
	          histogram->maximum <= value + tolerance);
}

static void delays_are_told(void)
{
	begin();
	struct answer answer = next_answer(&world.array[0]);
	answer_receive(&world, &answer);
	expect_only(LOAD_RESPONSE, ROUND_TRIP + 10, 0);
	expect_only(LOAD_RTT, ROUND_TRIP + 10 - 50, 1);
	expect_only(LOAD_RTT_SENT, ROUND_TRIP - 50, 1);
	expect_only(LOAD_TURNAROUND, 50, 1);
	expect_only(LOAD_FORWARD, 100, 1);
	expect_only(LOAD_BACKWARD, ROUND_TRIP - 150, 1);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_DELAY_VARIATION].count, 0);
	world.now += 7;
	uint32_t sequence = reply_world_send(&world, &world.array[0]);
	world.now += ROUND_TRIP + 23;
	answer = answer_make(&world, &world.array[0], sequence, 1);
	answer_receive(&world, &answer);
	expect_only(LOAD_DELAY_VARIATION, 23, 1);
	/* After a lost one there is no pair. */
	(void)reply_world_send(&world, &world.array[0]);
	answer = next_answer(&world.array[0]);
	answer_receive(&world, &answer);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_DELAY_VARIATION].count, 1);
	CU_ASSERT_EQUAL(world.measures.unsynchronized, 0);
	CU_ASSERT_EQUAL(world.measures.error_maximum_ns,
	                error_estimate_to_ns(REPLY_WORLD_ESTIMATE) + error_estimate_to_ns(0x8203));
	end();
}

static void swapped_packets_have_no_turnaround(void)
{
	begin();
	struct answer answer = next_answer(&world.array[REPLY_WORLD_SWAP]);
	answer_receive(&world, &answer);
	expect_only(LOAD_RTT, ROUND_TRIP + 10, 0);
	expect_only(LOAD_RTT_SENT, ROUND_TRIP, 0);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_TURNAROUND].count, 0);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_FORWARD].count, 0);
	end();
}

/* Faults. */

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
	expect_sums();
}

static bool is_swap(const struct load_session *session)
{
	return session->format->peer == LOAD_PEER_SWAP;
}

static void faults_of_every_packet(struct load_session *session)
{
	struct answer answer = next_answer(session);

	answer.poke_summed = (uint16_t)(14 + (session->ipv6 ? 40 : 20) + 8 + 5);
	expect_fault(&answer, LOAD_FAULT_UDP_CHECKSUM);
	answer = next_answer(session);
	answer.fields.sender_sequence += 1;
	expect_fault(&answer, LOAD_FAULT_UNKNOWN_SEQUENCE);
	answer = next_answer(session);
	answer.fields.sender_timestamp ^= 1;
	expect_fault(&answer, LOAD_FAULT_NOT_COPIED);
	answer = next_answer(session);
	answer.fields.sender_error_estimate ^= 0x8000;
	expect_fault(&answer, LOAD_FAULT_NOT_COPIED);
	answer = next_answer(session);
	answer.traffic_class = (REPLY_WORLD_DSCP + 1) << 2;
	expect_fault(&answer, LOAD_FAULT_DSCP);
	answer = next_answer(session);
	answer.length++;
	expect_fault(&answer, LOAD_FAULT_LENGTH);
	answer = next_answer(session);
	answer.length_change = -1;
	expect_fault(&answer, LOAD_FAULT_TRUNCATED);
	do {
		answer = next_answer(session);
	} while (answer.length != session->format->sizes[0].reply);
	answer.poke_plain = (uint16_t)(answer.length - 1);
	expect_fault(&answer, LOAD_FAULT_PADDING);
}

static void faults_of_a_reflector(struct load_session *session)
{
	bool secure = session->format->mode != TEST_UNAUTHENTICATED;
	static const uint16_t secure_mbz[] = {4, 15, 26, 31, 40, 47, 52, 63, 74, 79, 81, 95};
	static const uint16_t clear_mbz[] = {14, 15, 38, 39};
	struct answer answer = next_answer(session);

	answer.fields.error_estimate = 0x8100;
	expect_fault(&answer, LOAD_FAULT_ZERO_MULTIPLIER);
	answer = next_answer(session);
	answer.fields.sender_ttl = REPLY_WORLD_TTL + 1;
	expect_fault(&answer, LOAD_FAULT_SENDER_TTL);
	answer = next_answer(session);
	answer.ttl = 255 - JUDGE_HOPS_MAX - 1;
	expect_fault(&answer, LOAD_FAULT_TTL);
	for (unsigned i = 0; i < (secure ? 12 : 4); i++) {
		answer = next_answer(session);
		answer.poke_plain = secure ? secure_mbz[i] : clear_mbz[i];
		expect_fault(&answer, LOAD_FAULT_MBZ);
	}
	answer = next_answer(session);
	answer.fields.sequence--;
	expect_fault(&answer, LOAD_FAULT_REFLECTOR_SEQUENCE);
	answer = next_answer(session);
	answer.fields.sequence = 0xf0000000;
	expect_fault(&answer, LOAD_FAULT_REFLECTOR_SEQUENCE);
	answer = next_answer(session);
	answer.fields.sequence += 100000;
	expect_fault(&answer, LOAD_FAULT_REFLECTOR_SEQUENCE);
	if (secure) {
		answer = next_answer(session);
		answer.poke_sealed = 100;
		expect_fault(&answer, LOAD_FAULT_HMAC);
		answer = next_answer(session);
		answer.poke_sealed = 5;
		expect_fault(&answer, LOAD_FAULT_HMAC);
	}
}

static void every_fault_is_told(void)
{
	for (unsigned i = 0; i < REPLY_WORLD_SESSIONS; i++) {
		begin();
		struct answer answer = next_answer(&world.array[i]);
		answer_receive(&world, &answer);
		faults_of_every_packet(&world.array[i]);
		if (!is_swap(&world.array[i]))
			faults_of_a_reflector(&world.array[i]);
		end();
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
	begin();
	struct answer answer = next_answer(&world.array[0]);
	answer.no_checksum = true;
	expect_none(&answer);
	answer = next_answer(&world.array[0]);
	answer.fields.sender_ttl = 255;
	answer.ttl = 255 - JUDGE_HOPS_MAX;
	expect_none(&answer);
	answer = next_answer(&world.array[0]);
	answer.fields.sender_ttl = 1;
	answer.traffic_class |= 3;
	expect_none(&answer);
	answer = next_answer(&world.array[0]);
	answer.fields.error_estimate = 0x4001;
	expect_none(&answer);
	CU_ASSERT_EQUAL(world.measures.unsynchronized, 1);
	/* IPv6 must have a checksum: RFC 8200 section 8.1. */
	answer = next_answer(&world.array[1]);
	answer.no_checksum = true;
	expect_fault(&answer, LOAD_FAULT_UDP_CHECKSUM);
	end();
}

static void lying_timestamps_break_nothing(void)
{
	static const uint64_t lies[] = {0,
	                                1,
	                                UINT64_MAX,
	                                UINT64_C(1) << 63,
	                                UINT64_C(1) << 62,
	                                UINT64_C(0xe8e7e6e500000000)};
	begin();
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned k = 0; k < 6; k++) {
			struct answer answer = next_answer(&world.array[0]);

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
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_RTT].maximum, ROUND_TRIP + 10);
	expect_sums();
	end();
}

/* Classes. */

static void a_late_reply_is_lost(void)
{
	begin();
	struct load_session *session = &world.array[0];
	struct answer answer = next_answer(session);
	world.now += REPLY_WORLD_TIMEOUT;
	answer_receive(&world, &answer);
	CU_ASSERT(world.measures.late == 1 && world.measures.answered == 0);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_RTT].count, 0);
	struct session_loss loss = receive_loss(session);
	CU_ASSERT(loss.sent == 1 && loss.answered == 0 && loss.backward == 1 && loss.unknown == 0);
	answer_receive(&world, &answer);
	CU_ASSERT_EQUAL(world.measures.duplicates, 1);
	expect_sums();
	end();
}

static void duplicates_are_told_by_direction(void)
{
	begin();
	struct load_session *session = &world.array[4];
	struct answer answer = next_answer(session);
	answer_receive(&world, &answer);
	answer_receive(&world, &answer);
	CU_ASSERT(world.measures.duplicates == 1 && world.measures.duplicates_forward == 0);
	answer.fields.sequence = 1;
	answer_receive(&world, &answer);
	CU_ASSERT(world.measures.duplicates == 2 && world.measures.duplicates_forward == 1);
	answer_receive(&world, &answer);
	CU_ASSERT(world.measures.duplicates == 3 && world.measures.duplicates_forward == 1);
	CU_ASSERT(world.measures.answered == 1 && load_measures_wrong(&world.measures) == 0);
	expect_sums();
	end();
}

static void other_trials_and_warm_ups_do_not_count(void)
{
	begin();
	struct load_session *session = &world.array[0];
	uint32_t first = reply_world_send(&world, session);
	struct answer stale = answer_make(&world, session, first, 0);
	receive_begin(session);
	uint32_t second = reply_world_send(&world, session);
	struct answer warm_up = answer_make(&world, session, second, 1);
	receive_count_from_here(session);
	uint32_t third = reply_world_send(&world, session);
	struct answer counted = answer_make(&world, session, third, 2);
	world.now += ROUND_TRIP;
	answer_receive(&world, &stale);
	answer_receive(&world, &warm_up);
	answer_receive(&world, &counted);
	CU_ASSERT(world.measures.stale == 1 && world.measures.warm_up == 1);
	CU_ASSERT(world.measures.answered == 1 && world.measures.duplicates == 0);
	struct session_loss loss = receive_loss(session);
	CU_ASSERT(loss.sent == 1 && loss.answered == 1 && loss.unknown == 0);
	expect_sums();
	end();
}

static void forgotten_packets_are_unknown(void)
{
	begin();
	struct load_session *session = &world.array[0];
	struct answer answer = next_answer(session);
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
	end();
}

static void reordering_by_direction_and_extent(void)
{
	begin();
	struct load_session *session = &world.array[0];
	struct answer answers[4];
	for (unsigned i = 0; i < 4; i++)
		answers[i] = answer_make(&world, session, reply_world_send(&world, session), i);
	world.now += ROUND_TRIP;
	/* 1, 2, 3, 0: the last is overtaken by three, on the way back. */
	for (unsigned i = 1; i < 4; i++)
		answer_receive(&world, &answers[i]);
	answer_receive(&world, &answers[0]);
	CU_ASSERT(world.measures.reordered == 1 && world.measures.reordered_forward == 0);
	CU_ASSERT_EQUAL(world.measures.reordering_extent, 3);
	/* The second overtakes the first on the way there. */
	struct answer before = answer_make(&world, session, reply_world_send(&world, session), 5);
	struct answer after = answer_make(&world, session, reply_world_send(&world, session), 4);
	world.now += ROUND_TRIP;
	answer_receive(&world, &after);
	answer_receive(&world, &before);
	CU_ASSERT(world.measures.reordered == 2 && world.measures.reordered_forward == 1);
	CU_ASSERT_EQUAL(world.measures.reordering_extent, 3);
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 0);
	end();
}

/* What is no reply of ours. */

static void others_frames_are_left_alone(void)
{
	static const uint8_t station[6] = {2, 0, 0, 0, 0, 9};
	begin();
	struct answer answer = next_answer(&world.array[0]);
	struct load_session foreign = world.array[0];
	answer.session = &foreign;
	foreign.core.flow.destination_port ^= 0x0100;
	CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_TEST);
	CU_ASSERT_EQUAL(world.measures.faults[LOAD_FAULT_FOREIGN], 1);
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 0);
	expect_sums();
	foreign.core.flow.destination[15] = 77;
	CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_OTHER);
	foreign.core.flow = world.array[0].core.flow;
	foreign.core.flow.destination_port = 7;
	CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_OTHER);
	CU_ASSERT_EQUAL(world.measures.other, 2);
	foreign.core.flow = world.array[0].core.flow;
	world.receiver.station = station;
	CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_TEST);
	CU_ASSERT_EQUAL(world.measures.other, 3);
	world.receiver.station = NULL;
	CU_ASSERT_EQUAL(world.measures.received, 1);
	end();
}

static void anothers_sessions_are_handed_over(void)
{
	uint8_t frame[REPLY_WORLD_FRAME_MAX], before[REPLY_WORLD_FRAME_MAX];
	begin();
	struct answer answer = next_answer(&world.array[4]);
	uint16_t length = answer_build(&world, &answer, frame);
	struct received_frame received = {
	        .octets = frame, .length = length, .arrival_tsc = world.now};
	memcpy(before, frame, length);
	world.array[4].owner = 3;
	receive_burst(&world.receiver, &received, 1);
	CU_ASSERT(received.as == RECEIVED_ELSEWHERE && received.owner == 3);
	CU_ASSERT_EQUAL(memcmp(frame, before, length), 0);
	CU_ASSERT(world.measures.handed_over == 1 && world.measures.received == 0);
	world.receiver.core = 3;
	receive_burst(&world.receiver, &received, 1);
	CU_ASSERT(received.as == RECEIVED_TEST && world.measures.answered == 1);
	end();
}

/* Bursts. */

static void evidence_is_what_was_on_the_wire(void)
{
	uint8_t frame[REPLY_WORLD_FRAME_MAX], before[REPLY_WORLD_FRAME_MAX];
	static const enum load_fault faults[] = {LOAD_FAULT_NOT_COPIED, LOAD_FAULT_HMAC,
	                                         LOAD_FAULT_DSCP};
	begin();
	world.receiver.evidence = evidence_create(4, REPLY_WORLD_FRAME_MAX);
	CU_ASSERT_PTR_NOT_NULL_FATAL(world.receiver.evidence);
	for (unsigned i = 0; i < 3; i++) {
		struct answer answer = next_answer(&world.array[4]);
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
	end();
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

	begin();
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
			struct answer answer = next_answer(session);
			if (rand() % 20 == 0)
				world.now += REPLY_WORLD_TIMEOUT;
			damage(&answer);
			uint16_t length = answer_build(&world, &answer, frames[i]);
			burst[i] = (struct received_frame){
			        .octets = frames[i], .length = length, .arrival_tsc = world.now};
		}
		receive_burst(&world.receiver, burst, count);
		given += count;
		expect_sums();
		CU_ASSERT_EQUAL(world.measures.received + world.measures.other, given);
	}
	CU_ASSERT(world.measures.answered > 0 && world.measures.stale > 0 &&
	          world.measures.warm_up > 0 && world.measures.late > 0);
	end();
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every_mode_is_answered", every_mode_is_answered},
	        {"days_of_packets_count", days_of_packets_count},
	        {"delays_are_told", delays_are_told},
	        {"swapped_packets_have_no_turnaround", swapped_packets_have_no_turnaround},
	        {"every_fault_is_told", every_fault_is_told},
	        {"what_is_allowed_is_no_fault", what_is_allowed_is_no_fault},
	        {"lying_timestamps_break_nothing", lying_timestamps_break_nothing},
	        {"a_late_reply_is_lost", a_late_reply_is_lost},
	        {"duplicates_are_told_by_direction", duplicates_are_told_by_direction},
	        {"other_trials_and_warm_ups_do_not_count", other_trials_and_warm_ups_do_not_count},
	        {"forgotten_packets_are_unknown", forgotten_packets_are_unknown},
	        {"reordering_by_direction_and_extent", reordering_by_direction_and_extent},
	        {"others_frames_are_left_alone", others_frames_are_left_alone},
	        {"anothers_sessions_are_handed_over", anothers_sessions_are_handed_over},
	        {"evidence_is_what_was_on_the_wire", evidence_is_what_was_on_the_wire},
	        {"sums_add_up", sums_add_up},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("load/receiver", tests);
}
