/* SPDX-License-Identifier: BSD-3-Clause */
/** The schedule against exact arithmetic: numbers of slots times numbers of ticks in 128 bits, not the pacer's own steps. */
#include "pacer.h"

#include "unit.h"

#define HZ          UINT64_C(2300000001)
#define BEGIN       UINT64_C(1000000007)
#define LATE        (HZ / 1000)
#define WEEK        UINT64_C(604800)
#define BURST       64u
#define NO_SLOT     0u
#define TAKEN_SLOTS 200000u

/** The exact time of slot k at a rate of numerator / denominator a second: BEGIN + k * HZ * denominator / numerator. */
static uint64_t exact(uint64_t k, uint64_t numerator, uint64_t denominator)
{
	return BEGIN + (uint64_t)((unsigned __int128)k * HZ * denominator / numerator);
}

static int64_t distance(uint64_t left, uint64_t right)
{
	return (int64_t)(left - right);
}

static void slots_are_when_the_rate_says(void)
{
	/* A rate that a double holds exactly: numerator / denominator with a power of two below. */
	static const uint64_t rates[][2] = {
	        {1, 1},        {7, 1},       {3, 4},    {1000003, 1}, {9999991, 1},
	        {14880952, 1}, {123457, 64}, {1, 1024}, {HZ, 1},      {HZ * 2 + 1, 1}};

	for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		uint64_t due[BURST], missed = 0, slot = 0, now = BEGIN;
		struct pacer pacer;

		pacer_begin(&pacer, BEGIN, HZ, (double)rates[r][0] / (double)rates[r][1], LATE);
		CU_ASSERT_FALSE(pacer_is_over(&pacer));
		while (slot < TAKEN_SLOTS) {
			CU_ASSERT(pacer_is_due(&pacer, pacer.next_tsc));
			CU_ASSERT_FALSE(pacer_is_due(&pacer, pacer.next_tsc - 1));
			now = pacer.next_tsc;
			unsigned taken = pacer_take(&pacer, now, due, BURST, &missed);
			CU_ASSERT_FATAL(taken >= 1);
			for (unsigned i = 0; i < taken; i++) {
				int64_t off =
				        distance(due[i], exact(slot + i, rates[r][0], rates[r][1]));
				CU_ASSERT(off >= -1 && off <= 0);
				CU_ASSERT(due[i] <= now);
			}
			slot += taken;
			CU_ASSERT_EQUAL(pacer.slots, slot);
		}
		CU_ASSERT_EQUAL(missed, 0);
	}
}

/** A week is skipped, for lack of one: what is given up moves the schedule by as much as what is taken. */
static void a_week_does_not_drift(void)
{
	static const uint64_t rates[][2] = {{7, 1},        {1000003, 1},   {9999991, 1},
	                                    {14880952, 1}, {148809523, 1}, {5, 8}};

	for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		uint64_t due[1], missed = 0, end = BEGIN + WEEK * HZ;
		struct pacer pacer;

		pacer_begin(&pacer, BEGIN, HZ, (double)rates[r][0] / (double)rates[r][1], 0);
		unsigned taken = pacer_take(&pacer, end - 1, due, 1, &missed);
		CU_ASSERT_EQUAL(pacer.slots, missed + taken);
		if (taken == 0)
			due[0] = pacer.next_tsc;
		int64_t off = distance(due[0], exact(missed, rates[r][0], rates[r][1]));
		CU_ASSERT(off >= -1 && off <= 0);
		/* All of the week's slots were there: k with k / rate < week, and here a week is a whole number of slots. */
		(void)pacer_take(&pacer, end - 1, due, BURST, &missed);
		int64_t slots = distance(pacer.slots, WEEK * rates[r][0] / rates[r][1]);
		CU_ASSERT(slots >= 0 && slots <= 1);
	}
}

static void catching_up_is_bounded_by_the_burst(void)
{
	uint64_t due[BURST], missed = 0;
	struct pacer pacer;

	pacer_begin(&pacer, BEGIN, HZ, 1e6, LATE);
	/* Half a millisecond late: 501 slots are due, none is given up, eight go at once. */
	uint64_t now = BEGIN + LATE / 2;
	for (unsigned call = 0; call < 62; call++) {
		CU_ASSERT_EQUAL(pacer_take(&pacer, now, due, 8, &missed), 8);
		CU_ASSERT(distance(due[0], exact((uint64_t)call * 8, 1000000, 1)) >= -1);
		CU_ASSERT(distance(due[0], exact((uint64_t)call * 8, 1000000, 1)) <= 0);
	}
	CU_ASSERT_EQUAL(pacer_take(&pacer, now, due, 8, &missed), 5);
	CU_ASSERT_EQUAL(pacer_take(&pacer, now, due, 8, &missed), 0);
	CU_ASSERT_EQUAL(missed, 0);
	CU_ASSERT_EQUAL(pacer.slots, 501);
	CU_ASSERT_EQUAL(pacer_take(&pacer, now + HZ, due, NO_SLOT, &missed), 0);
	CU_ASSERT(missed > 0);
}

