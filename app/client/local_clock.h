/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The host's clocks as a Control-Client reads them: CLOCK_REALTIME for what goes on the wire, CLOCK_MONOTONIC for round-trip times,
 * and the offset between both, by which the kernel's timestamps (always CLOCK_REALTIME) become monotonic. The kernel slews both
 * alike, so the offset only changes when somebody steps the wall clock. One thread.
 */
#ifndef SPECULAR_CLIENT_LOCAL_CLOCK_H
#define SPECULAR_CLIENT_LOCAL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct local_clock {
	int64_t offset_ns;       /**< realtime - monotonic */
	int64_t uncertainty_ns;  /**< of offset_ns */
	int64_t quality_due_ns;  /**< monotonic: when error_estimate is read anew */
	uint64_t steps;          /**< of the wall clock, since init */
	uint16_t error_estimate; /**< ready for the wire, host order */
	int32_t tai_offset;      /**< TAI - UTC in seconds, as clock_sample_take has it */
	bool synchronized;
};

struct local_time {
	int64_t monotonic_ns;
	uint64_t ntp;
};

void local_clock_init(struct local_clock *clock);

/** Reads both clocks; keeps the offset and, once a second, the error estimate (adjtimex). */
struct local_time local_clock_now(struct local_clock *clock);

/** Takes one look at both clocks (monotonic before and after realtime); local_clock_now's core, apart for the tests. */
void local_clock_observe(struct local_clock *clock, int64_t before_ns, int64_t realtime_ns,
                         int64_t after_ns);

/** A kernel timestamp on the monotonic clock. */
int64_t local_clock_monotonic(const struct local_clock *clock, const struct timespec *realtime);

/** CLOCK_MONOTONIC in nanoseconds. */
int64_t monotonic_now_ns(void);

int64_t timespec_to_ns(const struct timespec *time);

#endif
