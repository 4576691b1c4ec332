/* SPDX-License-Identifier: BSD-3-Clause */
/** Cases that are to be compared, measured alternately: each round measures every case once, so that all suffer the same noise. */
#ifndef SPECULAR_BENCH_ALTERNATE_H
#define SPECULAR_BENCH_ALTERNATE_H

#include "patience.h"
#include "record.h"

#define ALTERNATE_MAX 192u

struct measurement {
	/** One round's value of context. */
	double (*measure)(void *context);
	void *context;
	struct record record;
};

struct alternation {
	struct measurement measurements[ALTERNATE_MAX];
	unsigned count;
	struct patience patience;
};

/** A further case, whose record the caller fills in; more than ALTERNATE_MAX ends the program. */
struct measurement *alternation_add(struct alternation *alternation,
                                    double (*measure)(void *context), void *context);
/**
 * Measures the rounds; each begins with another case. What was measured while somebody else used the core is measured again,
 * as long as patience lasts; where patience_limit's time is over, there are fewer rounds.
 */
void alternation_run(struct alternation *alternation, unsigned rounds);
/** Prints the records on standard output. */
void alternation_print(const struct alternation *alternation);

#endif
