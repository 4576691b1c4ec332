/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Who of the lcores has which sessions, and how much of a trial's traffic. The sessions of each group go round the lcores; an lcore's part
 * of the rate is that of its sessions. Main thread, between trials.
 */
#ifndef SPECULAR_LOAD_SHARE_OUT_H
#define SPECULAR_LOAD_SHARE_OUT_H

#include "base/error.h"
#include "flights.h"
#include "lcore.h"
#include "load_config.h"

struct share_out {
	const struct load_config *config;
	struct load_sessions *sessions;
	struct lcore **lcores;
	unsigned lcore_count;
	struct load_session **order; /**< every lcore's sessions, group by group; owned */
};

/** Sets the sessions' owners and the lcores' turns. ERROR_MEMORY. */
int share_out_create(struct share_out *share, const struct load_config *config,
                     struct load_sessions *sessions, struct lcore **lcores, unsigned lcore_count,
                     struct error *error);
void share_out_destroy(struct share_out *share);

/** Flights that the first so many sessions need together. */
uint64_t share_out_flights(const struct share_out *share, unsigned sessions,
                           const struct flights_need *need);

/** Each lcore's order; flights->count must suffice. give: sessions get their flights anew. */
void share_out_order(const struct share_out *share, const struct trial_order *order,
                     const struct flights_need *need, struct flights *flights, bool give);

#endif
