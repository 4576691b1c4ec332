/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot_svg.h"
#include "report_plots.h"

#define NS_A_SECOND 1e9
#define DENSE       100u
#define LINES_MAX   3u
/** So that no line lies on the upper edge. */
#define HEADROOM 1.04

/** What a line shows of a second. */
struct series_line {
	const char *name;
	double (*value)(const struct trial_second *second);
};

static double rate(const struct trial_second *second, uint64_t packets)
{
	return second->length_ns == 0 ? 0
	                              : (double)packets * NS_A_SECOND / (double)second->length_ns;
}

static double sent(const struct trial_second *second)
{
	return rate(second, second->sent);
}

static double answered(const struct trial_second *second)
{
	return rate(second, second->answered);
}

static double unanswered(const struct trial_second *second)
{
	return second->answered < second->sent ? rate(second, second->sent - second->answered) : 0;
}

static double missed(const struct trial_second *second)
{
	return rate(second, second->missed);
}

static double wrong(const struct trial_second *second)
{
	return rate(second, second->wrong);
}

static double rtt_p50(const struct trial_second *second)
{
	return (double)second->rtt_p50;
}

static double rtt_p99(const struct trial_second *second)
{
	return (double)second->rtt_p99;
}

static double rtt_maximum(const struct trial_second *second)
{
	return (double)second->rtt_maximum;
}

static void draw(struct plot *plot, const struct named_trial *trial,
                 const struct series_line lines[LINES_MAX], const char *note)
{
	plot->x = (struct plot_axis){.title = "time since the first counted packet",
	                             .unit = PLOT_ELAPSED};
	plot->dense = trial->second_count > DENSE;
	for (unsigned i = 0; i < trial->second_count; i++) {
		const struct trial_second *second = &trial->seconds[i];
		plot_axis_include(&plot->x, (double)second->at_ns / NS_A_SECOND);
		for (unsigned k = 0; k < LINES_MAX && lines[k].name != NULL; k++)
			plot_axis_include(&plot->y, lines[k].value(second) * HEADROOM);
	}
	plot_begin(plot);
	for (unsigned k = 0; k < LINES_MAX && lines[k].name != NULL; k++) {
		plot_line_begin(plot, lines[k].name);
		for (unsigned i = 0; i < trial->second_count; i++)
			plot_point(plot, (double)trial->seconds[i].at_ns / NS_A_SECOND,
			           lines[k].value(&trial->seconds[i]));
		plot_line_end(plot);
	}
	plot_end(plot, note);
}

static void plot_trial(FILE *out, const struct named_trial *trial)
{
	static const struct series_line packets[LINES_MAX] = {{"sent", sent},
	                                                      {"answered", answered}};
	static const struct series_line failed[LINES_MAX] = {
	        {"not answered", unanswered},
	        {"wrong replies", wrong},
	        {"slots that the load missed", missed}};
	static const struct series_line durations[LINES_MAX] = {
	        {"p50", rtt_p50}, {"p99", rtt_p99}, {"maximum", rtt_maximum}};
	struct plot plots[] = {
	        {.out = out, .title = "Packets by time", .y = {.title = "packets/s"}},
	        {.out = out, .title = "What went wrong by time", .y = {.title = "packets/s"}},
	        {.out = out,
	         .title = "RTT by time, from the schedule",
	         .y = {.title = "RTT", .scale = PLOT_LOGARITHMIC, .unit = PLOT_TIME}}};

	draw(&plots[0], trial, packets, NULL);
	draw(&plots[1], trial, failed,
	     "Not answered: sent less answered in the same interval, so what is under way at "
	     "its end is among it.");
	draw(&plots[2], trial, durations, NULL);
}

void report_plot_seconds(FILE *out, const struct run_result *result)
{
	for (unsigned i = 0; i < result->trial_count; i++) {
		if (result->trials[i].second_count > 1)
			plot_trial(out, &result->trials[i]);
	}
}
