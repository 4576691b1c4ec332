/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Throughput by binary search (RFC 2544 section 26.1, RFC 1242 section 3.17) for two loss ratios at once: NDR and PDR, as FD.io CSIT calls
 * them. Pure: what it knows of the device is what its trials say.
 */
#ifndef SPECULAR_LOAD_SEARCH_H
#define SPECULAR_LOAD_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "trial.h"

#define SEARCH_TRIALS_MAX 128u

struct search_settings {
	double rate_maximum;         /**< packets a second */
	double rate_minimum;         /**< below it the search gives up */
	uint64_t ndr_loss, pdr_loss; /**< parts a million; ndr_loss <= pdr_loss */
	uint64_t precision;          /**< parts a million of the bound: the interval that remains */
	/**
	 * A trial that lost too much, or fell short of its rate, is repeated so often before it is believed: a busy machine loses packets
	 * by itself.
	 */
	uint32_t retries;
	uint64_t warm_up_ns, duration_ns;
	uint64_t
	        confirm_ns; /**< the bound is tried once more for so long, and lowered until it holds; 0: not */
	uint32_t sessions; /**< 0: all */
	/** No trial begins later than this behind the first one; now_ns is its clock, given trial_run's context. 0: there is no such limit. */
	uint64_t limit_ns;
	uint64_t (*now_ns)(void *context);
	/** The way to the reflector holds its sender back rather than lose: a full transmit ring is the reflector's own (memif, rings). */
	bool lossless_link;
};

/** What is known of one loss ratio. */
struct search_bound {
	bool found;
	double rate; /**< highest offered rate with no more loss than allowed; packets a second */
	double upper; /**< lowest rate seen with more; 0: none was (the maximum passed, or the load gave out) */
	bool confirmed;
	/**
	 * Lowest rate above `rate` that was asked for and could not be offered, with no more loss than allowed; 0: none. The search looks
	 * no higher: it is the limit from above of what can be offered.
	 */
	double unreached;
	unsigned limits; /**< enum trial_limit of that trial */
	/** The load could not offer more, with the reflector still within the loss ratio: its throughput is at least `rate`. */
	bool load_limited;
	/**
	 * More could not be offered since the reflector took no more from its full ring, while the load had time left: `rate` is the
	 * reflector's throughput, found by the back-pressure of a lossless link.
	 */
	bool back_pressure;
	bool maximum_reached; /**< rate_maximum passed: the throughput is at least `rate` */
};

/** Whether it is not found since nothing could be sent at any rate tried: that says nothing of the reflector. */
static inline bool search_bound_is_unsent(const struct search_bound *bound)
{
	return !bound->found && bound->upper == 0 && bound->unreached > 0;
}

/** One line of the search's log. */
struct search_trial {
	double rate, offered; /**< ordered, and really sent */
	double loss;          /**< parts a million */
	uint64_t duration_ns;
	unsigned limits; /**< enum trial_limit */
};

/** What a search had no more of before its bounds were as close as they were to be. */
enum search_cut { SEARCH_WHOLE, SEARCH_OUT_OF_TIME, SEARCH_OUT_OF_TRIALS };

struct search_result {
	struct search_bound ndr, pdr;
	struct search_trial trials[SEARCH_TRIALS_MAX];
	unsigned trial_count;
	enum search_cut cut;
	bool interrupted;
};

/** Called after each trial, for progress; may be NULL. */
typedef void (*search_observer)(void *context, const struct search_result *so_far,
                                const struct trial_result *last);

/** 0 when the search came to its end (bounds may be not found: rate_minimum lost too much, or nothing could be sent), was cut short or interrupted; else the trial's error. */
int search_throughput(const struct search_settings *settings, trial_run run, void *context,
                      search_observer observer, struct search_result *result, struct error *error);

#endif
