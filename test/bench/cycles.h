/* SPDX-License-Identifier: BSD-3-Clause */
/** TSC readings around a piece of code, and what many of them say. */
#ifndef SPECULAR_BENCH_CYCLES_H
#define SPECULAR_BENCH_CYCLES_H

#include <stdint.h>
#include <x86intrin.h>

/** The TSC when all before has been executed and nothing behind has begun. Between two calls lies exactly what stands there. */
static inline uint64_t cycles_now(void)
{
	_mm_lfence();
	uint64_t tsc = __rdtsc();
	_mm_lfence();
	return tsc;
}

/** What two cycles_now with nothing between them differ by: to be subtracted. Measured once, the median. */
uint64_t cycles_overhead(void);

/** later - earlier without the overhead, never negative. */
static inline uint64_t cycles_between(uint64_t earlier, uint64_t later, uint64_t overhead)
{
	uint64_t took = later - earlier;

	return took > overhead ? took - overhead : 0;
}

/** The value below which a share of them lies, 0.5 the median; sorts them. count > 0. */
double cycles_quantile(uint64_t *values, unsigned count, double share);

#endif
