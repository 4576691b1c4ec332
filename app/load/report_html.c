/* SPDX-License-Identifier: BSD-3-Clause */
/* The verdict and the figures that people look for first, then plots, then the tables of the text report. */
#include "html_style.h"
#include "markup.h"
#include "report_plots.h"
#include "report_sections.h"
#include "report_words.h"
#include "reports.h"

#define LINE_SIZE 2048u
/** Durations above are given in larger units. */
#define MICROSECONDS_MOST 100000000u
#define P50               500000u
#define P99               990000u

static void element(FILE *out, const char *open, const char *text, const char *close)
{
	(void)fputs(open, out);
	markup_text(out, text);
	(void)fputs(close, out);
}

static void head(FILE *out, const struct run_result *result)
{
	char line[LINE_SIZE];

	(void)fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	            "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
	            out);
	(void)snprintf(line, sizeof(line), "specular-load %s%s%s", words_run(result->config->run),
	               result->environment.reflector[0] == '\0' ? "" : ": ",
	               result->environment.reflector);
	element(out, "<title>", line, "</title>\n");
	(void)fputs("<style>\n", out);
	(void)fputs(html_style, out);
	(void)fputs("</style>\n</head>\n<body>\n", out);
	element(out, "<h1>", line, "</h1>\n");
	(void)snprintf(line, sizeof(line), "%s on %s, %s to %s%s", result->environment.version,
	               result->environment.host, words_time(&result->environment.started).text,
	               words_time(&result->environment.ended).text,
	               result->interrupted ? ", interrupted" : "");
	element(out, "<p class=\"when\">", line, "</p>\n");
	words_verdict(result, line, sizeof(line));
	element(out,
	        run_verdict(result) == RUN_PASSED ? "<p class=\"verdict good\">"
	                                          : "<p class=\"verdict bad\">",
	        line, "</p>\n");
}

static void tile(FILE *out, const char *number, const char *what)
{
	element(out, "<li><b>", number, "</b>");
	element(out, "<span>", what, "</span></li>\n");
}

static void bound_tiles(FILE *out, const struct run_result *result, const char *name,
                        const struct search_bound *bound)
{
	char number[LINE_SIZE], what[LINE_SIZE];
	bool least = bound->load_limited || bound->maximum_reached;

	(void)snprintf(what, sizeof(what), "%s (packets/s)%s", name,
	               bound->found && bound->load_limited ? ": more could not be offered" : "");
	(void)snprintf(number, sizeof(number), "%s%s", bound->found && least ? "\u2265 " : "",
	               bound->found ? words_rate(bound->rate).text : "not found");
	tile(out, number, what);
	(void)snprintf(what, sizeof(what), "%s on the wire", name);
	(void)snprintf(number, sizeof(number), "%s%s", least ? "\u2265 " : "",
	               words_wire_rate(result, bound->rate).text);
	if (bound->found)
		tile(out, number, what);
}

static void duration_tile(FILE *out, uint64_t nanoseconds, const char *what)
{
	char number[LINE_SIZE];

	if (nanoseconds < MICROSECONDS_MOST)
		(void)snprintf(number, sizeof(number), "%s us",
		               words_microseconds(nanoseconds).text);
	tile(out, nanoseconds < MICROSECONDS_MOST ? number : words_duration(nanoseconds).text,
	     what);
}

/** Of a run that is one trial. */
static void trial_tiles(FILE *out, const struct trial_result *trial)
{
	const struct histogram *rtt = &trial->measures.distributions[LOAD_RTT];

	tile(out, words_rate(trial->sent_rate).text, "packets/s sent");
	tile(out, words_percent(trial_loss(trial)).text, "loss");
	tile(out, words_count(load_measures_wrong(&trial->measures)).text, "wrong replies");
	if (rtt->count == 0)
		return;
	duration_tile(out, histogram_percentile(rtt, P50), "RTT p50, from the schedule");
	duration_tile(out, histogram_percentile(rtt, P99), "RTT p99");
	duration_tile(out, rtt->maximum, "RTT maximum");
}

static void tiles(FILE *out, const struct run_result *result)
{
	if (!result->searched && (result->config->run == LOAD_RUN_RAMP || result->trial_count == 0))
		return;
	(void)fputs("<ul class=\"tiles\">\n", out);
	if (result->searched) {
		bound_tiles(out, result, "NDR", &result->search.ndr);
		bound_tiles(out, result, "PDR", &result->search.pdr);
	}
	if (result->burst.valid) {
		tile(out, words_rate(result->burst.rate_median).text,
		     "packets/s of bursts, median");
		tile(out, words_wire_rate(result, result->burst.rate_median).text, "on the wire");
		tile(out, words_count(result->burst.lost).text, "packets lost in all bursts");
	}
	if (result->config->run == LOAD_RUN_RATE || result->config->run == LOAD_RUN_SOAK) {
		for (unsigned i = 0; i < result->trial_count; i++)
			trial_tiles(out, &result->trials[i].result);
	}
	(void)fputs("</ul>\n", out);
}

static void section(FILE *out, enum report_section which, const struct run_result *result)
{
	(void)fputs("<section>\n", out);
	section_write_html(out, report_sections[which].title, report_sections[which].source,
	                   result);
	(void)fputs("</section>\n", out);
}

static void plots(FILE *out, const struct run_result *result)
{
	report_plot_search(out, result);
	report_plot_ramp(out, result);
	report_plot_bursts(out, result);
	report_plot_percentiles(out, result);
	report_plot_seconds(out, result);
}

static void sections(FILE *out, const struct run_result *result)
{
	bool first = report_few_thresholds(result);

	if (first)
		section(out, REPORT_THRESHOLDS, result);
	else
		section_write_html(out, "Missed thresholds", section_missed, result);
	plots(out, result);
	(void)fputs("<div class=\"pair\">\n", out);
	section(out, REPORT_ENVIRONMENT, result);
	section(out, REPORT_ASKED, result);
	(void)fputs("</div>\n", out);
	for (unsigned i = REPORT_GROUPS; i < REPORT_THRESHOLDS; i++)
		section(out, (enum report_section)i, result);
	if (!first)
		section(out, REPORT_THRESHOLDS, result);
}

void report_html(FILE *out, const struct run_result *result)
{
	head(out, result);
	tiles(out, result);
	sections(out, result);
	(void)fputs("</body>\n</html>\n", out);
}
