/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "plot_svg.h"
#include "report_plots.h"
#include "report_words.h"

/** A curve to draw. */
struct curve {
	const char *name;
	const struct histogram *histogram;
};

/** One nine a step; the highest of count values stands at 1 - 1/count. */
static double nines(uint64_t seen, uint64_t count)
{
	uint64_t above = seen < count ? count - seen : 1;

	return log10((double)count / (double)above);
}

static void include(struct plot *plot, const struct curve *curve)
{
	const struct histogram *histogram = curve->histogram;

	plot_axis_include(&plot->x, nines(histogram->count, histogram->count));
	plot_axis_include(&plot->y, (double)histogram->minimum);
	plot_axis_include(&plot->y, (double)histogram->maximum);
}

static void draw(struct plot *plot, const struct curve *curve)
{
	const struct histogram *histogram = curve->histogram;
	uint64_t seen = 0;

	plot_line_begin(plot, curve->name);
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t high = histogram_bucket_high(i);
		if (histogram->buckets[i] == 0)
			continue;
		if (high > histogram->maximum)
			high = histogram->maximum;
		/* A bucket's value is that of all percentiles which end in it. */
		plot_point(plot, nines(seen, histogram->count), (double)high);
		seen += histogram->buckets[i];
		plot_point(plot, nines(seen, histogram->count), (double)high);
	}
	plot_line_end(plot);
}

static unsigned single_trial(const struct named_trial *trial, struct curve curves[PLOT_SERIES_MAX])
{
	static const enum load_distribution shown[] = {LOAD_RTT, LOAD_RTT_SENT, LOAD_RESPONSE,
	                                               LOAD_TURNAROUND};
	unsigned count = 0;

	for (unsigned i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const struct histogram *histogram = &trial->result.measures.distributions[shown[i]];
		if (histogram->count > 0)
			curves[count++] =
			        (struct curve){words_distributions[shown[i]].meaning, histogram};
	}
	return count;
}

/** Of many trials the first, the last and some between them. */
static unsigned many_trials(const struct run_result *result, struct curve curves[PLOT_SERIES_MAX])
{
	unsigned wanted =
	        result->trial_count < PLOT_SERIES_MAX ? result->trial_count : PLOT_SERIES_MAX;
	unsigned count = 0;

	for (unsigned i = 0; i < wanted; i++) {
		const struct named_trial *trial =
		        &result->trials[i * (result->trial_count - 1) / (wanted - 1)];
		const struct histogram *rtt = &trial->result.measures.distributions[LOAD_RTT];
		if (rtt->count > 0)
			curves[count++] = (struct curve){trial->name, rtt};
	}
	return count;
}

void report_plot_percentiles(FILE *out, const struct run_result *result)
{
	struct plot plot = {
	        .out = out,
	        .title = result->trial_count == 1 ? "Percentiles of durations"
	                                          : "Percentiles of the RTT, from the schedule",
	        .x = {.title = "percentile", .scale = PLOT_NINES},
	        .y = {.title = "duration", .scale = PLOT_LOGARITHMIC, .unit = PLOT_TIME}};
	struct curve curves[PLOT_SERIES_MAX];
	unsigned count = 0;

	if (result->trial_count == 1)
		count = single_trial(result->trials, curves);
	else if (result->trial_count > 1)
		count = many_trials(result, curves);
	if (count == 0)
		return;
	for (unsigned i = 0; i < count; i++)
		include(&plot, &curves[i]);
	plot_begin(&plot);
	for (unsigned i = 0; i < count; i++)
		draw(&plot, &curves[i]);
	plot_end(&plot, result->trial_count > PLOT_SERIES_MAX
	                        ? "The first and last trial and some between them."
	                        : NULL);
}
