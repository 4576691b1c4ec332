/* SPDX-License-Identifier: BSD-3-Clause */
/** The sections of the text and HTML reports: what a run_result says in words and tables. Sources' context is the run_result. */
#ifndef SPECULAR_LOAD_REPORT_SECTIONS_H
#define SPECULAR_LOAD_REPORT_SECTIONS_H

#include "result.h"
#include "section.h"

/** Trials that a table has rows for; report.json has them all. */
#define REPORT_TRIALS_MAX 24u

enum report_section {
	REPORT_ENVIRONMENT,
	REPORT_ASKED,
	REPORT_GROUPS,
	REPORT_THROUGHPUT,
	REPORT_SEARCH_TRIALS,
	REPORT_BURSTS,
	REPORT_PACKETS,
	REPORT_LOSS,
	REPORT_ORDER,
	REPORT_DURATIONS,
	REPORT_CLOCKS,
	REPORT_FAULTS,
	REPORT_LOAD,
	REPORT_EVIDENCE,
	REPORT_THRESHOLDS,
	REPORT_SECTION_COUNT,
};

struct report_section_entry {
	const char *title;
	section_source source;
};
/** In the order of the text. */
extern const struct report_section_entry report_sections[REPORT_SECTION_COUNT];

/* Set-up: sections_set_up.c. */
void section_environment(struct section *section, const void *result);
void section_asked(struct section *section, const void *result);
void section_groups(struct section *section, const void *result);
/* Rates that were found: sections_throughput.c. */
void section_throughput(struct section *section, const void *result);
void section_search_trials(struct section *section, const void *result);
void section_bursts(struct section *section, const void *result);
/* What became of the packets: sections_packets.c. */
void section_packets(struct section *section, const void *result);
void section_loss(struct section *section, const void *result);
void section_order(struct section *section, const void *result);
void section_faults(struct section *section, const void *result);
void section_load(struct section *section, const void *result);
/* Durations: sections_durations.c. */
void section_durations(struct section *section, const void *result);
void section_clocks(struct section *section, const void *result);
/* What is made of it: report_sections.c. */
void section_evidence(struct section *section, const void *result);
void section_thresholds(struct section *section, const void *result);
/** Of many thresholds those that were missed: not in report_sections. */
void section_missed(struct section *section, const void *result);

/** Whether the thresholds are few enough to be read first. */
bool report_few_thresholds(const struct run_result *result);

/** Trials that tables show: the first so many. */
unsigned report_trials(const struct run_result *result);

#endif
