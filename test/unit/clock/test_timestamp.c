/* SPDX-License-Identifier: BSD-3-Clause */
#include "clock/timestamp.h"

#include "unit.h"

#define SECOND          (UINT64_C(1) << 32) /**< in NTP format */
#define NS_PER_SECOND   1000000000u
#define ROLL_OVER       2085978496 /**< 2036-02-07 06:28:16 UTC, Unix seconds */
#define LARGEST_SECONDS (UINT64_C(1) << 32)

static struct timespec at(int64_t seconds, int64_t ns)
{
	return (struct timespec){.tv_sec = seconds, .tv_nsec = ns};
}

static uint64_t ntp_at(int64_t seconds, int64_t ns)
{
	struct timespec time = at(seconds, ns);

	return ntp_from_timespec(&time);
}

static void known_times(void)
{
	CU_ASSERT_EQUAL(ntp_at(0, 0),
	                UINT64_C(0x83aa7e8000000000)); /* RFC 5905 figure 4: 2,208,988,800 */
	CU_ASSERT_EQUAL(ntp_at(0, 500000000), UINT64_C(0x83aa7e8080000000));
	CU_ASSERT_EQUAL(ntp_at(0, 250000000), UINT64_C(0x83aa7e8040000000));
	CU_ASSERT_EQUAL(ntp_at(0, 1), UINT64_C(0x83aa7e8000000004));         /* 4.29 */
	CU_ASSERT_EQUAL(ntp_at(0, 999999999), UINT64_C(0x83aa7e80fffffffc)); /* -4.29 */
	CU_ASSERT_EQUAL(ntp_at(946684800, 0), UINT64_C(3155673600) << 32);   /* 2000-01-01 */
}

static void roll_over_of_2036(void)
{
	struct timespec back = ntp_to_timespec(0);

	CU_ASSERT_EQUAL(ntp_at(ROLL_OVER - 1, 0), UINT64_C(0xffffffff00000000));
	CU_ASSERT_EQUAL(ntp_at(ROLL_OVER, 0), 0);
	CU_ASSERT_EQUAL(ntp_at(ROLL_OVER + 7, 0), 7 * SECOND);
	CU_ASSERT_EQUAL(back.tv_sec, ROLL_OVER);
	CU_ASSERT_EQUAL(back.tv_nsec, 0);
	CU_ASSERT_EQUAL(ntp_difference_ns(ntp_at(ROLL_OVER + 1, 5), ntp_at(ROLL_OVER - 1, 3)),
	                2000000002);
	CU_ASSERT_EQUAL(ntp_difference_ns(ntp_at(ROLL_OVER - 1, 3), ntp_at(ROLL_OVER + 1, 5)),
	                -2000000002);
}

static void timespec_round_trip(void)
{
	static const int64_t seconds[] = {0, 1, 1700000000, ROLL_OVER - 1, ROLL_OVER, 4294967295};

	for (unsigned i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		for (int64_t ns = 0; ns < NS_PER_SECOND; ns += 999983) {
			struct timespec back = ntp_to_timespec(ntp_at(seconds[i], ns));
			CU_ASSERT_EQUAL(back.tv_sec, seconds[i]);
			CU_ASSERT_EQUAL(back.tv_nsec, ns);
		}
	}
	/* The last 2^-32 s of a second round up to the next one. */
	struct timespec up = ntp_to_timespec((UINT64_C(2208988800) << 32) + UINT32_MAX);
	CU_ASSERT_EQUAL(up.tv_sec, 1);
	CU_ASSERT_EQUAL(up.tv_nsec, 0);
}

static void differences_and_durations(void)
{
	CU_ASSERT_EQUAL(ntp_difference_ns(5 * SECOND, 5 * SECOND), 0);
	CU_ASSERT_EQUAL(ntp_difference_ns(5 * SECOND, 6 * SECOND), -1000000000);
	CU_ASSERT_EQUAL(ntp_difference_ns(SECOND / 2, 0), 500000000);
	CU_ASSERT_EQUAL(ntp_difference_ns(INT64_MAX, 0), INT64_C(2147483648000000000));
	CU_ASSERT_EQUAL(ntp_duration_from_ns(0), 0);
	CU_ASSERT_EQUAL(ntp_duration_from_ns(900000000000), 900 * SECOND);
	CU_ASSERT_EQUAL(ntp_duration_from_ns(1500000000), SECOND + SECOND / 2);
	CU_ASSERT_EQUAL(ntp_duration_from_ns(UINT64_MAX), UINT64_MAX);
	CU_ASSERT_EQUAL(ntp_duration_to_ns(UINT64_MAX), UINT64_C(4294967296000000000));
	for (uint64_t ns = 1; ns < LARGEST_SECONDS * NS_PER_SECOND; ns = ns * 3 + 1)
		CU_ASSERT_EQUAL(ntp_duration_to_ns(ntp_duration_from_ns(ns)), ns);
}

