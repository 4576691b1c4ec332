/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A timestamp is a type that carries its source and its error, never a bare integer.
 * NTP format: RFC 4656 section 4.1.2 (32 bits of seconds since 1900-01-01 0h UTC, 32 bits of fraction).
 * PTPv2 truncated format: RFC 8186 section 2 (32 bits of seconds since 1970-01-01 0h TAI, 32 bits of nanoseconds). PTP's timescale
 * (IEEE 1588-2008 section 7.2) has no leap seconds: it is TAI, so many whole seconds ahead of UTC.
 */
#ifndef SPECULAR_CLOCK_TIMESTAMP_H
#define SPECULAR_CLOCK_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NTP_UNIX_EPOCH_OFFSET 2208988800u /**< seconds from 1900 to 1970 */
#define TAI_OFFSET_PRESENT    37 /**< TAI - UTC in seconds since 2017-01-01 (IERS bulletin C 52) */

enum timestamp_source { TIMESTAMP_SOURCE_TSC, TIMESTAMP_SOURCE_NIC, TIMESTAMP_SOURCE_KERNEL };

struct clock_timestamp {
	uint64_t ntp; /**< host order, 32.32 seconds since 1900 (mod 2^32) */
	uint16_t
	        error_estimate; /**< host order, RFC 4656 section 4.1.2: S, Z=0, Scale, Multiplier */
	uint8_t source;         /**< enum timestamp_source */
};

/** Seconds and nanoseconds since 1970 to NTP format, rounded to nearest. */
uint64_t ntp_from_timespec(const struct timespec *time);

/** The inverse for times from 1970 to 2106; the result is within 1 ns of the NTP value. */
struct timespec ntp_to_timespec(uint64_t ntp);

/** Signed left - right in nanoseconds, right across the 2036 roll-over when they are less than 68 years apart. */
int64_t ntp_difference_ns(uint64_t left, uint64_t right);

/** A non-negative duration in nanoseconds as 32.32 seconds. */
uint64_t ntp_duration_from_ns(uint64_t ns);

/** A 32.32 duration to nanoseconds; the longest one fits. */
uint64_t ntp_duration_to_ns(uint64_t duration);

/** NTP format to PTPv2 truncated, and back; tai_offset: TAI - UTC in seconds. Rounded to nearest; exact both ways in whole ns. */
uint64_t ptp_from_ntp(uint64_t ntp, int32_t tai_offset);
uint64_t ntp_from_ptp(uint64_t ptp, int32_t tai_offset);

/**
 * RFC 4656 section 4.1.2: the smallest Scale and Multiplier whose value is not below error_ns; never a zero Multiplier.
 * Errors above the largest representable become Scale 63, Multiplier 255.
 */
uint16_t error_estimate_encode(uint64_t error_ns, bool synchronized);

/** RFC 8186 section 2.3: Z of an Error Estimate says that its timestamps are in PTPv2 truncated format. */
#define ERROR_ESTIMATE_PTP 0x4000u

/** Nanoseconds, saturating at UINT64_MAX. */
uint64_t error_estimate_to_ns(uint16_t error_estimate);
bool error_estimate_synchronized(uint16_t error_estimate);

/** True when Multiplier is zero: the packet is corrupt (RFC 4656 section 4.1.2). */
static inline bool error_estimate_is_corrupt(uint16_t error_estimate)
{
	return (error_estimate & 0xffu) == 0;
}

#endif
