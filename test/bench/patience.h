/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Measures again what was measured while somebody else used the core (core_share.h), as long as there is time for it:
 *
 *   do {
 *           patience_before(&patience);
 *           value = ...;
 *   } while (!patience_after(&patience));
 */
#ifndef SPECULAR_BENCH_PATIENCE_H
#define SPECULAR_BENCH_PATIENCE_H

#include <stdbool.h>
#include <time.h>

#include "record.h"

struct patience {
	double seconds; /**< that may still go into what is then measured again, in all */
	/** Whether the measured core is ours, where that is not the calling thread's; NULL: core_share_is_whole. */
	bool (*whole)(void);
	/** Values that count, and those of them that were measured on a shared core, for want of patience. */
	unsigned measured;
	unsigned disturbed;
	bool whole_before;
	struct timespec begin;
};

/**
 * For the whole program, before it measures: so many seconds from now on nothing is measured again any more, and no round begins
 * that need not. Without it there is time enough.
 */
void patience_limit(double seconds);
/** The same from a command line; false when it is no number of seconds. */
bool patience_limit_read(const char *text);
/** Whether the program measures its round of that number, from 0 on: the first two always. */
bool patience_for_round(unsigned number);

void patience_before(struct patience *patience);
/** Whether there is time to measure again what was disturbed otherwise; the caller counts how often. */
bool patience_has_time(void);
/** True when the value counts; else the caller measures again, after a short sleep in here. */
bool patience_after(struct patience *patience);

/** Starts a record of group "quiet": the share of values of a program's that were measured on a core of our own. */
void patience_record(const struct patience *patience, const char *of, struct record *record);

#endif
