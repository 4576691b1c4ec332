/* SPDX-License-Identifier: BSD-3-Clause */
#include "series.h"

#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define P50           500000u
#define P99           990000u

struct series {
	uint64_t step_ns;
	uint64_t last_ns; /* time of the last point */
	struct load_measures last;
	unsigned count;
	struct trial_second points[SERIES_POINTS_MAX];
};

struct series *series_create(void)
{
	return calloc(1, sizeof(struct series));
}

void series_destroy(struct series *series)
{
	free(series);
}

void series_begin(struct series *series, uint64_t duration_ns)
{
	/* One point is left for what comes behind the last whole step. */
	uint64_t most = SERIES_POINTS_MAX - 1;
	uint64_t seconds = (duration_ns + NS_PER_SECOND - 1) / NS_PER_SECOND;

	series->step_ns = NS_PER_SECOND * (seconds > most ? (seconds + most - 1) / most : 1);
	series->last_ns = 0;
	series->count = 0;
	memset(&series->last, 0, sizeof(series->last));
}

uint64_t series_step(const struct series *series)
{
	return series->step_ns;
}

void series_difference(const struct load_measures *earlier, const struct load_measures *later,
                       struct trial_second *second)
{
	struct histogram rtt;

	histogram_difference(&rtt, &later->distributions[LOAD_RTT],
	                     &earlier->distributions[LOAD_RTT]);
	second->sent = later->sent - earlier->sent;
	second->answered = later->answered - earlier->answered;
	second->missed = later->missed - earlier->missed;
	second->wrong = load_measures_wrong(later) - load_measures_wrong(earlier);
	second->reordered = later->reordered - earlier->reordered;
	second->duplicates = later->duplicates - earlier->duplicates;
	second->rtt_p50 = histogram_percentile(&rtt, P50);
	second->rtt_p99 = histogram_percentile(&rtt, P99);
	second->rtt_maximum = rtt.count > 0 ? rtt.maximum : 0;
}

static void add_point(struct series *series, uint64_t at_ns, const struct load_measures *sums)
{
	struct trial_second *second = &series->points[series->count++];

	series_difference(&series->last, sums, second);
	second->at_ns = at_ns;
	second->length_ns = at_ns - series->last_ns;
	series->last = *sums;
	series->last_ns = at_ns;
}

bool series_look(struct series *series, uint64_t at_ns, const struct load_measures *sums)
{
	if (at_ns < series->last_ns + series->step_ns || series->count + 1 >= SERIES_POINTS_MAX)
		return false;
	add_point(series, at_ns, sums);
	return true;
}

void series_end(struct series *series, uint64_t at_ns, const struct load_measures *sums)
{
	bool more = sums->sent != series->last.sent || sums->answered != series->last.answered ||
	            sums->missed != series->last.missed;

	if (more && at_ns > series->last_ns && series->count < SERIES_POINTS_MAX)
		add_point(series, at_ns, sums);
}

struct trial_second *series_take(struct series *series, unsigned *count)
{
	struct trial_second *points = NULL;

	*count = 0;
	if (series->count > 0)
		points = calloc(series->count, sizeof(*points));
	if (points != NULL) {
		*count = series->count;
		memcpy(points, series->points, series->count * sizeof(*points));
	}
	return points;
}
