/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Memory of packets on their way. A session remembers as many as it sends in the timeout, so that what is forgotten was lost anyway. Which
 * session has which part of the memory changes only when other sessions take part than before. Main thread, but for flights_give.
 */
#ifndef SPECULAR_LOAD_FLIGHTS_H
#define SPECULAR_LOAD_FLIGHTS_H

#include <stdint.h>

#include "base/error.h"
#include "load_session.h"
#include "trial.h"

#define FLIGHTS_MINIMUM 64u /**< entries of a session */
/** Octets of all flights together: 134 million packets on their way. */
#define FLIGHTS_OCTETS_MAX (UINT64_C(4) << 30)

struct flights {
	/** Of sessions that take no part: nothing is ever found there. */
	struct load_flight nowhere[FLIGHTS_MINIMUM];
	struct load_flight *entries; /**< in large pages where there are some; touched already */
	uint64_t count;
};

/** What has to be remembered in a trial. */
struct flights_need {
	double rate;     /**< packets a second of all sessions, TRIAL_PACED */
	uint32_t frames; /**< at once, TRIAL_BURST */
	uint64_t window_ns;
};

/** Entries for each of `sessions` sessions that together have share of total_share. */
uint32_t flights_of_session(const struct flights_need *need, uint32_t share, uint64_t total_share,
                            unsigned sessions);

/** ERROR_LIMIT above FLIGHTS_OCTETS_MAX or half of the memory that is free, ERROR_MEMORY; the text says what to change. */
int flights_create(struct flights *flights, uint64_t count, const struct flights_need *need,
                   unsigned sessions, struct error *error);
void flights_destroy(struct flights *flights);

/** An lcore gives a session of its own this memory; what was in it is forgotten. */
void flights_give(struct load_session *session, struct load_flight *entries, uint32_t count);

#endif
