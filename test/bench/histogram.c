/* SPDX-License-Identifier: BSD-3-Clause */
#include "histogram.h"

#include <string.h>

const char *const quantile_names[QUANTILES] = {"p50", "p99", "p99.9", "max"};

/** Of a thousand; the last one is the longest value itself. */
static const uint64_t thousandths[QUANTILES] = {500, 990, 999, 1000};

void histogram_reset(struct histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
}

void histogram_merge(struct histogram *histogram, const struct histogram *more)
{
	histogram->count += more->count;
	if (more->longest > histogram->longest)
		histogram->longest = more->longest;
	for (unsigned bin = 0; bin < HISTOGRAM_BINS; bin++)
		histogram->bins[bin] += more->bins[bin];
}

static uint64_t lower_bound(unsigned bin)
{
	if (bin < 1u << HISTOGRAM_FINE_BITS)
		return bin;
	unsigned shift = bin / HISTOGRAM_HALF - 1;
	return (uint64_t)(bin - shift * HISTOGRAM_HALF) << shift;
}

void histogram_quantiles(const struct histogram *histogram, uint64_t values[QUANTILES])
{
	uint64_t seen = 0;
	unsigned quantile = 0;

	memset(values, 0, QUANTILES * sizeof(values[0]));
	for (unsigned bin = 0; bin < HISTOGRAM_BINS && quantile < QUANTILES - 1; bin++) {
		seen += histogram->bins[bin];
		while (quantile < QUANTILES - 1 && seen > 0 &&
		       seen * 1000 >= histogram->count * thousandths[quantile])
			values[quantile++] = lower_bound(bin);
	}
	values[QUANTILES - 1] = histogram->longest;
}

void histogram_round(const struct histogram *histogram, struct record records[QUANTILES])
{
	uint64_t values[QUANTILES];

	histogram_quantiles(histogram, values);
	for (unsigned i = 0; i < QUANTILES; i++)
		record_round(&records[i], (double)values[i]);
}
