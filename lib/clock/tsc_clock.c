/* SPDX-License-Identifier: BSD-3-Clause */
/* Arithmetic only: no system call and no reading of the TSC, so that tests bring their own time. */
#include "clock/tsc_clock.h"

#include <assert.h>
#include <string.h>

/** No rate is measured over less. */
#define WINDOW_MIN_MS 50u
/** Beyond this the window's older half is given up, so that the rate follows the kernel's. */
#define WINDOW_MAX_MS 16000u
/** An offset is slewed over at least this time, so that no slew is faster than some per cent. */
#define SLEW_MIN_MS 100u
/** Error of the rate: what one interval may show before the old measurement is given up, and what is tolerated of a new one. */
#define RATE_TOLERANCE_PPM 10u
/** A reader that an update overtook reads again, at most so often. */
#define READ_ATTEMPTS 4u

static_assert(WINDOW_MIN_MS < CLOCK_UPDATE_INTERVAL_MS, "the first interval gives a rate");
static_assert(sizeof(struct tsc_clock_parameters) == 64, "a slot is a cache line");

static uint64_t ticks_from_ms(const struct tsc_clock *clock, uint64_t ms)
{
	return clock->tsc_hz / 1000 * ms;
}

/** 2^-32 s that pass in ticks of a constant rate. */
static uint64_t scale_ticks(uint64_t ticks, uint64_t ntp_per_tsc)
{
	return (uint64_t)(((unsigned __int128)ticks * ntp_per_tsc) >> 32);
}

/** One sum and one rounding, so that the time never falls while the TSC rises. */
static uint64_t ntp_at(const struct tsc_clock_parameters *parameters, uint64_t tsc)
{
	int64_t ticks = (int64_t)(tsc - parameters->base_tsc);
	int64_t in_slew = ticks < parameters->slew_ticks ? ticks : parameters->slew_ticks;

	if (in_slew < 0)
		in_slew = 0;
	__int128 passed = (__int128)ticks * (int64_t)parameters->ntp_per_tsc +
	                  (__int128)in_slew * parameters->slew_per_tsc;
	return parameters->base_ntp + (uint64_t)(passed >> 32);
}

