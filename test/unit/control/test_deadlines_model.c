/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Deadlines by a clock of the test's own, against what each was armed for: armed, armed anew, disarmed and freed at random, from within the
 * call-back too, the clock going on bit by bit, for longer than the wheel's round, or with sleeps of days that the timer misses.
 */
#include "control/deadlines.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#define ITEMS       200u
#define STEPS       4000u
#define PORTION     7u
#define NS_PER_MS   UINT64_C(1000000)
#define ROUND_MS    (4096u * DEADLINES_TICK_MS)
#define DAY_MS      UINT64_C(86400000)
#define TURNS_MOST  200000u
#define NEAR_MS     (1000u * DEADLINES_TICK_MS)
#define NEAR_LATE   (2u * DEADLINES_TICK_MS)
#define FAR_LATE    (66u * DEADLINES_TICK_MS)
#define NO_DEADLINE UINT64_MAX

struct item {
	struct deadline deadline;
	unsigned index;
	uint64_t due_ns; /**< NO_DEADLINE: not armed */
	uint64_t late_ms;
};

static struct item *items[ITEMS];
static struct event_base *base;
static struct deadlines *deadlines;
static uint64_t clock_ns, timer_ns, random_state;
static struct event *timer;
static unsigned portion, passed, in_turn;
static bool prompt;

int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_event_add(struct event *event, const struct timeval *delay);

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	(void)id;
	*now = (struct timespec){.tv_sec = (time_t)(clock_ns / (1000 * NS_PER_MS)),
	                         .tv_nsec = (long)(clock_ns % (1000 * NS_PER_MS))};
	return 0;
}

/** The one timer; as the event loop has it, armed anew it is not pending any more for what it was before. */
int __wrap_event_add(struct event *event, const struct timeval *delay)
{
	timer = event;
	timer_ns = clock_ns + (uint64_t)delay->tv_sec * 1000 * NS_PER_MS +
	           (uint64_t)delay->tv_usec * 1000;
	return 0;
}

static uint64_t choose(uint64_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (random_state >> 33) % below;
}

static uint64_t choose_wait(void)
{
	switch (choose(6)) {
	case 0:
		return 0;
	case 1:
		return choose(DEADLINES_TICK_MS * 3);
	case 2:
		return ROUND_MS - DEADLINES_TICK_MS + choose(3 * DEADLINES_TICK_MS);
	case 3:
		return choose(5 * (uint64_t)ROUND_MS);
	default:
		return choose(2000);
	}
}

static void arm(struct item *item)
{
	uint64_t wait = choose_wait();

	item->due_ns = clock_ns + wait * NS_PER_MS;
	item->late_ms = wait < NEAR_MS ? NEAR_LATE : FAR_LATE;
	deadline_arm(deadlines, &item->deadline, wait);
}

static void disarm(struct item *item)
{
	item->due_ns = NO_DEADLINE;
	deadline_disarm(deadlines, &item->deadline);
}

/** In the place of the old one, which is freed. */
static void renew(unsigned index)
{
	struct item *item = calloc(1, sizeof(*item));

	if (item == NULL)
		abort();
	if (items[index] != NULL)
		disarm(items[index]);
	free(items[index]);
	item->index = index;
	item->due_ns = NO_DEADLINE;
	items[index] = item;
}

static void do_something(void)
{
	unsigned index = (unsigned)choose(ITEMS);

	switch (choose(4)) {
	case 0:
		disarm(items[index]);
		break;
	case 1:
		renew(index);
		break;
	default:
		arm(items[index]);
		break;
	}
}

static void on_passed(struct deadline *deadline)
{
	struct item *item =
	        (struct item *)(void *)((char *)deadline - offsetof(struct item, deadline));

	passed++;
	in_turn++;
	CU_ASSERT_FALSE_FATAL(deadline->is_armed);
	CU_ASSERT_TRUE_FATAL(item->due_ns <= clock_ns);
	if (prompt)
		CU_ASSERT_TRUE(clock_ns <= item->due_ns + item->late_ms * NS_PER_MS);
	item->due_ns = NO_DEADLINE;
	if (choose(3) == 0)
		do_something();
	else if (choose(3) == 0)
		renew(item->index);
	else if (choose(2) == 0)
		arm(item);
}

