/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock against a simulated TSC and wall clock: no time passes here. */
#include "clock/tsc_clock.h"

#include <stdlib.h>

#include "unit.h"

#define NOMINAL_HZ UINT64_C(2500000000)
#define MS         1000000
#define INTERVAL   ((int64_t)CLOCK_UPDATE_INTERVAL_MS * MS)
#define START_TSC  UINT64_C(123456789012345)
#define START_NTP  UINT64_C(0xec00000012345678)

/** A machine: what its TSC and its wall clock show after some true time. */
struct world {
	struct tsc_clock clock;
	int64_t now_ns;
	int64_t tsc_ppb;  /**< how much faster than nominal the TSC is */
	int64_t wall_ns;  /**< what the wall clock is ahead of true time */
	int64_t wall_ppb; /**< how much faster than true time it runs */
	int64_t wall_rate_since_ns;
	int64_t noise_ns; /**< readings are wrong by up to this */
	uint64_t start_ntp;
	uint64_t kernel_error_ns;
	bool synchronized;
};

static uint64_t tsc_at(const struct world *world, int64_t ns)
{
	__int128 hz = (__int128)NOMINAL_HZ * (1000000000 + world->tsc_ppb) / 1000000000;

	return START_TSC + (uint64_t)(ns * hz / 1000000000);
}

static uint64_t wall_at(const struct world *world, int64_t ns)
{
	__int128 drift = (__int128)(ns - world->wall_rate_since_ns) * world->wall_ppb / 1000000000;
	__int128 wall = (__int128)ns + world->wall_ns + drift;

	return world->start_ntp + (uint64_t)(wall * (INT64_C(1) << 32) / 1000000000);
}

/** Changes the wall clock's rate from now on without a jump. */
static void set_wall_rate(struct world *world, int64_t ppb)
{
	__int128 drift = (__int128)(world->now_ns - world->wall_rate_since_ns) * world->wall_ppb;

	world->wall_ns += (int64_t)(drift / 1000000000);
	world->wall_rate_since_ns = world->now_ns;
	world->wall_ppb = ppb;
}

static struct clock_sample take(const struct world *world)
{
	/* Deterministic, in both directions. */
	int64_t noise = world->noise_ns == 0
	                        ? 0
	                        : (world->now_ns / INTERVAL * 37) % (2 * world->noise_ns + 1) -
	                                  world->noise_ns;

	return (struct clock_sample){
	        .tsc = tsc_at(world, world->now_ns),
	        .realtime_ntp = wall_at(world, world->now_ns + noise),
	        .uncertainty_ns = (uint64_t)world->noise_ns,
	        .kernel_error_ns = world->kernel_error_ns,
	        .synchronized = world->synchronized,
	};
}

static struct world world_make(int64_t tsc_ppb)
{
	return (struct world){.tsc_ppb = tsc_ppb,
	                      .start_ntp = START_NTP,
	                      .synchronized = true,
	                      .kernel_error_ns = 10000};
}

static void start(struct world *world)
{
	struct clock_sample sample = take(world);

	tsc_clock_init(&world->clock, NOMINAL_HZ, &sample);
}

static bool advance(struct world *world, int64_t ns)
{
	world->now_ns += ns;
	struct clock_sample sample = take(world);
	bool step = tsc_clock_update(&world->clock, &sample);
	struct clock_timestamp now = tsc_clock_read(&world->clock, sample.tsc);

	CU_ASSERT(!error_estimate_is_corrupt(now.error_estimate));
	CU_ASSERT_EQUAL(now.source, TIMESTAMP_SOURCE_TSC);
	return step;
}

/** What the clock is ahead of the wall at true time ns. */
static int64_t error_at(const struct world *world, int64_t ns)
{
	return ntp_difference_ns(tsc_clock_read(&world->clock, tsc_at(world, ns)).ntp,
	                         wall_at(world, ns));
}

/** The largest error up to the next update. */
static int64_t worst_error(const struct world *world, int64_t interval)
{
	int64_t worst = 0;

	for (int64_t ns = 0; ns <= interval; ns += interval / 50) {
		int64_t error = llabs(error_at(world, world->now_ns + ns));
		if (error > worst)
			worst = error;
	}
	return worst;
}

static void converges(int64_t tsc_ppb, int64_t noise_ns, int64_t interval)
{
	struct world world = world_make(tsc_ppb);

	world.noise_ns = noise_ns;
	start(&world);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT(!advance(&world, interval));
	for (unsigned i = 0; i < 1000; i++) {
		CU_ASSERT(worst_error(&world, interval) < 1000);
		CU_ASSERT(!advance(&world, interval));
	}
	CU_ASSERT(worst_error(&world, interval) <= 2 * noise_ns + 5);
	CU_ASSERT_EQUAL(world.clock.steps, 0);
}

