/* SPDX-License-Identifier: BSD-3-Clause */
/** What a run tells: text for a person, JSON for a program; doc/probe.md describes both. */
#ifndef SPECULAR_PROBE_REPORT_H
#define SPECULAR_PROBE_REPORT_H

#include <stdio.h>

#include "run.h"
#include "statistics.h"

struct report {
	const struct run *run;
	const struct statistics *total;    /**< NULL: nothing was measured */
	const struct statistics *sessions; /**< run->session_count of them */
	const char *error;                 /**< NULL: none */
};

void report_text(FILE *out, const struct report *report);
void report_json(FILE *out, const struct report *report);

#endif
