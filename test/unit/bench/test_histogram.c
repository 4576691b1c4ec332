/* SPDX-License-Identifier: BSD-3-Clause */
/** Durations counted in bins: quantiles exact where bins are single values, else within 0.2 %. */
#include "histogram.h"

#include <string.h>

#include "unit.h"

static struct histogram histogram;

static void quantiles_of_small_values_are_exact(void)
{
	uint64_t values[QUANTILES];

	histogram_reset(&histogram);
	for (uint64_t value = 1; value <= 1000; value++)
		histogram_add(&histogram, value, 1);
	histogram_quantiles(&histogram, values);
	CU_ASSERT_EQUAL(values[0], 500);
	CU_ASSERT_EQUAL(values[1], 990);
	CU_ASSERT_EQUAL(values[2], 999);
	CU_ASSERT_EQUAL(values[3], 1000);
}

static void an_empty_one_has_zeros(void)
{
	uint64_t values[QUANTILES] = {1, 1, 1, 1};

	histogram_reset(&histogram);
	histogram_quantiles(&histogram, values);
	for (unsigned i = 0; i < QUANTILES; i++)
		CU_ASSERT_EQUAL(values[i], 0);
}

static void a_burst_counts_as_many_times(void)
{
	uint64_t values[QUANTILES];

	histogram_reset(&histogram);
	histogram_add(&histogram, 10, 989);
	histogram_add(&histogram, 700, 10);
	histogram_add(&histogram, 3000000, 1);
	CU_ASSERT_EQUAL(histogram.count, 1000);
	histogram_quantiles(&histogram, values);
	CU_ASSERT_EQUAL(values[0], 10);
	CU_ASSERT_EQUAL(values[1], 700);
	CU_ASSERT_EQUAL(values[2], 700);
	CU_ASSERT_EQUAL(values[3], 3000000);
}

/** Of one value, whatever it is, the bin's lower bound is at most 0.2 % below it. */
static void bins_are_narrow(void)
{
	unsigned last = 0;

	for (uint64_t value = 1; value >> HISTOGRAM_BITS == 0; value += value / 300 + 1) {
		uint64_t values[QUANTILES];
		unsigned bin = histogram_bin(value);

		CU_ASSERT_FATAL(bin >= last && bin < HISTOGRAM_BINS);
		last = bin;
		if (value % 7 != 0)
			continue;
		histogram_reset(&histogram);
		histogram_add(&histogram, value, 1);
		histogram_quantiles(&histogram, values);
		CU_ASSERT_FATAL(values[0] <= value && value - values[0] <= value / 500);
	}
	CU_ASSERT_EQUAL(histogram_bin((UINT64_C(1) << HISTOGRAM_BITS) - 1), HISTOGRAM_BINS - 1);
	CU_ASSERT_EQUAL(histogram_bin(UINT64_MAX), HISTOGRAM_BINS - 1);
}

static void histograms_add_up(void)
{
	static struct histogram sum;
	uint64_t values[QUANTILES];

	histogram_reset(&sum);
	histogram_reset(&histogram);
	histogram_add(&sum, 7, 60);
	histogram_add(&histogram, 9000000, 40);
	histogram_merge(&sum, &histogram);
	CU_ASSERT_EQUAL(sum.count, 100);
	histogram_quantiles(&sum, values);
	CU_ASSERT_EQUAL(values[0], 7);
	CU_ASSERT(values[1] > 8900000);
	CU_ASSERT_EQUAL(values[3], 9000000);
}

static void records_get_a_round(void)
{
	struct record records[QUANTILES];

	for (unsigned i = 0; i < QUANTILES; i++)
		record_init(&records[i], "latency", "tsc-cycles");
	histogram_reset(&histogram);
	histogram_add(&histogram, 42, 3);
	histogram_round(&histogram, records);
	for (unsigned i = 0; i < QUANTILES; i++) {
		CU_ASSERT_EQUAL(records[i].round_count, 1);
		CU_ASSERT_EQUAL(records[i].rounds[0], 42);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"quantiles of small values are exact", quantiles_of_small_values_are_exact},
	        {"an empty one has zeros", an_empty_one_has_zeros},
	        {"a burst counts as many times", a_burst_counts_as_many_times},
	        {"bins are narrow", bins_are_narrow},
	        {"histograms add up", histograms_add_up},
	        {"records get a round", records_get_a_round},
	        CU_TEST_INFO_NULL};

	return unit_run("bench-histogram", tests);
}