/** One turn of the event loop in which the timer fires. */
static void fire(void)
{
	in_turn = 0;
	timer_ns = NO_DEADLINE;
	event_active(timer, EV_TIMEOUT, 0);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	CU_ASSERT_TRUE(in_turn <= PORTION);
}

/** The clock goes on, and the timer fires when it is to; or only at the end, when the process slept. */
static void go_on(uint64_t milliseconds, bool sleeps)
{
	uint64_t end = clock_ns + milliseconds * NS_PER_MS + choose(NS_PER_MS);
	unsigned turns = 0;

	if (sleeps)
		clock_ns = end;
	while (timer_ns <= end && turns++ < TURNS_MOST) {
		if (timer_ns > clock_ns)
			clock_ns = timer_ns;
		fire();
	}
	CU_ASSERT_TRUE_FATAL(turns < TURNS_MOST);
	clock_ns = end;
	for (unsigned i = 0; i < ITEMS; i++)
		CU_ASSERT_TRUE(items[i]->due_ns == NO_DEADLINE ||
		               items[i]->due_ns + items[i]->late_ms * NS_PER_MS >= clock_ns);
}

static void run_from(uint64_t begin_ns, uint64_t seed)
{
	clock_ns = begin_ns;
	random_state = seed;
	timer_ns = NO_DEADLINE;
	portion = PORTION;
	passed = 0;
	base = event_base_new();
	deadlines = deadlines_create(base, on_passed, &portion);
	CU_ASSERT_PTR_NOT_NULL_FATAL(deadlines);
	for (unsigned i = 0; i < ITEMS; i++)
		renew(i);
	for (unsigned step = 0; step < STEPS; step++) {
		uint64_t sleep = choose(2 * (uint64_t)ROUND_MS);

		for (unsigned i = (unsigned)choose(20); i > 0; i--)
			do_something();
		prompt = choose(50) != 0;
		if (prompt)
			go_on(step % 100 == 0 ? sleep : choose(100), false);
		else
			go_on(choose(2) == 0 ? sleep : sleep + DAY_MS, true);
	}
	CU_ASSERT_TRUE(passed > STEPS);
	for (unsigned i = 0; i < ITEMS; i++) {
		disarm(items[i]);
		free(items[i]);
		items[i] = NULL;
	}
	deadlines_destroy(deadlines);
	event_base_free(base);
}

static void none_is_early_late_or_lost(void)
{
	run_from(0, 1);
	run_from(NS_PER_MS * ROUND_MS - 1, 2);
	run_from(NS_PER_MS * DAY_MS * 3650, 3);
}

/** One far deadline alone leaves the wheel behind the clock: a near one is near nevertheless. */
static void a_near_one_beside_a_far_one(void)
{
	struct item far = {.due_ns = NO_DEADLINE}, near = {.due_ns = NO_DEADLINE};

	clock_ns = DAY_MS * NS_PER_MS;
	timer_ns = NO_DEADLINE;
	portion = PORTION;
	base = event_base_new();
	deadlines = deadlines_create(base, on_passed, &portion);
	CU_ASSERT_PTR_NOT_NULL_FATAL(deadlines);
	deadline_arm(deadlines, &far.deadline, ROUND_MS - 1000);
	clock_ns += (uint64_t)(ROUND_MS / 2) * NS_PER_MS;
	deadline_arm(deadlines, &near.deadline, 100);
	CU_ASSERT_TRUE(timer_ns >= clock_ns + 100 * NS_PER_MS);
	CU_ASSERT_TRUE(timer_ns <= clock_ns + (100 + NEAR_LATE) * NS_PER_MS);
	deadlines_destroy(deadlines);
	event_base_free(base);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"none is early, late or lost", none_is_early_late_or_lost},
	        {"a near one beside a far one", a_near_one_beside_a_far_one},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-deadlines-model", tests);
}
