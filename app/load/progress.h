/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a person sees while a run goes on: one screen, redrawn each second, on a terminal; a line every ten seconds elsewhere. Main thread.
 */
#ifndef SPECULAR_LOAD_PROGRESS_H
#define SPECULAR_LOAD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "measures.h"
#include "search.h"
#include "trial.h"

enum progress_style { PROGRESS_NONE, PROGRESS_LINES, PROGRESS_SCREEN };

struct progress {
	FILE *out;
	enum progress_style style;
	const char *name;                   /**< of the trial */
	double rate;                        /**< ordered, packets a second; 0: none */
	uint64_t total_ns;                  /**< of the trial; 0: not known */
	uint64_t next_line_ns;              /**< PROGRESS_LINES: not before */
	unsigned drawn;                     /**< lines on the screen, to be drawn over */
	const struct search_result *search; /**< NULL: no search */
};

/** By what out is: a screen on a terminal. quiet: none. */
void progress_init(struct progress *progress, FILE *out, bool quiet);

/** A trial begins; name is borrowed until the next one. */
void progress_begin(struct progress *progress, const char *name, const struct trial_order *order);
/** Once a second: sums since the trial's beginning, and the last second alone. */
void progress_show(struct progress *progress, uint64_t elapsed_ns, const struct load_measures *sums,
                   const struct trial_second *last);
/** What a search knows, from now on; borrowed. NULL ends it. */
void progress_search(struct progress *progress, const struct search_result *search);
/** Before anything else writes to the terminal: the screen stays as it is, and is not drawn over. */
void progress_leave(struct progress *progress);

#endif
