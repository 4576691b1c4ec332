/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_sections.h"
#include "report_words.h"

#define PERCENT 100.0

static void trial_columns(struct section *section, const char *const titles[])
{
	section_column(section, SECTION_LEFT, "trial");
	for (unsigned i = 0; titles[i] != NULL; i++)
		section_column(section, SECTION_RIGHT, titles[i]);
}

static void count(struct section *section, uint64_t number)
{
	section_cell(section, "%s", words_count(number).text);
}

static void left_out(struct section *section, const struct run_result *result)
{
	if (result->trial_count > report_trials(result))
		section_note(section, "The first %u trials; report.json has all %s.",
		             report_trials(result), words_count(result->trial_count).text);
}

void section_packets(struct section *section, const void *context)
{
	static const char *const titles[] = {"asked/s",  "sent/s", "answered/s", "sent",
	                                     "answered", "lost",   "loss",       NULL};
	const struct run_result *result = context;

	trial_columns(section, titles);
	for (unsigned i = 0; i < report_trials(result); i++) {
		const struct trial_result *trial = &result->trials[i].result;
		bool paced = trial->order.kind == TRIAL_PACED;
		section_cell(section, "%s%s", result->trials[i].name,
		             trial->interrupted ? " (interrupted)" : "");
		section_cell(section, "%s", paced ? words_rate(trial->order.rate).text : "a burst");
		section_cell(section, "%s", words_rate(trial->sent_rate).text);
		section_cell(section, "%s", words_rate(trial->answered_rate).text);
		count(section, trial->sent);
		count(section, trial->measures.answered);
		count(section, trial->lost);
		section_cell(section, "%s", words_percent(trial_loss(trial)).text);
	}
	left_out(section, result);
}

void section_loss(struct section *section, const void *context)
{
	static const char *const titles[] = {"lost",    "on the way there", "on the way back",
	                                     "unknown", "of these late",    NULL};
	const struct run_result *result = context;

	trial_columns(section, titles);
	for (unsigned i = 0; i < report_trials(result); i++) {
		const struct trial_result *trial = &result->trials[i].result;
		if (trial->lost == 0)
			continue;
		section_cell(section, "%s", result->trials[i].name);
		count(section, trial->lost);
		count(section, trial->lost_forward);
		count(section, trial->lost_backward);
		count(section, trial->lost_unknown);
		count(section, trial->measures.late);
	}
}

void section_order(struct section *section, const void *context)
{
	static const char *const titles[] = {"duplicates",  "doubled there", "reordered",
	                                     "of it there", "extent",        NULL};
	const struct run_result *result = context;

	trial_columns(section, titles);
	for (unsigned i = 0; i < report_trials(result); i++) {
		const struct load_measures *measures = &result->trials[i].result.measures;
		if (measures->duplicates == 0 && measures->reordered == 0)
			continue;
		section_cell(section, "%s", result->trials[i].name);
		count(section, measures->duplicates);
		count(section, measures->duplicates_forward);
		count(section, measures->reordered);
		count(section, measures->reordered_forward);
		count(section, measures->reordering_extent);
	}
	if (!section->titled && result->trial_count > 0)
		section_note(section, "No duplicate, and every reply in order.");
}

void section_faults(struct section *section, const void *context)
{
	const struct run_result *result = context;

	section_column(section, SECTION_LEFT, "trial");
	section_column(section, SECTION_LEFT, "fault");
	section_column(section, SECTION_RIGHT, "packets");
	section_column(section, SECTION_LEFT, "counts as");
	section_column(section, SECTION_LEFT, "meaning");
	for (unsigned i = 0; i < report_trials(result); i++) {
		const struct load_measures *measures = &result->trials[i].result.measures;
		for (unsigned fault = 0; fault < LOAD_FAULT_COUNT; fault++) {
			if (measures->faults[fault] == 0)
				continue;
			section_cell(section, "%s", result->trials[i].name);
			section_cell(section, "%s", load_fault_descriptions[fault].name);
			count(section, measures->faults[fault]);
			section_cell(section, "%s",
			             load_fault_refuses((enum load_fault)fault) ? "no answer"
			                                                        : "an answer");
			section_cell(section, "%s", load_fault_descriptions[fault].meaning);
		}
	}
	if (!section->titled && result->trial_count > 0)
		section_note(section, "None: every packet received was right.");
}

static void load_row(struct section *section, const struct named_trial *named)
{
	const struct trial_result *trial = &named->result;
	const struct load_measures *measures = &trial->measures;

	section_cell(section, "%s", named->name);
	count(section, measures->scheduled);
	count(section, measures->missed);
	count(section, measures->transmit_full);
	count(section, measures->no_buffer);
	section_cell(section, "%s", words_microseconds(measures->lag_maximum_ns).text);
	if (measures->polls > 0)
		section_cell(section, "%.3g %%",
		             PERCENT * (double)measures->busy_polls / (double)measures->polls);
	else
		section_cell(section, "-");
	section_cell(section, "%s", trial_offered(trial) ? "yes" : "no");
}

void section_load(struct section *section, const void *context)
{
	static const char *const titles[] = {"slots",       "missed", "ring full", "no buffers",
	                                     "latest (us)", "busy",   "offered",   NULL};
	const struct run_result *result = context;

	trial_columns(section, titles);
	for (unsigned i = 0; i < report_trials(result); i++)
		load_row(section, &result->trials[i]);
	for (unsigned i = 0; i < report_trials(result); i++) {
		const struct named_trial *trial = &result->trials[i];
		if (trial->result.limits != 0)
			section_note(section,
			             "%s: the load, not the reflector alone, was a limit: %s.",
			             trial->name, words_limits(trial->result.limits, true).text);
	}
	if (result->resident_last_kib > 0)
		section_note(section,
		             "Memory of this program: %s KiB after the beginning, %s KiB at "
		             "the end.",
		             words_count(result->resident_first_kib).text,
		             words_count(result->resident_last_kib).text);
}
