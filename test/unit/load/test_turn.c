/* SPDX-License-Identifier: BSD-3-Clause */
/** Whose turn it is: shares kept at every moment, sessions one after the other, each counted from its own first turn on. */
#include "turn.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define SESSIONS 16u

static struct load_session *sessions;
static struct load_session *places[SESSIONS];

static void set_up(struct turn *turn, const unsigned counts[], const int64_t shares[],
                   unsigned groups)
{
	unsigned next = 0;

	sessions = aligned_alloc(_Alignof(struct load_session), SESSIONS * sizeof(*sessions));
	memset(sessions, 0, SESSIONS * sizeof(*sessions));
	memset(turn, 0, sizeof(*turn));
	turn->count = groups;
	for (unsigned i = 0; i < groups; i++) {
		struct turn_group *group = &turn->groups[i];

		group->sessions = &places[next];
		group->count = group->taking_part = counts[i];
		group->share = shares[i];
		for (unsigned k = 0; k < counts[i]; k++, next++) {
			places[next] = &sessions[next];
			sessions[next].group = (uint16_t)i;
		}
	}
	turn_begin(turn);
}

static void shares_are_kept_all_the_time(void)
{
	static const unsigned counts[] = {3, 1, 5, 2};
	static const int64_t shares[] = {1, 7, 0, 4};
	int64_t turns[4] = {0};
	struct turn turn;

	set_up(&turn, counts, shares, 4);
	for (int64_t i = 1; i <= 12000; i++) {
		turns[turn_next(&turn)->group]++;
		for (unsigned g = 0; g < 4; g++) {
			/* Never more than a turn or so away from what is due. */
			int64_t off = turns[g] * 12 - i * shares[g];
			CU_ASSERT(off > -24 && off < 24);
		}
	}
	CU_ASSERT_EQUAL(turns[0], 1000);
	CU_ASSERT_EQUAL(turns[1], 7000);
	CU_ASSERT_EQUAL(turns[2], 0);
	CU_ASSERT_EQUAL(turns[3], 4000);
	free(sessions);
}

static void sessions_follow_each_other(void)
{
	static const unsigned counts[] = {16};
	static const int64_t shares[] = {5};
	struct turn turn;

	set_up(&turn, counts, shares, 1);
	turn.groups[0].taking_part = 11;
	turn_begin(&turn);
	for (unsigned i = 0; i < 100; i++)
		CU_ASSERT_PTR_EQUAL(turn_next(&turn), &sessions[i % 11]);
	free(sessions);
}

/** A warm-up that ends in the middle of a round: each session counts from its next packet on, wherever it is by then. */
static void each_counts_from_its_own_turn(void)
{
	static const unsigned counts[] = {5, 3};
	static const int64_t shares[] = {2, 1};
	struct turn turn;

	set_up(&turn, counts, shares, 2);
	for (unsigned i = 0; i < 8; i++)
		receive_begin(&sessions[i]);
	for (unsigned i = 0; i < 13; i++)
		turn_next(&turn)->next_sequence++;
	turn_count_from_here(&turn);
	uint64_t before[8];
	for (unsigned i = 0; i < 8; i++)
		before[i] = sessions[i].next_sequence;
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT_TRUE(turn_is_fresh(&turn.groups[0], i));
	for (unsigned i = 0; i < 3; i++)
		turn_next(&turn)->next_sequence++;
	unsigned fresh = 0;
	for (unsigned g = 0; g < 2; g++) {
		for (unsigned i = 0; i < counts[g]; i++) {
			const struct load_session *session = turn.groups[g].sessions[i];
			bool had = session->next_sequence > before[session - sessions];

			CU_ASSERT_EQUAL(turn_is_fresh(&turn.groups[g], i), !had);
			fresh += !had;
		}
	}
	CU_ASSERT_EQUAL(fresh, 5);
	for (unsigned i = 0; i < 30; i++)
		turn_next(&turn)->next_sequence++;
	for (unsigned i = 0; i < 8; i++)
		CU_ASSERT_EQUAL(sessions[i].counted_sequence, before[i]);
	CU_ASSERT_EQUAL(turn.groups[0].fresh + turn.groups[1].fresh, 0);
	free(sessions);
}

int main(void)
{
	CU_TestInfo tests[] = {{"shares are kept all the time", shares_are_kept_all_the_time},
	                       {"sessions follow each other", sessions_follow_each_other},
	                       {"each counts from its own turn", each_counts_from_its_own_turn},
	                       CU_TEST_INFO_NULL};

	return unit_run("load-turn", tests);
}
