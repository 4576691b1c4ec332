/* SPDX-License-Identifier: BSD-3-Clause */
#include "plot_svg.h"
#include "report_plots.h"
#include "report_words.h"

#define TEXT_SIZE 128u
/** More could not be told apart; each has a text of its own. */
#define DOTS_MOST 500u

static void dots(struct plot *plot, const struct burst_summary *burst, unsigned step)
{
	unsigned series = plot_dots(plot, "a burst without loss");

	for (unsigned i = 0; i < burst->each_count; i += step) {
		char hover[TEXT_SIZE];
		(void)snprintf(hover, sizeof(hover), "burst %u: %.40s packets/s", i + 1,
		               words_rate(burst->each[i]).text);
		if (burst->each[i] > 0)
			plot_dot(plot, series, i + 1, burst->each[i], false, hover);
	}
}

void report_plot_bursts(FILE *out, const struct run_result *result)
{
	const struct burst_summary *burst = &result->burst;
	struct plot plot = {.out = out,
	                    .title = result->config->peer == LOAD_PEER_SWAP
	                                     ? "Rate of each burst, by arrival"
	                                     : "Rate of each burst, by the reflector's clock",
	                    .x = {.title = "burst"},
	                    .y = {.title = "packets/s", .scale = PLOT_NEAR}};
	unsigned step = (burst->each_count + DOTS_MOST - 1) / DOTS_MOST;
	unsigned without = burst->each_count - burst->rounds;
	char median[TEXT_SIZE], note[TEXT_SIZE] = "";

	if (!burst->valid || burst->each_count == 0)
		return;
	plot_axis_include(&plot.x, burst->each_count);
	for (unsigned i = 0; i < burst->each_count; i++) {
		if (burst->each[i] > 0)
			plot_axis_include(&plot.y, burst->each[i]);
	}
	(void)snprintf(median, sizeof(median), "median %.40s", words_rate(burst->rate_median).text);
	if (without > 0)
		(void)snprintf(note, sizeof(note),
		               "%u of %u bursts lost something or were wrong, and have no rate.",
		               without, burst->each_count);
	else if (step > 1)
		(void)snprintf(note, sizeof(note), "One burst of %u is drawn.", step);
	plot_begin(&plot);
	plot_rule_y(&plot, burst->rate_median, median);
	dots(&plot, burst, step);
	plot_end(&plot, note[0] != '\0' ? note : NULL);
}
