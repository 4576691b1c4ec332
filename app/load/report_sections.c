/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_sections.h"

#define FEW_THRESHOLDS 10u

const struct report_section_entry report_sections[REPORT_SECTION_COUNT] = {
        [REPORT_ENVIRONMENT] = {"Ran on", section_environment},
        [REPORT_ASKED] = {"Asked for", section_asked},
        [REPORT_GROUPS] = {"Sessions", section_groups},
        [REPORT_THROUGHPUT] = {"Throughput", section_throughput},
        [REPORT_SEARCH_TRIALS] = {"Trials of the search", section_search_trials},
        [REPORT_BURSTS] = {"Bursts", section_bursts},
        [REPORT_PACKETS] = {"Packets", section_packets},
        [REPORT_LOSS] = {"Loss by direction", section_loss},
        [REPORT_ORDER] = {"Duplicates and order", section_order},
        [REPORT_DURATIONS] = {"Durations (us)", section_durations},
        [REPORT_CLOCKS] = {"Clocks", section_clocks},
        [REPORT_FAULTS] = {"Faults", section_faults},
        [REPORT_LOAD] = {"The load itself", section_load},
        [REPORT_EVIDENCE] = {"Evidence", section_evidence},
        [REPORT_THRESHOLDS] = {"Thresholds", section_thresholds},
};

unsigned report_trials(const struct run_result *result)
{
	return result->trial_count < REPORT_TRIALS_MAX ? result->trial_count : REPORT_TRIALS_MAX;
}

void section_evidence(struct section *section, const void *context)
{
	const struct run_result *result = context;

	section_column(section, SECTION_LEFT, "fault");
	section_column(section, SECTION_LEFT, "packet");
	for (unsigned i = 0; i < result->evidence_count; i++) {
		const struct run_evidence *evidence = &result->evidence[i];
		section_cell(section, "%s", load_fault_descriptions[evidence->fault].name);
		section_cell(section, "%s", evidence->what);
	}
	if (result->evidence_count > 0 && result->evidence_path[0] != '\0')
		section_note(section, "The first packets of each kind are in %s.",
		             result->evidence_path);
}

static const char *outcome(const struct run_check *check)
{
	if (check->met)
		return "met";
	return check->load_limited ? "MISSED: the load was the limit" : "MISSED";
}

static void check_rows(struct section *section, const struct run_check *checks, unsigned count,
                       bool missed_alone)
{
	section_column(section, SECTION_LEFT, "threshold");
	section_column(section, SECTION_LEFT, "limit");
	section_column(section, SECTION_LEFT, "measured");
	section_column(section, SECTION_LEFT, "");
	for (unsigned i = 0; i < count; i++) {
		if (missed_alone && checks[i].met)
			continue;
		section_tone(section, checks[i].met ? SECTION_GOOD : SECTION_BAD);
		section_cell(section, "%s", checks[i].name);
		section_cell(section, "%s", checks[i].limit);
		section_cell(section, "%s", checks[i].value);
		section_cell(section, "%s", outcome(&checks[i]));
	}
}

void section_thresholds(struct section *section, const void *context)
{
	struct run_check checks[RUN_CHECKS_MAX];
	unsigned count = run_judge(context, checks);

	check_rows(section, checks, count, false);
	if (count == 0)
		section_note(section, "none that applies");
}

void section_missed(struct section *section, const void *context)
{
	struct run_check checks[RUN_CHECKS_MAX];
	unsigned count = run_judge(context, checks);

	check_rows(section, checks, count, true);
	section_note(section, "All %u thresholds are at the end of this page.", count);
}

bool report_few_thresholds(const struct run_result *result)
{
	struct run_check checks[RUN_CHECKS_MAX];

	return run_judge(result, checks) <= FEW_THRESHOLDS;
}
