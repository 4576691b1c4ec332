/* SPDX-License-Identifier: BSD-3-Clause */
/** Where counting begins and ends, and numbers that go round or break the rule; what happens on a path is test_loss_simulation.c's. */
#include <string.h>

#include "loss.h"
#include "receiver.h"
#include "unit.h"

static struct load_group_format format;

static struct load_session *begin(void)
{
	static struct load_session session;

	memset(&format, 0, sizeof(format));
	memset(&session, 0, sizeof(session));
	session.format = &format;
	session.flight_mask = 511;
	receive_begin(&session);
	return &session;
}

/* Begin and end of what counts. */

static void answer(struct load_session *session, uint32_t sequence, uint32_t number)
{
	CU_ASSERT_EQUAL(loss_note_number(session, number), LOSS_NUMBER_NEW);
	loss_note_first(session, load_session_sequence(session, sequence), number);
}

static void expect_loss(const struct load_session *session, uint64_t forward, uint64_t backward,
                        uint64_t unknown)
{
	struct session_loss loss = receive_loss(session);

	CU_ASSERT_EQUAL(loss.forward, forward);
	CU_ASSERT_EQUAL(loss.backward, backward);
	CU_ASSERT_EQUAL(loss.unknown, unknown);
}

/** Packets 0 to 9 are the warm-up, 10 to 19 count. */
static void the_warm_up_is_left_out(void)
{
	struct load_session *session = begin();

	session->next_sequence = 10;
	receive_count_from_here(session);
	session->next_sequence = 20;
	answer(session, 5, 3); /* of 0 to 4 two never got there */
	answer(session, 9, 6); /* of 6 to 8 one did not */
	answer(session, 12, 8);
	answer(session, 17, 10);
	/* 10, 11: one got there, as 7. 13 to 16: one did, as 9. */
	expect_loss(session, 4, 2, 2);
	answer(session, 19, 11);
	expect_loss(session, 5, 2, 0);
}

static void without_the_warm_ups_last_the_beginning_is_unknown(void)
{
	struct load_session *session = begin();

	session->next_sequence = 10;
	receive_count_from_here(session);
	session->next_sequence = 20;
	answer(session, 8, 8);
	answer(session, 12, 10);
	answer(session, 19, 17);
	expect_loss(session, 0, 6, 2);
	/* The reply that was late tells it after all: the reflector counted 10 and 11 as none. */
	answer(session, 9, 9);
	expect_loss(session, 2, 6, 0);
}

static void another_trial_begins_where_the_last_ended(void)
{
	struct load_session *session = begin();

	session->next_sequence = 5;
	answer(session, 0, 0);
	answer(session, 4, 2);
	receive_begin(session);
	session->next_sequence = 8;
	answer(session, 7, 4);
	/* Of 5 and 6 one got there. */
	expect_loss(session, 1, 1, 0);
	receive_begin(session);
	session->next_sequence = 9;
	expect_loss(session, 0, 0, 1);
	session->late = 1;
	answer(session, 8, 5);
	expect_loss(session, 0, 1, 0);
}

static void numbers_go_round(void)
{
	struct load_session *session = begin();

	session->next_sequence = session->highest_answered = UINT32_MAX - 1;
	session->reflector_next = UINT32_MAX;
	receive_begin(session);
	session->next_sequence = UINT64_C(0x100000004);
	answer(session, UINT32_MAX - 1, UINT32_MAX);
	answer(session, 0, 0);
	answer(session, 3, 2);
	expect_loss(session, 2, 1, 0);
}

/** A test of days: more packets than there are numbers, of which a few are lost, some of them when the numbers are half way round. */
static void more_packets_than_numbers(void)
{
	struct load_session *session = begin();
	const uint64_t step = UINT64_C(1) << 28, rounds = 64;

	for (uint64_t i = 0; i < rounds; i++) {
		/* All are answered: only the last one's is told, the others are what it stands for. */
		session->next_sequence += step;
		session->highest_answered = session->next_sequence - 1;
		session->unique += step - 1;
		session->reflector_next += step - 1;
		answer(session, (uint32_t)(session->next_sequence - 1),
		       (uint32_t)session->reflector_next);
	}
	CU_ASSERT_EQUAL(session->next_sequence, rounds * step);
	CU_ASSERT_EQUAL(session->highest_answered, rounds * step);
	expect_loss(session, 0, 0, 0);
	CU_ASSERT_EQUAL(receive_loss(session).sent, rounds * step);
	CU_ASSERT_EQUAL(receive_loss(session).answered, rounds * step);
	/* The next three are lost on the way there, two on the way back. */
	session->next_sequence += 6;
	answer(session, (uint32_t)session->next_sequence - 1,
	       (uint32_t)session->reflector_next + 2);
	expect_loss(session, 3, 2, 0);
}

