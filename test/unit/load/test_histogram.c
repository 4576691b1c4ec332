/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "unit.h"

#define VALUES 20000u

/** splitmix64: the same numbers at every run. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/** Of every magnitude up to 40 bits. */
static uint64_t any_duration(uint64_t *state)
{
	uint64_t value = next_random(state);

	return value >> (24 + next_random(state) % 40);
}

static struct histogram *histogram_new(void)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));

	CU_ASSERT_PTR_NOT_NULL_FATAL(histogram);
	return histogram;
}

static void buckets_join(void)
{
	CU_ASSERT_EQUAL(histogram_bucket_low(0), 0);
	for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++)
		CU_ASSERT_EQUAL(histogram_bucket_high(i) + 1, histogram_bucket_low(i + 1));
	CU_ASSERT_EQUAL(histogram_bucket_high(HISTOGRAM_BUCKETS - 1), HISTOGRAM_MAXIMUM);
}

static unsigned only_bucket(const struct histogram *histogram)
{
	unsigned found = HISTOGRAM_BUCKETS;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (histogram->buckets[i] != 0) {
			CU_ASSERT_EQUAL(found, HISTOGRAM_BUCKETS);
			found = i;
		}
	}
	CU_ASSERT_FATAL(found < HISTOGRAM_BUCKETS);
	return found;
}

static void check_value(struct histogram *histogram, uint64_t value)
{
	histogram_clear(histogram);
	histogram_add(histogram, (int64_t)value);
	unsigned bucket = only_bucket(histogram);
	uint64_t low = histogram_bucket_low(bucket), high = histogram_bucket_high(bucket);

	CU_ASSERT(low <= value && value <= high);
	CU_ASSERT((high - low) * HISTOGRAM_STEPS < (value == 0 ? 1 : value));
	CU_ASSERT(histogram->minimum == value && histogram->maximum == value);
	CU_ASSERT(histogram->sum == value && histogram->count == 1);
	CU_ASSERT_EQUAL(histogram_percentile(histogram, 500000), value);
}

static void error_is_bounded(void)
{
	struct histogram *histogram = histogram_new();
	uint64_t state = 1;

	for (unsigned bit = 0; bit < 40; bit++) {
		check_value(histogram, UINT64_C(1) << bit);
		check_value(histogram, (UINT64_C(1) << bit) - 1);
		check_value(histogram, (UINT64_C(1) << bit) + (UINT64_C(1) << bit) / 3);
	}
	check_value(histogram, HISTOGRAM_MAXIMUM);
	for (unsigned i = 0; i < 200; i++)
		check_value(histogram, any_duration(&state));
	free(histogram);
}

static void extremes_do_not_break_it(void)
{
	struct histogram *histogram = histogram_new();

	histogram_add(histogram, -1);
	histogram_add(histogram, INT64_MIN);
	CU_ASSERT(histogram->negative == 2 && histogram->count == 0 && histogram->sum == 0);
	CU_ASSERT(histogram_percentile(histogram, 1000000) == 0 && histogram_mean(histogram) == 0);
	histogram_add(histogram, INT64_MAX);
	histogram_add(histogram, INT64_C(1) << 40);
	CU_ASSERT_EQUAL(histogram->buckets[HISTOGRAM_BUCKETS - 1], 2);
	CU_ASSERT_EQUAL(histogram->maximum, HISTOGRAM_MAXIMUM);
	CU_ASSERT_EQUAL(histogram->minimum, HISTOGRAM_MAXIMUM);
	CU_ASSERT_EQUAL(histogram_mean(histogram), HISTOGRAM_MAXIMUM);
	free(histogram);
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static void percentiles_are_nearest_rank(void)
{
	static const uint32_t parts[] = {0,      1,      100000, 500000, 900000,
	                                 990000, 999000, 999900, 999999, 1000000};
	struct histogram *histogram = histogram_new();
	uint64_t *values = calloc(VALUES, sizeof(*values));
	uint64_t state = 2;

	CU_ASSERT_PTR_NOT_NULL_FATAL(values);
	for (unsigned i = 0; i < VALUES; i++) {
		values[i] = any_duration(&state);
		histogram_add(histogram, (int64_t)values[i]);
	}
	qsort(values, VALUES, sizeof(*values), compare);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint64_t rank = ((uint64_t)VALUES * parts[i] + 999999) / 1000000;
		uint64_t exact = values[rank == 0 ? 0 : rank - 1];
		uint64_t told = histogram_percentile(histogram, parts[i]);

		CU_ASSERT(told >= exact && told - exact <= exact / HISTOGRAM_STEPS);
	}
	CU_ASSERT_EQUAL(histogram_percentile(histogram, 1000000), values[VALUES - 1]);
	CU_ASSERT_EQUAL(histogram->minimum, values[0]);
	free(values);
	free(histogram);
}

