/* SPDX-License-Identifier: BSD-3-Clause */
/** Right replies: what they measure, and which packets they count for; faults are test_receiver_faults.c's. */
#include <string.h>

#include "reply_world.h"
#include "unit.h"

static struct reply_world world;

/** A long test passes half of the sequence numbers, and then all of them: its packets count on. */
static void days_of_packets_count(void)
{
	static const uint64_t sent[] = {0, UINT64_C(1) << 31, UINT32_MAX, UINT64_C(5) << 32};

	reply_world_set_up(&world);
	for (unsigned i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		struct load_session *session = &world.array[0];

		session->next_sequence = session->highest_answered = sent[i];
		session->reflector_next = sent[i];
		for (unsigned k = 0; k < 3; k++) {
			struct answer answer = answer_next(&world, session);

			CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_TEST);
			CU_ASSERT_EQUAL(world.measures.answered, 3 * i + k + 1);
			CU_ASSERT_EQUAL(session->highest_answered, sent[i] + k + 1);
		}
		CU_ASSERT_EQUAL(receive_loss(session).sent, sent[i] + 3);
	}
	CU_ASSERT_EQUAL(world.measures.stale, 0);
	CU_ASSERT_EQUAL(world.measures.reordered, 0);
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 0);
	CU_ASSERT_EQUAL(world.measures.received, reply_world_counted(&world));
	reply_world_tear_down(&world);
}

static void every_mode_is_answered(void)
{
	reply_world_set_up(&world);
	for (unsigned i = 0; i < REPLY_WORLD_SESSIONS; i++) {
		for (unsigned k = 0; k < 4; k++) {
			struct answer answer = answer_next(&world, &world.array[i]);

			answer.zero_padding = k >= 2;
			CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_TEST);
			CU_ASSERT_EQUAL(world.measures.answered, 4 * i + k + 1);
		}
	}
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 0);
	CU_ASSERT_EQUAL(world.measures.received, reply_world_counted(&world));
	reply_world_tear_down(&world);
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
	reply_world_set_up(&world);
	struct answer answer = answer_next(&world, &world.array[0]);
	answer_receive(&world, &answer);
	expect_only(LOAD_RESPONSE, REPLY_WORLD_ROUND_TRIP + 10, 0);
	expect_only(LOAD_RTT, REPLY_WORLD_ROUND_TRIP + 10 - 50, 1);
	expect_only(LOAD_RTT_SENT, REPLY_WORLD_ROUND_TRIP - 50, 1);
	expect_only(LOAD_TURNAROUND, 50, 1);
	expect_only(LOAD_FORWARD, 100, 1);
	expect_only(LOAD_BACKWARD, REPLY_WORLD_ROUND_TRIP - 150, 1);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_DELAY_VARIATION].count, 0);
	world.now += 7;
	uint32_t sequence = reply_world_send(&world, &world.array[0]);
	world.now += REPLY_WORLD_ROUND_TRIP + 23;
	answer = answer_make(&world, &world.array[0], sequence, 1);
	answer_receive(&world, &answer);
	expect_only(LOAD_DELAY_VARIATION, 23, 1);
	/* It is no less when the next one is faster. */
	sequence = reply_world_send(&world, &world.array[0]);
	world.now += REPLY_WORLD_ROUND_TRIP + 3;
	answer = answer_make(&world, &world.array[0], sequence, 2);
	answer_receive(&world, &answer);
	const struct histogram *variation = &world.measures.distributions[LOAD_DELAY_VARIATION];
	CU_ASSERT(variation->count == 2 && variation->negative == 0);
	CU_ASSERT(variation->minimum >= 19 && variation->minimum <= 21);
	/* After a lost one there is no pair. */
	(void)reply_world_send(&world, &world.array[0]);
	answer = answer_next(&world, &world.array[0]);
	answer_receive(&world, &answer);
	CU_ASSERT_EQUAL(variation->count, 2);
	CU_ASSERT_EQUAL(world.measures.unsynchronized, 0);
	CU_ASSERT_EQUAL(world.measures.error_maximum_ns,
	                error_estimate_to_ns(REPLY_WORLD_ESTIMATE) + error_estimate_to_ns(0x8203));
	reply_world_tear_down(&world);
}

