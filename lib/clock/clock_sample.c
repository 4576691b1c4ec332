/* SPDX-License-Identifier: BSD-3-Clause */
/* What the clock asks of the machine: the TSC, its frequency, CLOCK_REALTIME and the kernel's opinion of it. */
#include <cpuid.h>
#include <string.h>
#include <sys/timex.h>
#include <x86intrin.h>

#include "clock/tsc_clock.h"

#define SAMPLE_ATTEMPTS 8u
#define MEASURE_NS      50000000

#define NS_PER_SECOND      1000000000
#define NS_PER_MICROSECOND 1000u
#define HZ_PER_MHZ         1000000u

#define CPUID_FEATURES            0x01u
#define CPUID_FEATURES_HYPERVISOR (1u << 31) /**< of ECX */
#define CPUID_TSC_CRYSTAL         0x15u /**< EBX / EAX: TSC by crystal clock; ECX: the crystal in Hz */
#define CPUID_FREQUENCY           0x16u /**< EAX: base frequency in MHz */

/** rdtsc that neither starts before nor is overtaken by what surrounds it. */
static uint64_t tsc_ordered(void)
{
	_mm_lfence();
	uint64_t tsc = __rdtsc();
	_mm_lfence();
	return tsc;
}

static int64_t ns_between(const struct timespec *from, const struct timespec *to)
{
	return (to->tv_sec - from->tv_sec) * NS_PER_SECOND + to->tv_nsec - from->tv_nsec;
}

/** One reading of a clock on each side of the TSC; returns what lies between them in ns, negative when the clock stepped back. */
static int64_t bracket(clockid_t id, struct timespec *before, uint64_t *tsc)
{
	struct timespec after;

	(void)clock_gettime(id, before);
	*tsc = tsc_ordered();
	(void)clock_gettime(id, &after);
	return ns_between(before, &after);
}

static struct timespec add_ns(struct timespec time, int64_t ns)
{
	time.tv_nsec += ns;
	time.tv_sec += time.tv_nsec / NS_PER_SECOND;
	time.tv_nsec %= NS_PER_SECOND;
	return time;
}

/** The tightest of some readings: the TSC belongs to *time within the returned ns. */
static uint64_t read_both(clockid_t id, struct timespec *time, uint64_t *tsc)
{
	int64_t tightest = INT64_MAX;

	for (unsigned attempt = 0; attempt < SAMPLE_ATTEMPTS || tightest == INT64_MAX; attempt++) {
		struct timespec before;
		uint64_t at;
		int64_t between = bracket(id, &before, &at);
		if (between < 0 || between >= tightest)
			continue;
		tightest = between;
		*tsc = at;
		*time = add_ns(before, between / 2);
	}
	return (uint64_t)tightest / 2 + 1;
}

struct clock_sample clock_sample_take(void)
{
	struct clock_sample sample = {.kernel_error_ns = CLOCK_UNSYNCHRONIZED_ERROR_NS};
	struct timespec realtime;
	struct timex kernel;

	sample.uncertainty_ns = read_both(CLOCK_REALTIME, &realtime, &sample.tsc);
	sample.realtime_ntp = ntp_from_timespec(&realtime);
	memset(&kernel, 0, sizeof(kernel));
	int state = adjtimex(&kernel);
	sample.synchronized =
	        state >= 0 && state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
	if (sample.synchronized && kernel.maxerror >= 0)
		sample.kernel_error_ns = (uint64_t)kernel.maxerror * NS_PER_MICROSECOND;
	/* The kernel says 0 until somebody (chronyd with leapsectz, ptp4l's phc2sys, ntpd with a leap file) told it. */
	sample.tai_offset = state >= 0 && kernel.tai != 0 ? kernel.tai : TAI_OFFSET_PRESENT;
	return sample;
}

static uint64_t frequency_from_cpuid(void)
{
	unsigned eax, ebx, ecx, edx;

	/* A hypervisor may scale the TSC and still show the machine's own leaves. */
	if (__get_cpuid(CPUID_FEATURES, &eax, &ebx, &ecx, &edx) == 0 ||
	    (ecx & CPUID_FEATURES_HYPERVISOR) != 0)
		return 0;
	if (__get_cpuid(CPUID_TSC_CRYSTAL, &eax, &ebx, &ecx, &edx) == 0 || eax == 0 || ebx == 0)
		return 0;
	if (ecx != 0)
		return (uint64_t)ecx * ebx / eax;
	if (__get_cpuid(CPUID_FREQUENCY, &eax, &ebx, &ecx, &edx) == 0)
		return 0;
	return (uint64_t)(eax & UINT16_MAX) * HZ_PER_MHZ;
}

static uint64_t frequency_measured(void)
{
	struct timespec start, end;
	uint64_t start_tsc, end_tsc;
	const struct timespec pause = {.tv_nsec = MEASURE_NS};

	(void)read_both(CLOCK_MONOTONIC_RAW, &start, &start_tsc);
	do {
		(void)nanosleep(&pause, NULL);
		(void)read_both(CLOCK_MONOTONIC_RAW, &end, &end_tsc);
	} while (ns_between(&start, &end) < MEASURE_NS);
	return (uint64_t)((unsigned __int128)(end_tsc - start_tsc) * NS_PER_SECOND /
	                  (uint64_t)ns_between(&start, &end));
}

uint64_t tsc_frequency_hz(void)
{
	uint64_t hz = frequency_from_cpuid();

	return hz != 0 ? hz : frequency_measured();
}
