/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The appliance's clock: the TSC disciplined against CLOCK_REALTIME.
 *
 * The slow path takes a sample every CLOCK_UPDATE_INTERVAL_MS and publishes new parameters; a polling lcore reads the clock
 * without a lock, a loop or a system call. Parameters lie in a small ring of slots with an index; a slot is rewritten only
 * TSC_CLOCK_SLOTS - 1 updates after it was current, far longer than a read takes.
 */
#ifndef SPECULAR_CLOCK_TSC_CLOCK_H
#define SPECULAR_CLOCK_TSC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "clock/timestamp.h"

#define TSC_CLOCK_SLOTS          8u
#define CLOCK_UPDATE_INTERVAL_MS 100u
/** A difference larger than this between prediction and CLOCK_REALTIME is a step: followed at once, not slewed. */
#define CLOCK_STEP_THRESHOLD_NS 1000000u

/** The kernel error while it is not synchronized: 16 s, the kernel's own largest maxerror (NTP_PHASE_LIMIT). */
#define CLOCK_UNSYNCHRONIZED_ERROR_NS 16000000000u

/** One look at both clocks. */
struct clock_sample {
	uint64_t tsc;            /**< TSC at the middle of the reading */
	uint64_t realtime_ntp;   /**< CLOCK_REALTIME then, 32.32 seconds since 1900 */
	uint64_t uncertainty_ns; /**< half the time the reading took */
	/** adjtimex's maxerror when synchronized, else CLOCK_UNSYNCHRONIZED_ERROR_NS */
	uint64_t kernel_error_ns;
	bool synchronized;  /**< adjtimex says the kernel clock is (no STA_UNSYNC, no TIME_ERROR) */
	int32_t tai_offset; /**< TAI - UTC in seconds: adjtimex's, else TAI_OFFSET_PRESENT */
};

/**
 * ntp = base_ntp + ticks * ntp_per_tsc + min(ticks, slew_ticks) * slew_per_tsc, where ticks = tsc - base_tsc, which may be
 * negative (then without a slew). Rates are in 2^-32 s a tick as 32.32 fixed point. The slew ends by itself, so that a late
 * update does not overshoot. One cache line.
 */
struct tsc_clock_parameters {
	uint64_t base_tsc;
	uint64_t base_ntp;
	uint64_t ntp_per_tsc;
	int64_t slew_per_tsc;
	int64_t slew_ticks;
	uint16_t error_estimate; /**< ready for the wire, host order */
} __attribute__((aligned(64)));

/** Opaque to users but for its size. Written by the slow path (slots, current), read by every lcore. */
struct tsc_clock {
	struct tsc_clock_parameters slots[TSC_CLOCK_SLOTS];
	/** Number of the newest update; slot = current % TSC_CLOCK_SLOTS. Atomic. */
	uint64_t current;
	int32_t tai_offset; /**< of the newest sample. Atomic. */
	/* The slow path's own state. */
	uint64_t tsc_hz;                 /**< nominal */
	struct clock_sample last;        /**< the newest sample */
	struct clock_sample anchor;      /**< start of the current frequency measurement */
	struct clock_sample next_anchor; /**< where that start moves when the window is full */
	uint64_t steps;                  /**< steps followed since init */
} __attribute__((aligned(64)));

/**
 * Nominal TSC frequency in Hz: CPUID leaf 15h/16h on bare metal, else measured for 50 ms against CLOCK_MONOTONIC_RAW. Slow path.
 */
uint64_t tsc_frequency_hz(void);

/** Reads CLOCK_REALTIME, rdtsc, CLOCK_REALTIME a few times and keeps the tightest; asks adjtimex. Slow path (system calls). */
struct clock_sample clock_sample_take(void);

/**
 * First parameters from one sample; tsc_hz within 0.5 % (what is further off looks like a wall clock that steps at each update).
 * Slow path, before any reader.
 */
void tsc_clock_init(struct tsc_clock *clock, uint64_t tsc_hz, const struct clock_sample *sample);

/**
 * Disciplines the clock by a new sample (any interval from 1 ms on). Below the step threshold the reading stays continuous
 * (slewed so that the offset is gone after about one more interval) and the rate is measured over a growing window; above it
 * the clock is set to the sample at once. A slew is at most 2 %: a core that reads between the sample and its publication can see
 * that slew begin late by as much of that time. Returns true for a step. Ignored, unless it is a step, is a sample whose TSC is not
 * after the last one's or whose uncertainty exceeds the step threshold. The published error is the kernel's, the reading's uncertainty, the offset still to slew, and 10 ppm of the interval
 * for the rate. Slow path.
 */
bool tsc_clock_update(struct tsc_clock *clock, const struct clock_sample *sample);

/** The time at TSC value tsc (which may be a little before or after the newest update). Any thread; wait-free. */
struct clock_timestamp tsc_clock_read(const struct tsc_clock *clock, uint64_t tsc);

/** TAI - UTC in seconds, for ptp_from_ntp. Any thread; wait-free. */
static inline int32_t tsc_clock_tai_offset(const struct tsc_clock *clock)
{
	return __atomic_load_n(&clock->tai_offset, __ATOMIC_RELAXED);
}

/** rdtsc. */
static inline uint64_t tsc_now(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