static void converges_off_nominal(void)
{
	converges(0, 0, INTERVAL);
	converges(50000, 0, INTERVAL);
	converges(-50000, 0, INTERVAL);
	converges(50000, 40, INTERVAL);
	converges(-50000, 40, INTERVAL);
	converges(1000000, 40, INTERVAL);
	converges(5000, 40, 10 * INTERVAL);
}

static void converges_with_short_intervals(void)
{
	struct world world = world_make(50000);

	start(&world);
	for (unsigned i = 0; i < 2000; i++)
		CU_ASSERT(!advance(&world, MS));
	for (unsigned i = 0; i < 1000; i++) {
		CU_ASSERT(!advance(&world, MS));
		CU_ASSERT(worst_error(&world, MS) < 1000);
	}
}

/** Reads through a run of updates in steps of 1 ms and checks that no reading is before the one before it. */
static void check_never_backward(struct world *world, unsigned updates)
{
	for (unsigned i = 0; i < updates; i++) {
		uint64_t end = tsc_at(world, world->now_ns + INTERVAL);
		uint64_t last = tsc_clock_read(&world->clock, tsc_at(world, world->now_ns)).ntp;
		for (int64_t ns = MS; ns <= INTERVAL; ns += MS) {
			uint64_t tsc = tsc_at(world, world->now_ns + ns);
			uint64_t now = tsc_clock_read(&world->clock, tsc).ntp;
			CU_ASSERT(ntp_difference_ns(now, last) > MS * 98 / 100);
			CU_ASSERT(ntp_difference_ns(now, last) < MS * 102 / 100);
			last = now;
		}
		CU_ASSERT(!advance(world, INTERVAL));
		/* The update joins where the old parameters ended. */
		CU_ASSERT_EQUAL(tsc_clock_read(&world->clock, end).ntp, last);
	}
}

static void slews_without_a_jump(void)
{
	static const int64_t offsets[] = {900000, -900000, 999999, -999999, 1000, -1000, 1};

	for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct world world = world_make(20000);
		start(&world);
		check_never_backward(&world, 5);
		world.wall_ns += offsets[i];
		check_never_backward(&world, 3);
		CU_ASSERT(worst_error(&world, INTERVAL) < 1000);
		check_never_backward(&world, 3);
		CU_ASSERT_EQUAL(world.clock.steps, 0);
	}
}

static void each_tick_moves_forward(void)
{
	struct world world = world_make(0);

	start(&world);
	(void)advance(&world, INTERVAL);
	world.wall_ns -= 999999;
	CU_ASSERT(!advance(&world, INTERVAL));
	uint64_t tsc = tsc_at(&world, world.now_ns);
	uint64_t last = tsc_clock_read(&world.clock, tsc - 5000).ntp;
	for (uint64_t tick = tsc - 4999; tick < tsc + 5000; tick++) {
		uint64_t now = tsc_clock_read(&world.clock, tick).ntp;
		CU_ASSERT((int64_t)(now - last) >= 0);
		last = now;
	}
	/* A receive time from before the update knows nothing of the slew: 100 us are 100 us. */
	int64_t before = ntp_difference_ns(tsc_clock_read(&world.clock, tsc).ntp,
	                                   tsc_clock_read(&world.clock, tsc - 250000).ntp);
	CU_ASSERT(before > 99950 && before < 100050);
}

static void late_update_does_not_overshoot(void)
{
	struct world world = world_make(20000);

	start(&world);
	for (unsigned i = 0; i < 20; i++)
		(void)advance(&world, INTERVAL);
	world.wall_ns += 900000;
	CU_ASSERT(!advance(&world, INTERVAL));
	CU_ASSERT(llabs(error_at(&world, world.now_ns + INTERVAL)) < 1000);
	CU_ASSERT(llabs(error_at(&world, world.now_ns + 100 * INTERVAL)) < 1000);
	CU_ASSERT(!advance(&world, 100 * INTERVAL));
}

