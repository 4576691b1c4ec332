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

void patience_before(struct patience *patience);
/** True when the value counts; else the caller measures again, after a short sleep in here. */
bool patience_after(struct patience *patience);

/** Starts a record of group "quiet": the share of values of a program's that were measured on a core of our own. */
void patience_record(const struct patience *patience, const char *of, struct record *record);

#endif