static uint64_t absolute(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

static const struct tsc_clock_parameters *newest(const struct tsc_clock *clock)
{
	return &clock->slots[clock->current % TSC_CLOCK_SLOTS];
}

/** Fills the oldest slot, then makes it the current one. */
static void publish(struct tsc_clock *clock, const struct tsc_clock_parameters *parameters)
{
	uint64_t next = clock->current + 1;
	struct tsc_clock_parameters *slot = &clock->slots[next % TSC_CLOCK_SLOTS];

	/* Who sees a word of the slot's new content also sees the index of the update before it. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	__atomic_store_n(&slot->base_tsc, parameters->base_tsc, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->base_ntp, parameters->base_ntp, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->ntp_per_tsc, parameters->ntp_per_tsc, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->slew_per_tsc, parameters->slew_per_tsc, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->slew_ticks, parameters->slew_ticks, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->error_estimate, parameters->error_estimate, __ATOMIC_RELAXED);
	__atomic_store_n(&clock->current, next, __ATOMIC_RELEASE);
}

/** RATE_TOLERANCE_PPM of the time that ticks take. */
static uint64_t tolerated_ns(uint64_t ticks, uint64_t ntp_per_tsc)
{
	return ntp_duration_to_ns(scale_ticks(ticks, ntp_per_tsc)) * RATE_TOLERANCE_PPM / 1000000;
}

/** The kernel's bound, the reading's, what is left to slew, and what the rate may be wrong until the next update. */
static uint16_t estimate(const struct clock_sample *sample, uint64_t offset_ns, uint64_t rate_ns)
{
	return error_estimate_encode(sample->kernel_error_ns + sample->uncertainty_ns + offset_ns +
	                                     rate_ns,
	                             sample->synchronized);
}

void tsc_clock_init(struct tsc_clock *clock, uint64_t tsc_hz, const struct clock_sample *sample)
{
	memset(clock, 0, sizeof(*clock));
	clock->tsc_hz = tsc_hz;
	clock->tai_offset = sample->tai_offset;
	clock->last = *sample;
	clock->anchor = *sample;
	clock->next_anchor = *sample;
	uint64_t rate = (uint64_t)(((unsigned __int128)1 << 64) / tsc_hz);
	uint64_t interval = ticks_from_ms(clock, CLOCK_UPDATE_INTERVAL_MS);
	clock->slots[0] = (struct tsc_clock_parameters){
	        .base_tsc = sample->tsc,
	        .base_ntp = sample->realtime_ntp,
	        .ntp_per_tsc = rate,
	        .error_estimate = estimate(sample, 0, tolerated_ns(interval, rate)),
	};
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void restart_window(struct tsc_clock *clock, const struct clock_sample *sample)
{
	clock->anchor = *sample;
	clock->next_anchor = *sample;
}

/**
 * The rate from the window's start to sample. When the last interval contradicts the rate by more than the readings'
 * uncertainty and a small drift, the wall clock's rate or phase changed: then the window starts anew, so that a rate comes only
 * from a window that lies wholly after such a change, and whose ends are certain enough for its length.
 */
static uint64_t measure_rate(struct tsc_clock *clock, const struct clock_sample *sample,
                             uint64_t rate)
{
	uint64_t interval = sample->tsc - clock->last.tsc;
	uint64_t window = sample->tsc - clock->anchor.tsc;
	uint64_t window_min = ticks_from_ms(clock, WINDOW_MIN_MS);
	uint64_t window_max = ticks_from_ms(clock, WINDOW_MAX_MS);
	uint64_t expected = clock->last.realtime_ntp + scale_ticks(interval, rate);
	uint64_t tolerance_ns =
	        sample->uncertainty_ns + clock->last.uncertainty_ns + tolerated_ns(interval, rate);

	if (absolute(ntp_difference_ns(sample->realtime_ntp, expected)) > tolerance_ns &&
	    window > interval && window >= 2 * window_min) {
		restart_window(clock, sample);
		return rate;
	}
	if (window < window_min)
		return rate;
	if (sample->uncertainty_ns + clock->anchor.uncertainty_ns > tolerated_ns(window, rate)) {
		if (sample->uncertainty_ns < clock->anchor.uncertainty_ns / 2)
			restart_window(clock, sample);
		return rate;
	}
	rate = (uint64_t)(((unsigned __int128)(sample->realtime_ntp - clock->anchor.realtime_ntp)
	                   << 32) /
	                  window);
	if (window >= window_max) {
		clock->anchor = clock->next_anchor;
		clock->next_anchor = *sample;
	} else if (window < window_max / 2) {
		clock->next_anchor = *sample;
	}
	return rate;
}

bool tsc_clock_update(struct tsc_clock *clock, const struct clock_sample *sample)
{
	const struct tsc_clock_parameters *old = newest(clock);
	uint64_t predicted = ntp_at(old, sample->tsc);
	int64_t offset = (int64_t)(sample->realtime_ntp - predicted);
	uint64_t offset_ns = absolute(ntp_difference_ns(sample->realtime_ntp, predicted));
	int64_t interval = (int64_t)(sample->tsc - clock->last.tsc);
	uint64_t horizon = ticks_from_ms(clock, SLEW_MIN_MS);
	struct tsc_clock_parameters next = {.base_tsc = sample->tsc,
	                                    .base_ntp = sample->realtime_ntp,
	                                    .ntp_per_tsc = old->ntp_per_tsc};

	/* A reading as uncertain as the offset proves no step, and one less certain than the clock teaches nothing. */
	bool step = offset_ns > CLOCK_STEP_THRESHOLD_NS + sample->uncertainty_ns;
	if (!step && (interval <= 0 || sample->uncertainty_ns > CLOCK_STEP_THRESHOLD_NS))
		return false;
	if (interval > 0 && (uint64_t)interval > horizon)
		horizon = (uint64_t)interval;
	if (step) {
		clock->steps++;
		restart_window(clock, sample);
		offset_ns = 0;
	} else {
		next.base_ntp = predicted;
		next.ntp_per_tsc = measure_rate(clock, sample, old->ntp_per_tsc);
		next.slew_ticks = (int64_t)horizon;
		next.slew_per_tsc =
		        (int64_t)((__int128)offset * (INT64_C(1) << 32) / (int64_t)horizon);
	}
	next.error_estimate = estimate(sample, offset_ns, tolerated_ns(horizon, next.ntp_per_tsc));
	clock->last = *sample;
	/* At a leap second it changes as UTC steps: both are followed by the same update. */
	__atomic_store_n(&clock->tai_offset, sample->tai_offset, __ATOMIC_RELAXED);
	publish(clock, &next);
	return step;
}

struct clock_timestamp tsc_clock_read(const struct tsc_clock *clock, uint64_t tsc)
{
	struct tsc_clock_parameters parameters = {0};
	uint64_t index = __atomic_load_n(&clock->current, __ATOMIC_ACQUIRE);

	for (unsigned attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
		const struct tsc_clock_parameters *slot = &clock->slots[index % TSC_CLOCK_SLOTS];
		parameters.base_tsc = __atomic_load_n(&slot->base_tsc, __ATOMIC_RELAXED);
		parameters.base_ntp = __atomic_load_n(&slot->base_ntp, __ATOMIC_RELAXED);
		parameters.ntp_per_tsc = __atomic_load_n(&slot->ntp_per_tsc, __ATOMIC_RELAXED);
		parameters.slew_per_tsc = __atomic_load_n(&slot->slew_per_tsc, __ATOMIC_RELAXED);
		parameters.slew_ticks = __atomic_load_n(&slot->slew_ticks, __ATOMIC_RELAXED);
		parameters.error_estimate =
		        __atomic_load_n(&slot->error_estimate, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		uint64_t now = __atomic_load_n(&clock->current, __ATOMIC_RELAXED);
		/* The next update after this many may already be overwriting the slot. */
		if (now - index < TSC_CLOCK_SLOTS - 1)
			break;
		index = now;
	}
	return (struct clock_timestamp){
	        .ntp = ntp_at(&parameters, tsc),
	        .error_estimate = parameters.error_estimate,
	        .source = TIMESTAMP_SOURCE_TSC,
	};
}
