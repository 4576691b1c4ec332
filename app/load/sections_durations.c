/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_sections.h"
#include "report_words.h"

/** With more trials than these, rows of the round trip and turnaround alone. */
#define DETAILED_TRIALS 4u

static void distribution_row(struct section *section, const char *name,
                             const struct histogram *histogram)
{
	static const uint32_t parts[] = {500000, 900000, 990000, 999000, 999900};

	section_cell(section, "%s", name);
	section_cell(section, "%s", words_microseconds(histogram->minimum).text);
	section_cell(section, "%s", words_microseconds(histogram_mean(histogram)).text);
	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		section_cell(section, "%s",
		             words_microseconds(histogram_percentile(histogram, parts[i])).text);
	section_cell(section, "%s", words_microseconds(histogram->maximum).text);
}

static bool is_shown(const struct run_result *result, unsigned distribution)
{
	return result->trial_count <= DETAILED_TRIALS || distribution == LOAD_RTT ||
	       distribution == LOAD_RTT_SENT || distribution == LOAD_TURNAROUND;
}

static void trial_rows(struct section *section, const struct run_result *result,
                       const struct named_trial *trial)
{
	const struct histogram *all = trial->result.measures.distributions;
	bool any = false;

	for (unsigned i = 0; i < LOAD_DISTRIBUTION_COUNT; i++)
		any = any || all[i].count > 0;
	if (!any) {
		section_span(section, "%s: no reply to measure", trial->name);
		return;
	}
	section_span(section, "%s", trial->name);
	for (unsigned i = 0; i < LOAD_DISTRIBUTION_COUNT; i++) {
		if (all[i].count > 0 && is_shown(result, i))
			distribution_row(section, words_distributions[i].meaning, &all[i]);
	}
}

/** Of all trials. */
static uint64_t longest_nap(const struct run_result *result)
{
	uint64_t longest = 0;

	for (unsigned i = 0; i < result->trial_count; i++) {
		uint64_t nap = result->trials[i].result.measures.nap_maximum_ns;
		longest = nap > longest ? nap : longest;
	}
	return longest;
}

void section_durations(struct section *section, const void *context)
{
	static const char *const titles[] = {"min", "mean",  "p50",    "p90",
	                                     "p99", "p99.9", "p99.99", "max"};
	const struct run_result *result = context;

	section_column(section, SECTION_LEFT, "trial");
	for (unsigned i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		section_column(section, SECTION_RIGHT, titles[i]);
	for (unsigned i = 0; i < report_trials(result); i++)
		trial_rows(section, result, &result->trials[i]);
	uint64_t nap = longest_nap(result);
	if (nap > 0)
		section_note(section,
		             "The load slept when it had nothing to do (eal.idle: sleep): replies "
		             "may have arrived up to %s us before it saw them. What ends with an "
		             "arrival may be so much too long.",
		             words_microseconds(nap).text);
	if (result->trial_count > DETAILED_TRIALS)
		section_note(section, "report.json has the other distributions.");
}

static void trial_clocks(struct section *section, const struct named_trial *trial,
                         uint64_t stated_error)
{
	const struct load_measures *measures = &trial->result.measures;
	const struct histogram *forward = &measures->distributions[LOAD_FORWARD];
	const struct histogram *backward = &measures->distributions[LOAD_BACKWARD];

	if (forward->count + forward->negative + backward->count + backward->negative == 0)
		return;
	uint64_t error = stated_error > 0 ? stated_error : measures->error_maximum_ns;
	section_cell(section, "%s", trial->name);
	section_cell(section, "%s", words_microseconds(error + measures->nap_maximum_ns).text);
	section_cell(section, "%s", words_count(measures->unsynchronized).text);
	section_cell(section, "%s", words_count(forward->negative).text);
	section_cell(section, "%s", words_count(backward->negative).text);
	section_cell(section, "%s",
	             measures->unsynchronized > 0 || forward->negative + backward->negative > 0
	                     ? "not to be trusted"
	                     : "good within the error");
}

void section_clocks(struct section *section, const void *context)
{
	const struct run_result *result = context;
	uint64_t stated = result->config->clock_error_ns;

	section_column(section, SECTION_LEFT, "trial");
	section_column(section, SECTION_RIGHT, "error (us)");
	section_column(section, SECTION_RIGHT, "unsynchronized");
	section_column(section, SECTION_RIGHT, "below zero there");
	section_column(section, SECTION_RIGHT, "below zero back");
	section_column(section, SECTION_LEFT, "one-way durations");
	for (unsigned i = 0; i < report_trials(result); i++)
		trial_clocks(section, &result->trials[i], stated);
	if (section->titled)
		section_note(section, "The error of one-way durations is %s%s.",
		             stated > 0 ? "the configuration's clock-error"
		                        : "the largest sum of both sides' Error Estimates",
		             longest_nap(result) > 0 ? ", and the load's longest sleep" : "");
}
