/* SPDX-License-Identifier: BSD-3-Clause */
/** The reports of a run. Each returns 0 or ERROR_SYSTEM with the path and the reason. Main thread. */
#ifndef SPECULAR_LOAD_REPORTS_H
#define SPECULAR_LOAD_REPORTS_H

#include <stdio.h>

#include "base/error.h"
#include "result.h"

/** What the terminal gets, and report.txt. */
void report_text(FILE *out, const struct run_result *result);
/** Schema specular-load/1: doc/load.md. */
void report_json(FILE *out, const struct run_result *result);
void report_junit(FILE *out, const struct run_result *result);
/** One file without anything from elsewhere: no script, plots as inline SVG. */
void report_html(FILE *out, const struct run_result *result);

/** report.txt, report.json, junit.xml and report.html in config->report_folder, which is made; each whole or not at all. */
int reports_write(const struct run_result *result, struct error *error);

#endif
