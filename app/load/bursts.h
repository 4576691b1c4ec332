/* SPDX-License-Identifier: BSD-3-Clause */
/** Rounds of bursts (RFC 2544 section 26.4), summed up: one trial of them all, and the rates of the rounds that went well. */
#ifndef SPECULAR_LOAD_BURSTS_H
#define SPECULAR_LOAD_BURSTS_H

#include <stdbool.h>

#include "result.h"

struct bursts {
	bool swap;     /**< rates are by arrival: there is no reflector's clock */
	double *rates; /**< of rounds without loss and fault; room for all */
	unsigned count;
	double *each; /**< of all rounds, in their order; 0: the round does not count */
	unsigned each_count;
	bool out_of_time; /**< there were to be more rounds */
	struct trial_result sum;
};

/** NULL when memory fails. */
struct bursts *bursts_create(unsigned rounds, bool swap);
void bursts_destroy(struct bursts *bursts);

void bursts_add(struct bursts *bursts, const struct trial_result *round);
/** Once, after the last round. summary->each is the caller's to free. */
void bursts_summarize(struct bursts *bursts, struct burst_summary *summary);

#endif
