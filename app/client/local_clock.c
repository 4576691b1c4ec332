/* SPDX-License-Identifier: BSD-3-Clause */
#include "local_clock.h"

#include <limits.h>

#include "clock/timestamp.h"
#include "clock/tsc_clock.h"

#define NS_PER_S            1000000000
#define QUALITY_INTERVAL_NS NS_PER_S
/** Smaller changes of the offset are the scheduler between two readings, not a step. */
#define STEP_MARGIN_NS 10000

int64_t timespec_to_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

int64_t monotonic_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return timespec_to_ns(&now);
}

static void quality_read(struct local_clock *clock, int64_t now_ns)
{
	struct clock_sample sample = clock_sample_take();

	clock->synchronized = sample.synchronized;
	clock->tai_offset = sample.tai_offset;
	clock->error_estimate = error_estimate_encode(
	        sample.kernel_error_ns + sample.uncertainty_ns, sample.synchronized);
	clock->quality_due_ns = now_ns + QUALITY_INTERVAL_NS;
}

void local_clock_observe(struct local_clock *clock, int64_t before_ns, int64_t realtime_ns,
                         int64_t after_ns)
{
	int64_t uncertainty = (after_ns - before_ns) / 2;
	int64_t offset = realtime_ns - before_ns - uncertainty;
	int64_t change = offset - clock->offset_ns;
	int64_t allowed = uncertainty + clock->uncertainty_ns + STEP_MARGIN_NS;
	bool step = change > allowed || change < -allowed;

	if (step)
		clock->steps++;
	if (step || uncertainty < clock->uncertainty_ns) {
		clock->offset_ns = offset;
		clock->uncertainty_ns = uncertainty;
	}
}

struct local_time local_clock_now(struct local_clock *clock)
{
	int64_t before = monotonic_now_ns(), after;
	struct timespec realtime;

	if (before >= clock->quality_due_ns) {
		quality_read(clock, before);
		before = monotonic_now_ns();
	}
	(void)clock_gettime(CLOCK_REALTIME, &realtime);
	after = monotonic_now_ns();
	local_clock_observe(clock, before, timespec_to_ns(&realtime), after);
	return (struct local_time){.monotonic_ns = before + (after - before) / 2,
	                           .ntp = ntp_from_timespec(&realtime)};
}

void local_clock_init(struct local_clock *clock)
{
	*clock = (struct local_clock){.uncertainty_ns = LLONG_MAX / 4};
	(void)local_clock_now(clock);
	clock->steps = 0;
}

int64_t local_clock_monotonic(const struct local_clock *clock, const struct timespec *realtime)
{
	return timespec_to_ns(realtime) - clock->offset_ns;
}
