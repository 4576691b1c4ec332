/* SPDX-License-Identifier: BSD-3-Clause */
/** The plots of the HTML report. Each writes nothing when the run has nothing for it. */
#ifndef SPECULAR_LOAD_REPORT_PLOTS_H
#define SPECULAR_LOAD_REPORT_PLOTS_H

#include <stdio.h>

#include "result.h"

/** Rate against loss: the search's trials, its bounds. plots_rate.c */
void report_plot_search(FILE *out, const struct run_result *result);
/** Percentiles of the round trip of each trial, or of a single trial's distributions. plots_percentiles.c */
void report_plot_percentiles(FILE *out, const struct run_result *result);
/** Packets, what failed and the round trip, by time; of each trial with a series. plots_series.c */
void report_plot_seconds(FILE *out, const struct run_result *result);
/** The rate of each burst, in their order. plots_bursts.c */
void report_plot_bursts(FILE *out, const struct run_result *result);
/** Sessions against loss and round trip. plots_rate.c */
void report_plot_ramp(FILE *out, const struct run_result *result);
#endif
