/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers beside a writer that updates as fast as it can. The TSC runs at 2^31 Hz, so that each tick is exactly two units of
 * 2^-32 s and every parameter set gives exactly the same time: a reading from two sets at once would differ.
 */
#include <pthread.h>

#include "clock/tsc_clock.h"
#include "unit.h"

#define EXACT_HZ      (UINT64_C(1) << 31)
#define UNITS_A_TICK  2u
#define START_TSC     UINT64_C(1000000007)
#define START_NTP     UINT64_C(0xfffffff000000001)
#define INTERVAL      (EXACT_HZ / 10)
#define READERS       2u
#define READS         500000u
#define UPDATES_LEAST 500000u

struct run {
	struct tsc_clock clock;
	uint64_t reading; /**< readers that are not finished; atomic */
};

struct reader {
	struct run *run;
	uint64_t wrong;
};

static uint64_t exact(uint64_t tsc)
{
	return START_NTP + (tsc - START_TSC) * UNITS_A_TICK;
}

static void *read_often(void *argument)
{
	struct reader *reader = argument;

	for (uint64_t i = 0; i < READS; i++) {
		/* Before and after any base the writer may be at. */
		uint64_t tsc = START_TSC + i * INTERVAL + i % 1000;
		struct clock_timestamp time = tsc_clock_read(&reader->run->clock, tsc);
		if (time.ntp != exact(tsc) || !error_estimate_synchronized(time.error_estimate) ||
		    error_estimate_is_corrupt(time.error_estimate))
			reader->wrong++;
	}
	__atomic_fetch_sub(&reader->run->reading, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void no_torn_reading(void)
{
	static struct run run;
	struct reader readers[READERS];
	pthread_t threads[READERS];
	struct clock_sample sample = {.tsc = START_TSC,
	                              .realtime_ntp = START_NTP,
	                              .uncertainty_ns = 20,
	                              .kernel_error_ns = 1000,
	                              .synchronized = true};
	uint64_t updates = 0;

	tsc_clock_init(&run.clock, EXACT_HZ, &sample);
	run.reading = READERS;
	for (unsigned i = 0; i < READERS; i++) {
		readers[i] = (struct reader){.run = &run};
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, read_often, &readers[i]),
		                      0);
	}
	while (updates < UPDATES_LEAST || __atomic_load_n(&run.reading, __ATOMIC_ACQUIRE) > 0) {
		updates++;
		sample.tsc += INTERVAL;
		sample.realtime_ntp = exact(sample.tsc);
		CU_ASSERT_FATAL(!tsc_clock_update(&run.clock, &sample));
	}
	for (unsigned i = 0; i < READERS; i++) {
		CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
		CU_ASSERT_EQUAL(readers[i].wrong, 0);
	}
	CU_ASSERT_EQUAL(run.clock.current, updates);
}

int main(void)
{
	CU_TestInfo tests[] = {{"no torn reading", no_torn_reading}, CU_TEST_INFO_NULL};
	return unit_run("clock-tsc-clock-reader", tests);
}