static void ptp_format(void)
{
	/* RFC 8186 section 2: seconds since 1970 and nanoseconds, 32 bits each */
	CU_ASSERT_EQUAL(ptp_from_ntp(ntp_at(0, 0), 0), 0);
	CU_ASSERT_EQUAL(ptp_from_ntp(ntp_at(1700000000, 123456789), 0),
	                UINT64_C(1700000000) << 32 | 123456789);
	CU_ASSERT_EQUAL(ntp_from_ptp(UINT64_C(1700000000) << 32 | 123456789, 0),
	                ntp_at(1700000000, 123456789));
	CU_ASSERT_EQUAL(ptp_from_ntp(ntp_at(ROLL_OVER + 1, 999999999), 0),
	                (uint64_t)(ROLL_OVER + 1) << 32 | 999999999);
	CU_ASSERT_EQUAL(ntp_from_ptp((uint64_t)(ROLL_OVER + 1) << 32 | 999999999, 0),
	                ntp_at(ROLL_OVER + 1, 999999999));
	/* IEEE 1588-2008 annex B: TAI was 37 s ahead of UTC when POSIX said 1700000000; an offset may be unlike ours. */
	CU_ASSERT_EQUAL(ptp_from_ntp(ntp_at(1700000000, 123456789), 37),
	                UINT64_C(1700000037) << 32 | 123456789);
	CU_ASSERT_EQUAL(ntp_from_ptp(UINT64_C(1700000037) << 32 | 123456789, 37),
	                ntp_at(1700000000, 123456789));
	CU_ASSERT_EQUAL(ntp_from_ptp(ptp_from_ntp(ntp_at(1700000000, 5), -3), -3),
	                ntp_at(1700000000, 5));
	/* From outside, more than a second of nanoseconds carries. */
	CU_ASSERT_EQUAL(ntp_from_ptp(UINT64_C(10) << 32 | 2000000001, 0), ntp_at(12, 1));
}

/** Multiplier * 2^Scale, in 2^-32 s. */
static unsigned __int128 units(uint16_t estimate)
{
	return (unsigned __int128)(estimate & 0xffu) << (estimate >> 8 & 0x3fu);
}

/** Not below error_ns, and neither a smaller Scale nor a smaller Multiplier would do. */
static void check_smallest(uint64_t error_ns)
{
	uint16_t estimate = error_estimate_encode(error_ns, false);
	unsigned __int128 error = (unsigned __int128)error_ns << 32; /* in 10^-9 * 2^-32 s */
	unsigned scale = estimate >> 8;
	unsigned multiplier = estimate & 0xffu;

	CU_ASSERT(!error_estimate_is_corrupt(estimate));
	CU_ASSERT(units(estimate) * NS_PER_SECOND >= error);
	if (multiplier > 1)
		CU_ASSERT(units((uint16_t)(estimate - 1)) * NS_PER_SECOND < error);
	if (scale > 0)
		CU_ASSERT(units((uint16_t)((scale - 1) << 8 | 0xff)) * NS_PER_SECOND < error);
	CU_ASSERT(error_estimate_to_ns(estimate) >= error_ns);
}

static void estimate_is_the_smallest(void)
{
	for (uint64_t error_ns = 0; error_ns < 100000; error_ns++)
		check_smallest(error_ns);
	for (unsigned bit = 17; bit < 64; bit++) {
		for (int64_t near = -3; near <= 3; near++)
			check_smallest((UINT64_C(1) << bit) + (uint64_t)near);
	}
	check_smallest(UINT64_MAX);
}

static void estimate_round_trip(void)
{
	for (unsigned scale = 0; scale < 64; scale++) {
		for (unsigned multiplier = 1; multiplier < 256; multiplier++) {
			uint16_t estimate = (uint16_t)(scale << 8 | multiplier);
			uint64_t ns = error_estimate_to_ns(estimate);
			uint16_t again = error_estimate_encode(ns, false);
			uint64_t again_ns = error_estimate_to_ns(again);
			CU_ASSERT(again_ns >= ns);
			CU_ASSERT(again_ns - ns <= ns / 128 + 1);
			CU_ASSERT(!error_estimate_is_corrupt(again));
		}
	}
	CU_ASSERT_EQUAL(error_estimate_to_ns(0x3fff), UINT64_MAX); /* 255 * 2^31 s */
	CU_ASSERT_EQUAL(error_estimate_to_ns(0x2001), NS_PER_SECOND);
	CU_ASSERT_EQUAL(error_estimate_to_ns(0x4000 | 0x2001), NS_PER_SECOND); /* Z is ignored */
}

static void estimate_flags(void)
{
	CU_ASSERT_EQUAL(error_estimate_encode(0, false), 0x0001);
	CU_ASSERT_EQUAL(error_estimate_encode(0, true), 0x8001);
	CU_ASSERT_EQUAL(error_estimate_encode(NS_PER_SECOND, true), 0x8000 | 25 << 8 | 128);
	CU_ASSERT(error_estimate_synchronized(0x8001));
	CU_ASSERT(!error_estimate_synchronized(0x7f01));
	CU_ASSERT(error_estimate_is_corrupt(0xff00));
	CU_ASSERT(!error_estimate_is_corrupt(0x0001));
}

int main(void)
{
	CU_TestInfo tests[] = {{"known times", known_times},
	                       {"roll-over of 2036", roll_over_of_2036},
	                       {"timespec round trip", timespec_round_trip},
	                       {"differences and durations", differences_and_durations},
	                       {"PTP format", ptp_format},
	                       {"Error Estimate is the smallest", estimate_is_the_smallest},
	                       {"Error Estimate round trip", estimate_round_trip},
	                       {"Error Estimate flags", estimate_flags},
	                       CU_TEST_INFO_NULL};
	return unit_run("clock-timestamp", tests);
}