/** Whoever sleeps for any time finds every slot again: taken or missed, none twice, none left out. */
static void missed_slots_are_counted_exactly(void)
{
	static const double rates[] = {1e6, 333333.3, 7654321, 12};
	uint64_t random = 88172645463325252u;

	for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		uint64_t due[BURST], missed = 0, taken = 0, now = BEGIN, last = 0;
		struct pacer pacer;

		pacer_begin(&pacer, BEGIN, HZ, rates[r], LATE);
		for (unsigned turn = 0; turn < 100000; turn++) {
			uint64_t before = missed;

			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			now += random % 64 == 0 ? random % (4 * LATE) : random % (LATE / 64);
			unsigned count =
			        pacer_take(&pacer, now, due, 1 + random / 64 % BURST, &missed);
			for (unsigned i = 0; i < count; i++) {
				CU_ASSERT(due[i] <= now && now - due[i] <= LATE);
				CU_ASSERT(due[i] >= last);
				last = due[i];
			}
			taken += count;
			CU_ASSERT_EQUAL(pacer.slots, taken + missed);
			/* What is next is not later than what is allowed, and slot number `slots` of the schedule. */
			if (missed > before)
				CU_ASSERT(count == 0 || now - due[0] <= LATE);
			long double when = (long double)(pacer.next_tsc - BEGIN) * rates[r] / HZ;
			CU_ASSERT(when > (long double)pacer.slots - 1 &&
			          when <= (long double)pacer.slots + 0.01L);
		}
		CU_ASSERT(taken > 0);
		CU_ASSERT(missed > 0 || rates[r] < 100);
	}
}

static void the_end_cuts_and_may_move(void)
{
	uint64_t due[BURST], missed = 0, taken = 0;
	struct pacer pacer;

	pacer_begin(&pacer, BEGIN, HZ, 1000, HZ * 10);
	pacer.end_tsc = BEGIN + HZ / 10;
	for (unsigned call = 0; call < 20; call++)
		taken += pacer_take(&pacer, BEGIN + HZ, due, 10, &missed);
	/* Slots 0 to 100 begin within 100 ms but for the last: HZ is odd, so 100 slots end a little behind the tick. */
	CU_ASSERT(taken == 100 || taken == 101);
	CU_ASSERT(due[0] < pacer.end_tsc);
	CU_ASSERT(pacer_is_over(&pacer));
	CU_ASSERT_FALSE(pacer_is_due(&pacer, BEGIN + HZ));
	pacer.end_tsc = BEGIN + HZ;
	CU_ASSERT_FALSE(pacer_is_over(&pacer));
	while (!pacer_is_over(&pacer))
		taken += pacer_take(&pacer, BEGIN + 2 * HZ, due, BURST, &missed);
	CU_ASSERT(taken == 1000 || taken == 1001);
	CU_ASSERT_EQUAL(missed, 0);
	/* What is given up ends there, too. */
	pacer_begin(&pacer, BEGIN, HZ, 1000, LATE);
	pacer.end_tsc = BEGIN + HZ / 10;
	CU_ASSERT_EQUAL(pacer_take(&pacer, BEGIN + HZ, due, BURST, &missed), 0);
	CU_ASSERT(missed == 100 || missed == 101);
	CU_ASSERT(pacer_is_over(&pacer));
}

static void hardly_a_slot(void)
{
	uint64_t due[BURST], missed = 0;
	struct pacer pacer;

	pacer_begin(&pacer, BEGIN, HZ, 1e-300, LATE);
	CU_ASSERT_EQUAL(pacer_take(&pacer, BEGIN, due, BURST, &missed), 1);
	CU_ASSERT_EQUAL(pacer_take(&pacer, BEGIN + WEEK * HZ, due, BURST, &missed), 0);
	CU_ASSERT_EQUAL(missed, 0);
}

static void what_remains_is_given_up(void)
{
	struct pacer pacer;
	uint64_t due[4], missed = 0;

	pacer_begin(&pacer, 0, 1000, 100, 1000);
	pacer.end_tsc = 95;
	CU_ASSERT_EQUAL(pacer_take(&pacer, 20, due, 4, &missed), 3);
	CU_ASSERT_EQUAL(pacer_give_up(&pacer), 7);
	CU_ASSERT_TRUE(pacer_is_over(&pacer));
	CU_ASSERT_EQUAL(pacer_give_up(&pacer), 0);
	CU_ASSERT_EQUAL(pacer.slots, 10);
	/* The schedule goes on behind it. */
	pacer.end_tsc = 205;
	CU_ASSERT_EQUAL(pacer_take(&pacer, 100, due, 4, &missed), 1);
	CU_ASSERT_EQUAL(due[0], 100);
	CU_ASSERT_EQUAL(missed, 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"slots are when the rate says", slots_are_when_the_rate_says},
	        {"a week does not drift", a_week_does_not_drift},
	        {"catching up is bounded by the burst", catching_up_is_bounded_by_the_burst},
	        {"missed slots are counted exactly", missed_slots_are_counted_exactly},
	        {"the end cuts and may move", the_end_cuts_and_may_move},
	        {"hardly a slot", hardly_a_slot},
	        {"what remains is given up", what_remains_is_given_up},
	        CU_TEST_INFO_NULL};

	return unit_run("load-pacer", tests);
}