static void steps_are_followed_at_once(void)
{
	static const int64_t steps[] = {1100000,
	                                -1100000,
	                                INT64_C(3600000) * MS,
	                                INT64_C(-3600000) * MS,
	                                INT64_C(86400000000) * MS,
	                                2 * MS};
	struct world world = world_make(50000);

	world.noise_ns = 30;
	start(&world);
	for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (unsigned j = 0; j < 5; j++)
			CU_ASSERT(!advance(&world, INTERVAL));
		world.wall_ns += steps[i];
		CU_ASSERT(advance(&world, INTERVAL));
		CU_ASSERT_EQUAL(world.clock.steps, i + 1);
		CU_ASSERT(worst_error(&world, INTERVAL) < 1000);
	}
}

static void rate_of_the_wall_clock_is_followed(void)
{
	struct world world = world_make(-3000);

	world.noise_ns = 30;
	start(&world);
	for (unsigned i = 0; i < 300; i++)
		(void)advance(&world, INTERVAL);
	set_wall_rate(&world, 500000); /* the fastest slew of adjtime() */
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT(!advance(&world, INTERVAL));
	for (unsigned i = 0; i < 300; i++) {
		CU_ASSERT(worst_error(&world, INTERVAL) < 1000);
		CU_ASSERT(!advance(&world, INTERVAL));
	}
	set_wall_rate(&world, 1000);
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT(!advance(&world, INTERVAL));
	CU_ASSERT(worst_error(&world, INTERVAL) < 1000);
}

static void uncertain_reading_teaches_nothing(void)
{
	struct world world = world_make(0);

	start(&world);
	(void)advance(&world, INTERVAL);
	world.now_ns += INTERVAL;
	struct clock_sample sample = take(&world);
	sample.realtime_ntp += ntp_duration_from_ns(50 * MS);
	sample.uncertainty_ns = 60 * MS;
	CU_ASSERT(!tsc_clock_update(&world.clock, &sample));
	CU_ASSERT(worst_error(&world, INTERVAL) < 1000);
	/* Beyond its uncertainty the offset is true. */
	sample.uncertainty_ns = 40 * MS;
	CU_ASSERT(tsc_clock_update(&world.clock, &sample));
	CU_ASSERT(error_estimate_to_ns(tsc_clock_read(&world.clock, sample.tsc).error_estimate) >=
	          40 * MS);
	CU_ASSERT(advance(&world, INTERVAL));
	for (unsigned i = 0; i < 5; i++) {
		CU_ASSERT(worst_error(&world, INTERVAL) < 1000);
		CU_ASSERT(!advance(&world, INTERVAL));
	}
}

/** Readings that are wrong by 100 us give no rate over 100 ms; the clock stays as good as they are. */
static void uncertain_readings_keep_the_rate(void)
{
	struct world world = world_make(1000);

	world.noise_ns = 100000;
	start(&world);
	for (unsigned i = 0; i < 100; i++) {
		CU_ASSERT(!advance(&world, INTERVAL));
		CU_ASSERT(worst_error(&world, INTERVAL) < 210000);
	}
	world.noise_ns = 20;
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT(!advance(&world, INTERVAL));
	CU_ASSERT(worst_error(&world, INTERVAL) < 1000);
}

static void tsc_that_does_not_advance_is_ignored(void)
{
	struct world world = world_make(0);

	start(&world);
	(void)advance(&world, INTERVAL);
	struct clock_sample again = take(&world);
	CU_ASSERT(!tsc_clock_update(&world.clock, &again));
	again.tsc -= 10;
	CU_ASSERT(!tsc_clock_update(&world.clock, &again));
	CU_ASSERT(worst_error(&world, INTERVAL) < 1000);
	/* A TSC that started anew is a step. */
	again.tsc = 1000;
	CU_ASSERT(tsc_clock_update(&world.clock, &again));
	CU_ASSERT_EQUAL(tsc_clock_read(&world.clock, 1000).ntp, again.realtime_ntp);
}

static void earlier_tsc_reads_the_past(void)
{
	struct world world = world_make(10000);

	start(&world);
	for (unsigned i = 0; i < 10; i++)
		(void)advance(&world, INTERVAL);
	for (int64_t ns = 0; ns < 2 * INTERVAL; ns += MS)
		CU_ASSERT(llabs(error_at(&world, world.now_ns - ns)) < 1000);
}

