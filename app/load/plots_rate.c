/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot_svg.h"
#include "report_plots.h"
#include "report_words.h"

#define PPM_A_PERCENT 10000.0
#define HOVER_SIZE    512u
#define LABEL_SIZE    96u

static void bound_rule(struct plot *plot, const char *name, const struct search_bound *bound,
                       bool left)
{
	char label[LABEL_SIZE];

	if (!bound->found)
		return;
	(void)snprintf(label, sizeof(label), "%s %s%.40s", name,
	               bound->load_limited || bound->maximum_reached ? "at least " : "",
	               words_rate(bound->rate).text);
	plot_rule_x(plot, bound->rate, label, left);
}

static void search_dots(struct plot *plot, const struct search_result *search)
{
	unsigned series =
	        plot_dots(plot, "a trial; hollow: the load could not offer what was asked");

	for (unsigned i = 0; i < search->trial_count; i++) {
		const struct search_trial *trial = &search->trials[i];
		char hover[HOVER_SIZE];
		(void)snprintf(hover, sizeof(hover), "trial %u: %.40s packets/s, loss %.40s %.300s",
		               i + 1, words_rate(trial->offered).text,
		               words_percent(trial->loss).text,
		               words_limits(trial->limits, false).text);
		plot_dot(plot, series, trial->offered, trial->loss / PPM_A_PERCENT,
		         trial->limits != 0, hover);
	}
}

void report_plot_search(FILE *out, const struct run_result *result)
{
	const struct search_result *search = &result->search;
	struct plot plot = {.out = out,
	                    .title = "Rate against loss",
	                    .x = {.title = "offered rate (packets/s)", .scale = PLOT_NEAR},
	                    .y = {.title = "loss",
	                          .scale = PLOT_LOGARITHMIC,
	                          .unit = PLOT_PERCENT,
	                          .zero_lane = true}};
	double pdr_loss = (double)result->config->pdr_loss / PPM_A_PERCENT;

	if (!result->searched || search->trial_count == 0)
		return;
	plot_axis_include(&plot.y, pdr_loss);
	for (unsigned i = 0; i < search->trial_count; i++) {
		plot_axis_include(&plot.x, search->trials[i].offered);
		plot_axis_include(&plot.y, search->trials[i].loss / PPM_A_PERCENT);
	}
	plot_begin(&plot);
	plot_rule_y(&plot, pdr_loss, "loss that PDR allows");
	bound_rule(&plot, "NDR", &search->ndr, true);
	bound_rule(&plot, "PDR", &search->pdr, false);
	search_dots(&plot, search);
	plot_end(&plot, NULL);
}

static void ramp_loss(FILE *out, const struct run_result *result)
{
	struct plot plot = {.out = out,
	                    .title = "Sessions against loss",
	                    .x = {.title = "sessions"},
	                    .y = {.title = "loss",
	                          .scale = PLOT_LOGARITHMIC,
	                          .unit = PLOT_PERCENT,
	                          .zero_lane = true}};

	for (unsigned i = 0; i < result->trial_count; i++) {
		const struct trial_result *trial = &result->trials[i].result;
		plot_axis_include(&plot.x, trial->order.sessions);
		plot_axis_include(&plot.y, trial_loss(trial) / PPM_A_PERCENT);
	}
	plot_begin(&plot);
	unsigned series = plot_dots(&plot, "a trial; hollow: the load was a limit");
	for (unsigned i = 0; i < result->trial_count; i++) {
		const struct named_trial *trial = &result->trials[i];
		char hover[HOVER_SIZE];
		(void)snprintf(hover, sizeof(hover), "%.255s: loss %.40s", trial->name,
		               words_percent(trial_loss(&trial->result)).text);
		plot_dot(&plot, series, trial->result.order.sessions,
		         trial_loss(&trial->result) / PPM_A_PERCENT, trial->result.limits != 0,
		         hover);
	}
	plot_end(&plot, NULL);
}

static void ramp_durations(FILE *out, const struct run_result *result)
{
	static const struct {
		const char *name;
		uint32_t parts;
	} lines[] = {{"p50", 500000}, {"p99", 990000}, {"p99.9", 999000}, {"maximum", 1000000}};
	struct plot plot = {.out = out,
	                    .title = "Sessions against the RTT, from the schedule",
	                    .x = {.title = "sessions"},
	                    .y = {.title = "RTT", .scale = PLOT_LOGARITHMIC, .unit = PLOT_TIME}};

	for (unsigned i = 0; i < result->trial_count; i++) {
		const struct trial_result *trial = &result->trials[i].result;
		const struct histogram *rtt = &trial->measures.distributions[LOAD_RTT];
		plot_axis_include(&plot.x, trial->order.sessions);
		plot_axis_include(&plot.y, (double)histogram_percentile(rtt, lines[0].parts));
		plot_axis_include(&plot.y, (double)rtt->maximum);
	}
	plot_begin(&plot);
	for (unsigned k = 0; k < sizeof(lines) / sizeof(lines[0]); k++) {
		plot_line_begin(&plot, lines[k].name);
		for (unsigned i = 0; i < result->trial_count; i++) {
			const struct trial_result *trial = &result->trials[i].result;
			plot_point(
			        &plot, trial->order.sessions,
			        (double)histogram_percentile(
			                &trial->measures.distributions[LOAD_RTT], lines[k].parts));
		}
		plot_line_end(&plot);
	}
	plot_end(&plot, NULL);
}

void report_plot_ramp(FILE *out, const struct run_result *result)
{
	if (result->config->run != LOAD_RUN_RAMP || result->trial_count == 0)
		return;
	ramp_loss(out, result);
	ramp_durations(out, result);
}
