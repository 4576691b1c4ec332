/* SPDX-License-Identifier: BSD-3-Clause */
/** What an lcore sends: buffers, test packets in them, and frames that wait for the device. */
#ifndef SPECULAR_LOAD_DEPARTURE_H
#define SPECULAR_LOAD_DEPARTURE_H

#include "lcore.h"

/** Whether there are as many as `wanted` (at most SEND_BURST_MAX) buffers; if not the measures say so. Returns how many there are. */
unsigned departure_stock(struct lcore *lcore, unsigned wanted);

/** Takes buffers of the stock and builds packets into them, whose turn it is; they stay the caller's, who notes when they leave. */
void departure_build(struct lcore *lcore, const uint64_t due[], struct rte_mbuf *mbufs[],
                     struct load_flight *flights[], unsigned count);

/** Sends what is due now and what waits. Returns whether there was anything. */
bool departure_send(struct lcore *lcore);

/** From here on packets count; those that wait do not. */
void departure_count_from_here(struct lcore *lcore);

/** The slots that remain are given up: the device took nothing for so long. */
void departure_give_up(struct lcore *lcore);

/** What waits is freed: it never leaves, and its slots were missed. */
void departure_drop(struct lcore *lcore);
/** The same for the stock. */
void departure_free(struct lcore *lcore);

#endif