/* Numbers that break the rule. */

static void a_number_is_used_once(void)
{
	struct load_session *session = begin();

	session->next_sequence = 200;
	for (uint32_t i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(loss_note_number(session, i), LOSS_NUMBER_NEW);
	CU_ASSERT_EQUAL(loss_note_number(session, 99), LOSS_NUMBER_SEEN);
	CU_ASSERT_EQUAL(loss_note_number(session, 36), LOSS_NUMBER_SEEN);
	CU_ASSERT_EQUAL(loss_note_number(session, 35), LOSS_NUMBER_OLD);
	CU_ASSERT_EQUAL(loss_note_number(session, 105), LOSS_NUMBER_NEW);
	CU_ASSERT_EQUAL(loss_note_number(session, 103), LOSS_NUMBER_NEW);
	CU_ASSERT_EQUAL(loss_note_number(session, 103), LOSS_NUMBER_SEEN);
	CU_ASSERT_EQUAL(loss_note_number(session, 99), LOSS_NUMBER_SEEN);
	CU_ASSERT_EQUAL(loss_note_number(session, 105 + 63), LOSS_NUMBER_NEW);
	CU_ASSERT_EQUAL(loss_note_number(session, 105), LOSS_NUMBER_SEEN);
	CU_ASSERT_EQUAL(loss_note_number(session, 106), LOSS_NUMBER_NEW);
	CU_ASSERT_EQUAL(loss_note_number(session, 105 + 63 + 64), LOSS_NUMBER_NEW);
	CU_ASSERT_EQUAL(loss_note_number(session, 105 + 63), LOSS_NUMBER_OLD);
}

static void more_than_was_sent_is_impossible(void)
{
	struct load_session *session = begin();

	session->next_sequence = 10;
	CU_ASSERT_EQUAL(loss_note_number(session, 1000), LOSS_NUMBER_IMPOSSIBLE);
	CU_ASSERT_EQUAL(loss_note_number(session, UINT32_MAX - 5000), LOSS_NUMBER_IMPOSSIBLE);
	CU_ASSERT_EQUAL(loss_note_number(session, 9), LOSS_NUMBER_NEW);
	/* A long outage on the way back is none. */
	session->next_sequence = 1000000;
	CU_ASSERT_EQUAL(loss_note_number(session, 999999), LOSS_NUMBER_NEW);
}

/** All that is on its way may have been doubled, and a few more; numbers long past are as impossible as those ahead. */
static void doubles_may_have_been_counted(void)
{
	struct load_session *session = begin();

	session->next_sequence = 10;
	CU_ASSERT_EQUAL(loss_note_number(session, 2 * 10 + 64 + 1), LOSS_NUMBER_IMPOSSIBLE);
	CU_ASSERT_EQUAL(loss_note_number(session, 2 * 10 + 64), LOSS_NUMBER_NEW);
	session->next_sequence = 100000;
	CU_ASSERT_EQUAL(loss_note_number(session, 99999), LOSS_NUMBER_NEW);
	/* As far back as a flight may be remembered, twice. */
	CU_ASSERT_EQUAL(loss_note_number(session, 99999 - (2 * 511 + 64)), LOSS_NUMBER_OLD);
	CU_ASSERT_EQUAL(loss_note_number(session, 99999 - (2 * 511 + 65)), LOSS_NUMBER_IMPOSSIBLE);
}

static void misnumbered_loss_is_unknown(void)
{
	struct load_session *session = begin();

	session->next_sequence = 10;
	answer(session, 0, 0);
	answer(session, 9, 3);
	expect_loss(session, 6, 2, 0);
	session->misnumbered = true;
	expect_loss(session, 0, 0, 8);
	session->misnumbered = false;
	format.peer = LOAD_PEER_SWAP;
	expect_loss(session, 0, 0, 8);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"the_warm_up_is_left_out", the_warm_up_is_left_out},
	        {"without_the_warm_ups_last_the_beginning_is_unknown",
	         without_the_warm_ups_last_the_beginning_is_unknown},
	        {"another_trial_begins_where_the_last_ended",
	         another_trial_begins_where_the_last_ended},
	        {"numbers_go_round", numbers_go_round},
	        {"more_packets_than_numbers", more_packets_than_numbers},
	        {"a_number_is_used_once", a_number_is_used_once},
	        {"more_than_was_sent_is_impossible", more_than_was_sent_is_impossible},
	        {"doubles_may_have_been_counted", doubles_may_have_been_counted},
	        {"misnumbered_loss_is_unknown", misnumbered_loss_is_unknown},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("load/loss", tests);
}
