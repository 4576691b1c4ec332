/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Counts of durations: exact below 1,024, within 0.2 % above. Filled on the datapath while it is measured: two additions a value, fixed
 * memory, of which few cache lines are in use.
 */
#ifndef SPECULAR_BENCH_HISTOGRAM_H
#define SPECULAR_BENCH_HISTOGRAM_H

#include <stdint.h>

#include "record.h"

#define HISTOGRAM_FINE_BITS 10u
#define HISTOGRAM_HALF      (1u << (HISTOGRAM_FINE_BITS - 1))
/** Values below 2^HISTOGRAM_BITS; what is longer counts as the longest. */
#define HISTOGRAM_BITS 40u
#define HISTOGRAM_BINS ((HISTOGRAM_BITS - HISTOGRAM_FINE_BITS + 2) * HISTOGRAM_HALF)

struct histogram {
	uint64_t count;
	uint64_t longest; /**< exact */
	uint32_t bins[HISTOGRAM_BINS];
};

/** The quantiles that the bench reports, in the order of histogram_quantiles: p50, p99, p99.9, max. */
#define QUANTILES 4u
extern const char *const quantile_names[QUANTILES];

static inline unsigned histogram_bin(uint64_t value)
{
	if (value < 1u << HISTOGRAM_FINE_BITS)
		return (unsigned)value;
	if (value >> HISTOGRAM_BITS != 0)
		return HISTOGRAM_BINS - 1;
	unsigned shift = 64 - HISTOGRAM_FINE_BITS - (unsigned)__builtin_clzll(value);
	return shift * HISTOGRAM_HALF + (unsigned)(value >> shift);
}

/** times: of the same duration, for the packets of a burst. */
static inline void histogram_add(struct histogram *histogram, uint64_t value, uint32_t times)
{
	histogram->count += times;
	if (value > histogram->longest)
		histogram->longest = value;
	histogram->bins[histogram_bin(value)] += times;
}

void histogram_reset(struct histogram *histogram);
/** Adds what is in `more`. */
void histogram_merge(struct histogram *histogram, const struct histogram *more);
/** A bin counts with its lower bound. Zeros without a value. */
void histogram_quantiles(const struct histogram *histogram, uint64_t values[QUANTILES]);
/** Adds a round to the records of the quantiles. */
void histogram_round(const struct histogram *histogram, struct record records[QUANTILES]);

#endif
