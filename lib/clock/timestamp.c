/* SPDX-License-Identifier: BSD-3-Clause */
#include "clock/timestamp.h"

#define NS_PER_SECOND 1000000000u

/* RFC 4656 section 4.1.2: S (1 bit), Z (1 bit, ERROR_ESTIMATE_PTP), Scale (6 bits), Multiplier (8 bits). */
#define ESTIMATE_SYNCHRONIZED 0x8000u
#define ESTIMATE_SCALE_SHIFT  8
#define ESTIMATE_SCALE_MAX    63u
#define ESTIMATE_MULTIPLIER   0xffu

/** Nanoseconds below a second as a fraction in 2^-32 s, rounded to nearest; never reaches a whole second. */
static uint64_t fraction_from_ns(uint64_t ns)
{
	return ((ns << 32) + NS_PER_SECOND / 2) / NS_PER_SECOND;
}

/** The inverse, rounded to nearest; may reach NS_PER_SECOND. */
static uint64_t ns_from_fraction(uint64_t fraction)
{
	return (fraction * NS_PER_SECOND + (UINT64_C(1) << 31)) >> 32;
}

uint64_t ntp_from_timespec(const struct timespec *time)
{
	uint32_t seconds = (uint32_t)((uint64_t)time->tv_sec + NTP_UNIX_EPOCH_OFFSET);

	return ((uint64_t)seconds << 32) + fraction_from_ns((uint64_t)time->tv_nsec);
}

struct timespec ntp_to_timespec(uint64_t ntp)
{
	uint32_t seconds = (uint32_t)(ntp >> 32) - NTP_UNIX_EPOCH_OFFSET;
	uint64_t ns = ns_from_fraction((uint32_t)ntp);

	return (struct timespec){
	        .tv_sec = (time_t)seconds + (time_t)(ns / NS_PER_SECOND),
	        .tv_nsec = (long)(ns % NS_PER_SECOND),
	};
}

int64_t ntp_difference_ns(uint64_t left, uint64_t right)
{
	__int128 difference = (int64_t)(left - right);

	return (int64_t)((difference * NS_PER_SECOND + (INT64_C(1) << 31)) >> 32);
}

uint64_t ntp_duration_from_ns(uint64_t ns)
{
	uint64_t seconds = ns / NS_PER_SECOND;

	if (seconds > UINT32_MAX)
		return UINT64_MAX;
	return (seconds << 32) + fraction_from_ns(ns % NS_PER_SECOND);
}

uint64_t ntp_duration_to_ns(uint64_t duration)
{
	return (duration >> 32) * NS_PER_SECOND + ns_from_fraction((uint32_t)duration);
}

uint64_t ptp_from_ntp(uint64_t ntp, int32_t tai_offset)
{
	struct timespec time = ntp_to_timespec(ntp);

	return (uint64_t)((uint32_t)time.tv_sec + (uint32_t)tai_offset) << 32 |
	       (uint64_t)time.tv_nsec;
}

uint64_t ntp_from_ptp(uint64_t ptp, int32_t tai_offset)
{
	uint32_t seconds = (uint32_t)(ptp >> 32) - (uint32_t)tai_offset + NTP_UNIX_EPOCH_OFFSET;
	uint64_t ns = (uint32_t)ptp;

	seconds += (uint32_t)(ns / NS_PER_SECOND);
	return ((uint64_t)seconds << 32) + fraction_from_ns(ns % NS_PER_SECOND);
}

uint16_t error_estimate_encode(uint64_t error_ns, bool synchronized)
{
	/* In units of 2^-32 s, rounded up, and so is each halving: the estimate never falls below the error. */
	unsigned __int128 multiplier =
	        (((unsigned __int128)error_ns << 32) + NS_PER_SECOND - 1) / NS_PER_SECOND;
	unsigned scale = 0;

	while (multiplier > ESTIMATE_MULTIPLIER && scale < ESTIMATE_SCALE_MAX) {
		multiplier = (multiplier + 1) >> 1;
		scale++;
	}
	if (multiplier > ESTIMATE_MULTIPLIER)
		multiplier = ESTIMATE_MULTIPLIER;
	if (multiplier == 0)
		multiplier = 1;
	return (uint16_t)((synchronized ? ESTIMATE_SYNCHRONIZED : 0) |
	                  scale << ESTIMATE_SCALE_SHIFT | (unsigned)multiplier);
}

uint64_t error_estimate_to_ns(uint16_t error_estimate)
{
	unsigned scale = (unsigned)error_estimate >> ESTIMATE_SCALE_SHIFT & ESTIMATE_SCALE_MAX;
	unsigned __int128 units = (unsigned __int128)(error_estimate & ESTIMATE_MULTIPLIER)
	                          << scale;
	unsigned __int128 ns = (units * NS_PER_SECOND + UINT32_MAX) >> 32;

	return ns > UINT64_MAX ? UINT64_MAX : (uint64_t)ns;
}

bool error_estimate_synchronized(uint16_t error_estimate)
{
	return (error_estimate & ESTIMATE_SYNCHRONIZED) != 0;
}