static void swapped_packets_have_no_turnaround(void)
{
	reply_world_set_up(&world);
	struct answer answer = answer_next(&world, &world.array[REPLY_WORLD_SWAP]);
	answer_receive(&world, &answer);
	expect_only(LOAD_RTT, REPLY_WORLD_ROUND_TRIP + 10, 0);
	expect_only(LOAD_RTT_SENT, REPLY_WORLD_ROUND_TRIP, 0);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_TURNAROUND].count, 0);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_FORWARD].count, 0);
	reply_world_tear_down(&world);
}

/* Classes. */

static void a_late_reply_is_lost(void)
{
	reply_world_set_up(&world);
	struct load_session *session = &world.array[0];
	struct answer answer = answer_next(&world, session);
	world.now += REPLY_WORLD_TIMEOUT;
	answer_receive(&world, &answer);
	CU_ASSERT(world.measures.late == 1 && world.measures.answered == 0);
	CU_ASSERT_EQUAL(world.measures.distributions[LOAD_RTT].count, 0);
	struct session_loss loss = receive_loss(session);
	CU_ASSERT(loss.sent == 1 && loss.answered == 0 && loss.backward == 1 && loss.unknown == 0);
	answer_receive(&world, &answer);
	CU_ASSERT_EQUAL(world.measures.duplicates, 1);
	CU_ASSERT_EQUAL(world.measures.received, reply_world_counted(&world));
	reply_world_tear_down(&world);
}

static void duplicates_are_told_by_direction(void)
{
	reply_world_set_up(&world);
	struct load_session *session = &world.array[4];
	struct answer answer = answer_next(&world, session);
	answer_receive(&world, &answer);
	answer_receive(&world, &answer);
	CU_ASSERT(world.measures.duplicates == 1 && world.measures.duplicates_forward == 0);
	answer.fields.sequence = 1;
	answer_receive(&world, &answer);
	CU_ASSERT(world.measures.duplicates == 2 && world.measures.duplicates_forward == 1);
	answer_receive(&world, &answer);
	CU_ASSERT(world.measures.duplicates == 3 && world.measures.duplicates_forward == 1);
	CU_ASSERT(world.measures.answered == 1 && load_measures_wrong(&world.measures) == 0);
	CU_ASSERT_EQUAL(world.measures.received, reply_world_counted(&world));
	reply_world_tear_down(&world);
}

/** The reflector's number of a packet that was doubled before it is none of a packet whose reply got lost. */
static void a_double_on_the_way_there_is_no_loss_on_the_way_back(void)
{
	reply_world_set_up(&world);
	struct load_session *session = &world.array[0];
	struct answer answer = answer_next(&world, session);
	answer_receive(&world, &answer);
	answer.fields.sequence = 1;
	answer_receive(&world, &answer);
	CU_ASSERT_EQUAL(world.measures.duplicates_forward, 1);
	/* One never gets there; the reflector's third is the next one's. */
	(void)reply_world_send(&world, session);
	answer = answer_make(&world, session, reply_world_send(&world, session), 2);
	world.now += REPLY_WORLD_ROUND_TRIP;
	answer_receive(&world, &answer);
	struct session_loss loss = receive_loss(session);
	CU_ASSERT(loss.forward == 1 && loss.backward == 0 && loss.unknown == 0);
	reply_world_tear_down(&world);
}