static void merging_is_exact(void)
{
	struct histogram *whole = histogram_new(), *merged = histogram_new();
	struct histogram *parts[3];
	uint64_t state = 3;

	for (unsigned i = 0; i < 3; i++)
		parts[i] = histogram_new();
	for (unsigned i = 0; i < VALUES; i++) {
		int64_t value = (int64_t)any_duration(&state) - 100;

		histogram_add(whole, value);
		histogram_add(parts[next_random(&state) % 2], value);
	}
	for (unsigned i = 0; i < 3; i++)
		histogram_merge(merged, parts[i]);
	CU_ASSERT_EQUAL(memcmp(whole, merged, sizeof(*whole)), 0);
	CU_ASSERT(whole->negative > 0);
	for (unsigned i = 0; i < 3; i++)
		free(parts[i]);
	free(whole);
	free(merged);
}

static void difference_is_what_came_between(void)
{
	struct histogram *running = histogram_new(), *earlier = histogram_new();
	struct histogram *between = histogram_new(), *difference = histogram_new();
	uint64_t state = 4;

	for (unsigned i = 0; i < VALUES; i++)
		histogram_add(running, (int64_t)any_duration(&state) - 10);
	*earlier = *running;
	histogram_difference(difference, running, earlier);
	CU_ASSERT(difference->count == 0 && histogram_percentile(difference, 999000) == 0);
	for (unsigned i = 0; i < VALUES; i++) {
		int64_t value = (int64_t)(next_random(&state) % 100000) - 10;

		histogram_add(running, value);
		histogram_add(between, value);
	}
	histogram_difference(difference, running, earlier);
	CU_ASSERT(difference->count == between->count && difference->sum == between->sum);
	CU_ASSERT_EQUAL(difference->negative, between->negative);
	CU_ASSERT_EQUAL(memcmp(difference->buckets, between->buckets, sizeof(between->buckets)), 0);
	CU_ASSERT(difference->minimum <= between->minimum);
	CU_ASSERT(difference->maximum >= between->maximum &&
	          difference->maximum - between->maximum <= between->maximum / HISTOGRAM_STEPS);
	CU_ASSERT(difference->maximum <= running->maximum);
	/* The earlier look may be written over. */
	histogram_difference(earlier, running, earlier);
	CU_ASSERT_EQUAL(memcmp(earlier, difference, sizeof(*earlier)), 0);
	free(running);
	free(earlier);
	free(between);
	free(difference);
}

/** A bucket is wider than what is in it: the highest value ever is known. */
static void a_difference_has_no_more_than_the_highest(void)
{
	struct histogram *running = histogram_new(), *earlier = histogram_new();
	struct histogram *difference = histogram_new();

	histogram_add(running, 1000001);
	histogram_difference(difference, running, earlier);
	CU_ASSERT_EQUAL(difference->maximum, 1000001);
	CU_ASSERT_EQUAL(histogram_percentile(difference, 500000), 1000001);
	free(running);
	free(earlier);
	free(difference);
}

/** Of a soak: more nanoseconds than 64 bits hold. */
static void a_large_sum_is_exact(void)
{
	struct histogram *one = histogram_new(), *all = histogram_new();
	struct histogram *difference = histogram_new();
	const unsigned __int128 half = (unsigned __int128)1 << 63;

	histogram_add(one, 1000);
	one->sum = UINT64_MAX - 10;
	one->count = (UINT64_MAX - 10) / 1000;
	histogram_add(one, 1000);
	CU_ASSERT(histogram_sum(one) == 2 * half + 989);
	CU_ASSERT_EQUAL(histogram_mean(one), 1000);
	for (unsigned i = 0; i < 3; i++)
		histogram_merge(all, one);
	CU_ASSERT(histogram_sum(all) == 3 * (2 * half + 989));
	CU_ASSERT_EQUAL(histogram_mean(all), 1000);
	histogram_difference(difference, all, one);
	CU_ASSERT(histogram_sum(difference) == 2 * (2 * half + 989));
	free(one);
	free(all);
	free(difference);
}

static void several_are_added_as_one_by_one(void)
{
	struct histogram *single = histogram_new(), *all = histogram_new();
	uint64_t state = 5;
	int64_t values[64];

	for (unsigned count = 0; count <= 64; count++) {
		for (unsigned i = 0; i < count; i++) {
			values[i] = (int64_t)any_duration(&state) - 100;
			histogram_add(single, values[i]);
		}
		histogram_add_all(all, values, count);
		CU_ASSERT_EQUAL(memcmp(single, all, sizeof(*all)), 0);
	}
	CU_ASSERT(all->negative > 0);
	free(single);
	free(all);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"buckets_join", buckets_join},
	        {"error_is_bounded", error_is_bounded},
	        {"extremes_do_not_break_it", extremes_do_not_break_it},
	        {"percentiles_are_nearest_rank", percentiles_are_nearest_rank},
	        {"merging_is_exact", merging_is_exact},
	        {"difference_is_what_came_between", difference_is_what_came_between},
	        {"a difference has no more than the highest",
	         a_difference_has_no_more_than_the_highest},
	        {"a_large_sum_is_exact", a_large_sum_is_exact},
	        {"several_are_added_as_one_by_one", several_are_added_as_one_by_one},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("load/histogram", tests);
}
