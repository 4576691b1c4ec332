/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A histogram of durations with a bounded relative error, as HdrHistogram's: every power of two is parted in equal steps, so that a
 * value is off by less than 1 in HISTOGRAM_STEPS. Merging adds counts and so is exact. One writer; a reader may look at any time
 * (relaxed loads) and sees each count as it was a moment ago.
 */
#ifndef SPECULAR_LOAD_HISTOGRAM_H
#define SPECULAR_LOAD_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define HISTOGRAM_STEP_BITS 7u                          /**< relative error below 0.8 % */
#define HISTOGRAM_STEPS     (1u << HISTOGRAM_STEP_BITS) /**< of each power of two */
#define HISTOGRAM_MAXIMUM                                                                          \
	((UINT64_C(1) << 40) - 1) /**< ns, 18 minutes; what is more counts as this */
#define HISTOGRAM_BUCKETS ((40u - HISTOGRAM_STEP_BITS + 1u) * HISTOGRAM_STEPS)

struct histogram {
	uint64_t count;
	uint64_t sum, sum_high;    /**< of the exact values, low and high half: histogram_sum */
	uint64_t minimum, maximum; /**< exact; meaningless with count 0 */
	uint64_t
	        negative; /**< values below zero: counted nowhere else (one-way delays of clocks that disagree) */
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *histogram);

/** The writer. */
void histogram_add(struct histogram *histogram, int64_t nanoseconds);
/** The same of several, for less each. */
void histogram_add_all(struct histogram *histogram, const int64_t nanoseconds[], unsigned count);

/** to += from. */
void histogram_merge(struct histogram *to, const struct histogram *from);

/** to = later - earlier, of one histogram looked at twice; minimum and maximum become those of the buckets. */
void histogram_difference(struct histogram *to, const struct histogram *later,
                          const struct histogram *earlier);

/** The nearest-rank value at parts a million, as the highest value of its bucket (never above maximum); 0 with count 0. */
uint64_t histogram_percentile(const struct histogram *histogram, uint32_t parts);
uint64_t histogram_mean(const struct histogram *histogram);
/** Of the exact values: a day of a million durations of a second each a second does not fit 64 bits. */
unsigned __int128 histogram_sum(const struct histogram *histogram);

/** The i-th bucket's range, both inclusive, for whoever writes it out. */
uint64_t histogram_bucket_low(unsigned bucket);
uint64_t histogram_bucket_high(unsigned bucket);

#endif