static void other_trials_and_warm_ups_do_not_count(void)
{
	reply_world_set_up(&world);
	struct load_session *session = &world.array[0];
	uint32_t first = reply_world_send(&world, session);
	struct answer stale = answer_make(&world, session, first, 0);
	receive_begin(session);
	uint32_t second = reply_world_send(&world, session);
	struct answer warm_up = answer_make(&world, session, second, 1);
	receive_count_from_here(session);
	uint32_t third = reply_world_send(&world, session);
	struct answer counted = answer_make(&world, session, third, 2);
	world.now += REPLY_WORLD_ROUND_TRIP;
	answer_receive(&world, &stale);
	answer_receive(&world, &warm_up);
	answer_receive(&world, &counted);
	CU_ASSERT(world.measures.stale == 1 && world.measures.warm_up == 1);
	CU_ASSERT(world.measures.answered == 1 && world.measures.duplicates == 0);
	struct session_loss loss = receive_loss(session);
	CU_ASSERT(loss.sent == 1 && loss.answered == 1 && loss.unknown == 0);
	CU_ASSERT_EQUAL(world.measures.received, reply_world_counted(&world));
	reply_world_tear_down(&world);
}

static void reordering_by_direction_and_extent(void)
{
	reply_world_set_up(&world);
	struct load_session *session = &world.array[0];
	struct answer answers[4];
	for (unsigned i = 0; i < 4; i++)
		answers[i] = answer_make(&world, session, reply_world_send(&world, session), i);
	world.now += REPLY_WORLD_ROUND_TRIP;
	/* 1, 2, 3, 0: the last is overtaken by three, on the way back. */
	for (unsigned i = 1; i < 4; i++)
		answer_receive(&world, &answers[i]);
	answer_receive(&world, &answers[0]);
	CU_ASSERT(world.measures.reordered == 1 && world.measures.reordered_forward == 0);
	CU_ASSERT_EQUAL(world.measures.reordering_extent, 3);
	/* The second overtakes the first on the way there. */
	struct answer before = answer_make(&world, session, reply_world_send(&world, session), 5);
	struct answer after = answer_make(&world, session, reply_world_send(&world, session), 4);
	world.now += REPLY_WORLD_ROUND_TRIP;
	answer_receive(&world, &after);
	answer_receive(&world, &before);
	CU_ASSERT(world.measures.reordered == 2 && world.measures.reordered_forward == 1);
	CU_ASSERT_EQUAL(world.measures.reordering_extent, 3);
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 0);
	reply_world_tear_down(&world);
}

/* What is no reply of ours. */

static void others_frames_are_left_alone(void)
{
	static const uint8_t station[6] = {2, 0, 0, 0, 0, 9};
	reply_world_set_up(&world);
	struct answer answer = answer_next(&world, &world.array[0]);
	struct load_session foreign = world.array[0];
	answer.session = &foreign;
	foreign.core.flow.destination_port ^= 0x0100;
	CU_ASSERT_EQUAL(answer_receive(&world, &answer), RECEIVED_TEST);
	CU_ASSERT_EQUAL(world.measures.faults[LOAD_FAULT_FOREIGN], 1);
	CU_ASSERT_EQUAL(load_measures_wrong(&world.measures), 0);
	CU_ASSERT_EQUAL(world.measures.received, reply_world_counted(&world));
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
	reply_world_tear_down(&world);
}

static void anothers_sessions_are_handed_over(void)
{
	uint8_t frame[REPLY_WORLD_FRAME_MAX], before[REPLY_WORLD_FRAME_MAX];
	reply_world_set_up(&world);
	struct answer answer = answer_next(&world, &world.array[4]);
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
	reply_world_tear_down(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every_mode_is_answered", every_mode_is_answered},
	        {"days_of_packets_count", days_of_packets_count},
	        {"delays_are_told", delays_are_told},
	        {"swapped_packets_have_no_turnaround", swapped_packets_have_no_turnaround},
	        {"a_late_reply_is_lost", a_late_reply_is_lost},
	        {"duplicates_are_told_by_direction", duplicates_are_told_by_direction},
	        {"a double on the way there", a_double_on_the_way_there_is_no_loss_on_the_way_back},
	        {"other_trials_and_warm_ups_do_not_count", other_trials_and_warm_ups_do_not_count},
	        {"reordering_by_direction_and_extent", reordering_by_direction_and_extent},
	        {"others_frames_are_left_alone", others_frames_are_left_alone},
	        {"anothers_sessions_are_handed_over", anothers_sessions_are_handed_over},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("load/receiver", tests);
}
