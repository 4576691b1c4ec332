/* SPDX-License-Identifier: BSD-3-Clause */
#include "local_clock.h"

#include "clock/timestamp.h"
#include "unit.h"

#define S 1000000000

static struct local_clock at(int64_t offset_ns, int64_t uncertainty_ns)
{
	return (struct local_clock){.offset_ns = offset_ns, .uncertainty_ns = uncertainty_ns};
}

static void tighter_looks_are_kept(void)
{
	struct local_clock clock = at(1000 * (int64_t)S, 500);

	local_clock_observe(&clock, 10, 1000 * (int64_t)S + 10 + 20, 50);
	CU_ASSERT(clock.offset_ns == 1000 * (int64_t)S && clock.uncertainty_ns == 20);
	local_clock_observe(&clock, 100, 1000 * (int64_t)S + 100 + 90, 200);
	CU_ASSERT(clock.uncertainty_ns == 20 && clock.steps == 0);
}

static void preemption_is_no_step(void)
{
	struct local_clock clock = at(1000 * (int64_t)S, 20);

	/* 5 ms between the two monotonic readings, the wall clock read right after the first. */
	local_clock_observe(&clock, 0, 1000 * (int64_t)S + 10, 5000000);
	CU_ASSERT(clock.steps == 0 && clock.offset_ns == 1000 * (int64_t)S);
}

static void steps_both_ways_are_followed(void)
{
	struct local_clock clock = at(1000 * (int64_t)S, 20);
	struct timespec time = {.tv_sec = 1300};

	local_clock_observe(&clock, 0, 1100 * (int64_t)S + 15, 30);
	CU_ASSERT(clock.steps == 1 && clock.offset_ns == 1100 * (int64_t)S);
	CU_ASSERT(local_clock_monotonic(&clock, &time) == 200 * (int64_t)S);
	local_clock_observe(&clock, 0, 1000 * (int64_t)S + 15, 30);
	CU_ASSERT(clock.steps == 2 && clock.offset_ns == 1000 * (int64_t)S);
}

static void now_is_ready_for_the_wire(void)
{
	struct local_clock clock;
	struct local_time first, second;

	local_clock_init(&clock);
	first = local_clock_now(&clock);
	second = local_clock_now(&clock);
	CU_ASSERT(second.monotonic_ns >= first.monotonic_ns);
	CU_ASSERT(!error_estimate_is_corrupt(clock.error_estimate));
	CU_ASSERT(first.ntp >> 32 > NTP_UNIX_EPOCH_OFFSET);
}

int main(void)
{
	CU_TestInfo tests[] = {{"tighter looks are kept", tighter_looks_are_kept},
	                       {"preemption is no step", preemption_is_no_step},
	                       {"steps both ways are followed", steps_both_ways_are_followed},
	                       {"now is ready for the wire", now_is_ready_for_the_wire},
	                       CU_TEST_INFO_NULL};
	return unit_run("client-local-clock", tests);
}