static void error_estimate_tells_the_kernel_s(void)
{
	struct world world = world_make(0);

	world.noise_ns = 50;
	start(&world);
	(void)advance(&world, INTERVAL);
	uint16_t estimate =
	        tsc_clock_read(&world.clock, tsc_at(&world, world.now_ns)).error_estimate;
	CU_ASSERT(error_estimate_synchronized(estimate));
	CU_ASSERT(error_estimate_to_ns(estimate) >= 10000 + 50);
	CU_ASSERT(error_estimate_to_ns(estimate) < 12000);

	world.wall_ns += 500000;
	(void)advance(&world, INTERVAL);
	estimate = tsc_clock_read(&world.clock, tsc_at(&world, world.now_ns)).error_estimate;
	CU_ASSERT(error_estimate_to_ns(estimate) >= 510000);

	world.synchronized = false;
	world.kernel_error_ns = CLOCK_UNSYNCHRONIZED_ERROR_NS;
	(void)advance(&world, INTERVAL);
	estimate = tsc_clock_read(&world.clock, tsc_at(&world, world.now_ns)).error_estimate;
	CU_ASSERT(!error_estimate_synchronized(estimate));
	CU_ASSERT(error_estimate_to_ns(estimate) >= CLOCK_UNSYNCHRONIZED_ERROR_NS);
}

static void runs_through_2036(void)
{
	struct world world = world_make(50000);
	uint64_t before, after;

	world.start_ntp = UINT64_MAX - (UINT64_C(3) << 32) / 2; /* 1.5 s before the roll-over */
	start(&world);
	for (unsigned i = 0; i < 5; i++)
		CU_ASSERT(!advance(&world, INTERVAL));
	before = tsc_clock_read(&world.clock, tsc_at(&world, world.now_ns)).ntp;
	for (unsigned i = 0; i < 50; i++) {
		CU_ASSERT(worst_error(&world, INTERVAL) < 1000);
		CU_ASSERT(!advance(&world, INTERVAL));
	}
	after = tsc_clock_read(&world.clock, tsc_at(&world, world.now_ns)).ntp;
	CU_ASSERT(after < before);
	CU_ASSERT(llabs(ntp_difference_ns(after, before) - 50 * INTERVAL) < 1000);
	CU_ASSERT_EQUAL(world.clock.steps, 0);
}

static void tai_offset_follows_the_samples(void)
{
	struct clock_sample sample = {.tsc = 1000000000,
	                              .realtime_ntp = UINT64_C(1) << 32,
	                              .uncertainty_ns = 100,
	                              .tai_offset = 37};
	static struct tsc_clock clock;

	tsc_clock_init(&clock, 1000000000, &sample);
	CU_ASSERT_EQUAL(tsc_clock_tai_offset(&clock), 37);
	/* A leap second: UTC steps back as TAI - UTC grows. */
	sample.tsc += 100000000;
	sample.realtime_ntp -= UINT64_C(9) * (UINT64_C(1) << 32) / 10;
	sample.tai_offset = 38;
	CU_ASSERT_TRUE(tsc_clock_update(&clock, &sample));
	CU_ASSERT_EQUAL(tsc_clock_tai_offset(&clock), 38);
}

static void real_machine_reads_plausibly(void)
{
	uint64_t hz = tsc_frequency_hz();
	struct clock_sample first = clock_sample_take();
	struct clock_sample second = clock_sample_take();

	CU_ASSERT(hz > 100000000 && hz < UINT64_C(20000000000));
	CU_ASSERT(second.tsc > first.tsc);
	CU_ASSERT(first.uncertainty_ns > 0);
	CU_ASSERT(first.tai_offset != 0);
	CU_ASSERT(first.synchronized || first.kernel_error_ns == CLOCK_UNSYNCHRONIZED_ERROR_NS);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"converges with a TSC off nominal", converges_off_nominal},
	        {"converges with short intervals", converges_with_short_intervals},
	        {"slews without a jump", slews_without_a_jump},
	        {"each tick moves forward", each_tick_moves_forward},
	        {"late update does not overshoot", late_update_does_not_overshoot},
	        {"steps are followed at once", steps_are_followed_at_once},
	        {"rate of the wall clock is followed", rate_of_the_wall_clock_is_followed},
	        {"uncertain reading teaches nothing", uncertain_reading_teaches_nothing},
	        {"uncertain readings keep the rate", uncertain_readings_keep_the_rate},
	        {"TSC that does not advance is ignored", tsc_that_does_not_advance_is_ignored},
	        {"earlier TSC reads the past", earlier_tsc_reads_the_past},
	        {"error estimate tells the kernel's", error_estimate_tells_the_kernel_s},
	        {"runs through 2036", runs_through_2036},
	        {"TAI offset follows the samples", tai_offset_follows_the_samples},
	        {"real machine reads plausibly", real_machine_reads_plausibly},
	        CU_TEST_INFO_NULL};
	return unit_run("clock-tsc-clock", tests);
}
