/* SPDX-License-Identifier: BSD-3-Clause */
#include "cycles.h"

#include <stdlib.h>

#define OVERHEAD_SAMPLES 1001u

static int compare(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

double cycles_quantile(uint64_t *values, unsigned count, double share)
{
	qsort(values, count, sizeof(*values), compare);
	return (double)values[(unsigned)(share * (count - 1))];
}

uint64_t cycles_overhead(void)
{
	static uint64_t overhead;
	uint64_t samples[OVERHEAD_SAMPLES];

	if (overhead == 0) {
		for (unsigned i = 0; i < OVERHEAD_SAMPLES; i++) {
			uint64_t begin = cycles_now();
			samples[i] = cycles_now() - begin;
		}
		overhead = (uint64_t)cycles_quantile(samples, OVERHEAD_SAMPLES, 0.5);
	}
	return overhead;
}
