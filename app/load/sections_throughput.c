/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_sections.h"
#include "report_words.h"

static void bound_row(struct section *section, const struct run_result *result, const char *name,
                      const struct search_bound *bound, uint64_t loss)
{
	bool least = bound->load_limited || bound->maximum_reached;

	section_cell(section, "%s", name);
	section_cell(section, "%s", words_percent((double)loss).text);
	section_cell(section, "%s%s", bound->found && least ? ">= " : "",
	             bound->found ? words_rate(bound->rate).text : "not found");
	section_cell(section, "%s", bound->found ? words_wire_rate(result, bound->rate).text : "-");
	section_cell(section, "%s", bound->upper > 0 ? words_rate(bound->upper).text : "-");
	section_cell(section, "%s", !bound->found ? "-" : (bound->confirmed ? "yes" : "no"));
}

void section_throughput(struct section *section, const void *context)
{
	const struct run_result *result = context;
	const struct search_result *search = &result->search;

	if (!result->searched)
		return;
	section_column(section, SECTION_LEFT, "");
	section_column(section, SECTION_RIGHT, "loss allowed");
	section_column(section, SECTION_RIGHT, "packets/s");
	section_column(section, SECTION_RIGHT, "on the wire");
	section_column(section, SECTION_RIGHT, "too much lost at");
	section_column(section, SECTION_RIGHT, "confirmed");
	bound_row(section, result, "NDR", &search->ndr, result->config->ndr_loss);
	bound_row(section, result, "PDR", &search->pdr, result->config->pdr_loss);
	section_note(section, "NDR: %s.", words_bound(&search->ndr).text);
	section_note(section, "PDR: %s.", words_bound(&search->pdr).text);
	if (search->interrupted)
		section_note(section, "The search was interrupted: the bounds may be far apart.");
	else if (search->cut == SEARCH_OUT_OF_TIME)
		section_note(section,
		             "The search was cut short: its time of %s (run.search.time-limit) was "
		             "used up. The bounds may be far apart.",
		             words_duration(result->config->search_limit_ns).text);
	else if (search->cut == SEARCH_OUT_OF_TRIALS)
		section_note(section,
		             "The search was cut short: after %u trials the bounds are still "
		             "apart, as what is measured changes all the time.",
		             SEARCH_TRIALS_MAX);
}

void section_search_trials(struct section *section, const void *context)
{
	const struct run_result *result = context;
	const struct search_result *search = &result->search;

	if (!result->searched)
		return;
	section_column(section, SECTION_RIGHT, "trial");
	section_column(section, SECTION_RIGHT, "asked/s");
	section_column(section, SECTION_RIGHT, "offered/s");
	section_column(section, SECTION_RIGHT, "loss");
	section_column(section, SECTION_RIGHT, "length");
	section_column(section, SECTION_LEFT, "the load's limits");
	for (unsigned i = 0; i < search->trial_count; i++) {
		const struct search_trial *trial = &search->trials[i];
		section_cell(section, "%u", i + 1);
		section_cell(section, "%s", words_rate(trial->rate).text);
		section_cell(section, "%s", words_rate(trial->offered).text);
		section_cell(section, "%s", words_percent(trial->loss).text);
		section_cell(section, "%s", words_duration(trial->duration_ns).text);
		section_cell(section, "%s", words_limits(trial->limits, false).text);
	}
}

static void burst_rows(struct section *section, const struct run_result *result)
{
	section_column(section, SECTION_LEFT, "sums of");
	section_column(section, SECTION_RIGHT, "sent");
	section_column(section, SECTION_RIGHT, "received");
	section_column(section, SECTION_RIGHT, "sending (us)");
	section_column(section, SECTION_RIGHT, "arriving (us)");
	section_column(section, SECTION_RIGHT, "sent to back (us)");
	section_column(section, SECTION_RIGHT, "reflecting (us)");
	for (unsigned i = 0; i < report_trials(result); i++) {
		const struct trial_burst *burst = &result->trials[i].result.burst;
		section_cell(section, "%s", result->trials[i].name);
		section_cell(section, "%s", words_count(burst->sent).text);
		section_cell(section, "%s", words_count(burst->received).text);
		section_cell(section, "%s", words_microseconds(burst->send_ns).text);
		section_cell(section, "%s", words_microseconds(burst->arrival_ns).text);
		section_cell(section, "%s", words_microseconds(burst->return_ns).text);
		section_cell(section, "%s",
		             burst->reflector_ns > 0 ? words_microseconds(burst->reflector_ns).text
		                                     : "-");
	}
}

void section_bursts(struct section *section, const void *context)
{
	const struct run_result *result = context;
	const struct burst_summary *burst = &result->burst;

	if (result->config->run != LOAD_RUN_BURST || result->trial_count == 0)
		return;
	burst_rows(section, result);
	if (burst->out_of_time)
		section_note(section,
		             "Cut short after %u of %s bursts: the time of %s "
		             "(run.burst.time-limit) was used up.",
		             burst->each_count, words_count(result->config->burst_rounds).text,
		             words_duration(result->config->burst_limit_ns).text);
	if (!burst->valid) {
		section_note(section,
		             "No burst came back whole and right: there is no rate. %s "
		             "packets were lost.",
		             words_count(burst->lost).text);
		return;
	}
	section_note(section,
	             "%s, median of %u bursts without loss: %s packets/s (%s on the wire), p10 %s, "
	             "p90 %s, best %s; %s packets lost in all.",
	             result->config->peer == LOAD_PEER_SWAP ? "By arrival"
	                                                    : "By the reflector's clock",
	             burst->rounds, words_rate(burst->rate_median).text,
	             words_wire_rate(result, burst->rate_median).text,
	             words_rate(burst->rate_p10).text, words_rate(burst->rate_p90).text,
	             words_rate(burst->rate_best).text, words_count(burst->lost).text);
}
