/* SPDX-License-Identifier: BSD-3-Clause */
#include "histogram.h"

#include <string.h>

#include "stats/counters.h"

#define PARTS_PER_MILLION 1000000u

/** Below two powers of HISTOGRAM_STEPS a bucket is one value; from there on a power of two has HISTOGRAM_STEPS of them. */
static inline unsigned bucket_of(uint64_t value)
{
	unsigned shift =
	        63u - HISTOGRAM_STEP_BITS - (unsigned)__builtin_clzll(value | HISTOGRAM_STEPS);

	return shift * HISTOGRAM_STEPS + (unsigned)(value >> shift);
}

static unsigned bucket_shift(unsigned bucket)
{
	return bucket < HISTOGRAM_STEPS ? 0 : bucket / HISTOGRAM_STEPS - 1;
}

uint64_t histogram_bucket_low(unsigned bucket)
{
	unsigned shift = bucket_shift(bucket);

	return (uint64_t)(bucket - shift * HISTOGRAM_STEPS) << shift;
}

uint64_t histogram_bucket_high(unsigned bucket)
{
	return histogram_bucket_low(bucket) + (UINT64_C(1) << bucket_shift(bucket)) - 1;
}

void histogram_clear(struct histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
}

static inline void store(uint64_t *to, uint64_t value)
{
	__atomic_store_n(to, value, __ATOMIC_RELAXED);
}

/** Who looks just then may see the low half without its carry; once the trial is over it is exact. */
static inline void add_to_sum(struct histogram *histogram, uint64_t value)
{
	uint64_t sum = histogram->sum + value;

	store(&histogram->sum, sum);
	if (__builtin_expect(sum < value, 0))
		counter_add(&histogram->sum_high, 1);
}

static void set_sum(struct histogram *histogram, unsigned __int128 sum)
{
	histogram->sum = (uint64_t)sum;
	histogram->sum_high = (uint64_t)(sum >> 64);
}

unsigned __int128 histogram_sum(const struct histogram *histogram)
{
	return (unsigned __int128)counter_read(&histogram->sum_high) << 64 |
	       counter_read(&histogram->sum);
}

/** What several values have in common. */
struct summary {
	unsigned count;
	unsigned negative;
	uint64_t sum; /**< of so few that it does not go over */
	uint64_t minimum, maximum;
};

static inline void add_value(struct histogram *histogram, struct summary *summary,
                             int64_t nanoseconds)
{
	uint64_t value = (uint64_t)nanoseconds;

	if (__builtin_expect(nanoseconds < 0, 0)) {
		summary->negative++;
		return;
	}
	if (value > HISTOGRAM_MAXIMUM)
		value = HISTOGRAM_MAXIMUM;
	counter_add(&histogram->buckets[bucket_of(value)], 1);
	summary->count++;
	summary->sum += value;
	summary->minimum = value < summary->minimum ? value : summary->minimum;
	summary->maximum = value > summary->maximum ? value : summary->maximum;
}

static void add_summary(struct histogram *histogram, const struct summary *summary)
{
	uint64_t count = histogram->count;

	if (summary->negative > 0)
		counter_add(&histogram->negative, summary->negative);
	if (summary->count == 0)
		return;
	add_to_sum(histogram, summary->sum);
	/* Hardly ever: both settle soon. */
	if (count == 0 || summary->minimum < histogram->minimum)
		store(&histogram->minimum, summary->minimum);
	if (summary->maximum > histogram->maximum)
		store(&histogram->maximum, summary->maximum);
	/* Last, so that who sees the count sees all that it counts. */
	__atomic_store_n(&histogram->count, count + summary->count, __ATOMIC_RELEASE);
}

void histogram_add_all(struct histogram *histogram, const int64_t nanoseconds[], unsigned count)
{
	struct summary summary = {.minimum = UINT64_MAX};

	for (unsigned i = 0; i < count; i++)
		add_value(histogram, &summary, nanoseconds[i]);
	add_summary(histogram, &summary);
}

void histogram_add(struct histogram *histogram, int64_t nanoseconds)
{
	histogram_add_all(histogram, &nanoseconds, 1);
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	uint64_t count = __atomic_load_n(&from->count, __ATOMIC_ACQUIRE);
	uint64_t minimum = counter_read(&from->minimum), maximum = counter_read(&from->maximum);

	counter_add(&to->negative, counter_read(&from->negative));
	if (count == 0)
		return;
	if (to->count == 0 || minimum < to->minimum)
		to->minimum = minimum;
	if (to->count == 0 || maximum > to->maximum)
		to->maximum = maximum;
	to->count += count;
	set_sum(to, histogram_sum(to) + histogram_sum(from));
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->buckets[i] += counter_read(&from->buckets[i]);
}

void histogram_difference(struct histogram *to, const struct histogram *later,
                          const struct histogram *earlier)
{
	uint64_t count = 0, minimum = 0, maximum = 0, highest = later->maximum;

	set_sum(to, histogram_sum(later) - histogram_sum(earlier));
	to->negative = later->negative - earlier->negative;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t added = later->buckets[i] - earlier->buckets[i];

		to->buckets[i] = added;
		if (added == 0)
			continue;
		if (count == 0)
			minimum = histogram_bucket_low(i);
		maximum = histogram_bucket_high(i);
		count += added;
	}
	to->count = count;
	to->minimum = minimum;
	to->maximum = maximum < highest ? maximum : highest;
}

uint64_t histogram_percentile(const struct histogram *histogram, uint32_t parts)
{
	unsigned __int128 product = (unsigned __int128)histogram->count * parts;
	uint64_t rank = (uint64_t)((product + PARTS_PER_MILLION - 1) / PARTS_PER_MILLION);
	uint64_t seen = 0;

	if (histogram->count == 0)
		return 0;
	if (rank == 0)
		rank = 1;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= rank) {
			uint64_t high = histogram_bucket_high(i);
			return high < histogram->maximum ? high : histogram->maximum;
		}
	}
	return histogram->maximum;
}

uint64_t histogram_mean(const struct histogram *histogram)
{
	return histogram->count == 0 ? 0 : (uint64_t)(histogram_sum(histogram) / histogram->count);
}
