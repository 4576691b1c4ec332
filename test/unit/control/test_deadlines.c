/* SPDX-License-Identifier: BSD-3-Clause */
/** Deadlines of very many: none passes early or is lost, and they pass in portions. */
#include "control/deadlines.h"

#include <event2/event.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#define MANY    1000u
#define PORTION 100u
/** More than one round of the wheel. */
#define LONG_MS 70000u

struct waiting {
	struct deadline deadline;
	uint64_t due_ms;
	unsigned passed;
};

static struct waiting waiting[MANY];
static struct event_base *base;
static struct deadlines *deadlines;
static unsigned portion, passed, early, in_turn, most_in_turn;
static struct waiting *disarmed_by_next;

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void on_passed(struct deadline *deadline)
{
	struct waiting *one =
	        (struct waiting *)(void *)((char *)deadline - offsetof(struct waiting, deadline));

	passed++;
	one->passed++;
	early += now_ms() < one->due_ms;
	if (++in_turn > most_in_turn)
		most_in_turn = in_turn;
	if (disarmed_by_next != NULL)
		deadline_disarm(deadlines, &disarmed_by_next->deadline);
	disarmed_by_next = NULL;
}

static void arm(struct waiting *one, uint64_t milliseconds)
{
	one->due_ms = now_ms() + milliseconds;
	deadline_arm(deadlines, &one->deadline, milliseconds);
}

static void open_all(void)
{
	base = event_base_new();
	portion = PORTION;
	passed = early = in_turn = most_in_turn = 0;
	memset(waiting, 0, sizeof(waiting));
	deadlines = deadlines_create(base, on_passed, &portion);
	CU_ASSERT_PTR_NOT_NULL_FATAL(deadlines);
}

static void close_all(void)
{
	deadlines_destroy(deadlines);
	event_base_free(base);
}

/** Until so many have passed, or five seconds are over. */
static void run(unsigned wanted)
{
	uint64_t end = now_ms() + 5000;

	while (passed < wanted && now_ms() < end) {
		in_turn = 0;
		(void)event_base_loop(base, EVLOOP_ONCE);
	}
	CU_ASSERT_EQUAL(passed, wanted);
	CU_ASSERT_EQUAL(early, 0);
}

static void many_pass_in_portions(void)
{
	open_all();
	for (unsigned i = 0; i < MANY; i++)
		arm(&waiting[i], 20);
	run(MANY);
	CU_ASSERT_EQUAL(most_in_turn, PORTION);
	for (unsigned i = 0; i < MANY; i++) {
		CU_ASSERT_EQUAL(waiting[i].passed, 1);
		CU_ASSERT_FALSE(waiting[i].deadline.is_armed);
	}
	close_all();
}

static void each_has_a_time_of_its_own(void)
{
	open_all();
	for (unsigned i = 0; i < MANY; i++)
		arm(&waiting[i], (i * 37) % 200);
	/* Later, earlier, and not at all. */
	arm(&waiting[0], 250);
	arm(&waiting[999], 1);
	deadline_disarm(deadlines, &waiting[1].deadline);
	deadline_disarm(deadlines, &waiting[1].deadline);
	run(MANY - 1);
	CU_ASSERT_EQUAL(waiting[1].passed, 0);
	close_all();
}

/** What lies in the list of a tick that comes round before its own time stays. */
static void a_later_round_waits(void)
{
	open_all();
	arm(&waiting[0], 32 + 4096 * DEADLINES_TICK_MS);
	arm(&waiting[1], 32);
	arm(&waiting[2], LONG_MS);
	run(1);
	CU_ASSERT_EQUAL(waiting[1].passed, 1);
	CU_ASSERT_TRUE(waiting[0].deadline.is_armed);
	CU_ASSERT_TRUE(waiting[2].deadline.is_armed);
	arm(&waiting[2], 0);
	run(2);
	close_all();
}

/** Those that are far away wait together, a second apart, and none too short. */
static void far_ones_share_their_ticks(void)
{
	open_all();
	for (unsigned i = 0; i < MANY; i++) {
		uint64_t wanted = 60000 + 3 * i;

		arm(&waiting[i], wanted);
		CU_ASSERT_TRUE(waiting[i].deadline.tick * DEADLINES_TICK_MS >= waiting[i].due_ms);
		CU_ASSERT_TRUE(waiting[i].deadline.tick * DEADLINES_TICK_MS <
		               now_ms() + wanted + 1100);
		CU_ASSERT_EQUAL(waiting[i].deadline.tick % 64, 0);
	}
	close_all();
}

static void one_that_passes_may_disarm_another(void)
{
	open_all();
	portion = 1;
	/* All three are in one tick's list, the last first: again when a tick went by meanwhile. */
	do {
		for (unsigned i = 0; i < 3; i++)
			arm(&waiting[i], 10);
	} while (waiting[0].deadline.tick != waiting[2].deadline.tick);
	disarmed_by_next = &waiting[0];
	run(2);
	CU_ASSERT_EQUAL(waiting[0].passed, 0);
	arm(&waiting[0], 10);
	run(3);
	close_all();
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"many pass in portions", many_pass_in_portions},
	        {"each has a time of its own", each_has_a_time_of_its_own},
	        {"a later round waits", a_later_round_waits},
	        {"far ones share their ticks", far_ones_share_their_ticks},
	        {"one that passes may disarm another", one_that_passes_may_disarm_another},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-deadlines", tests);
}
