/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Two memif ports of one process, joined: one side is a Session-Sender that keeps a window of requests on their way and takes back
 * what comes, the other is polled by a forwarder. The shared memory is memif's own (memfd), so hugepages are not needed.
 */
#ifndef SPECULAR_BENCH_MEMIF_PAIR_H
#define SPECULAR_BENCH_MEMIF_PAIR_H

#include "traffic.h"

struct rte_mbuf;
struct rte_mempool;

#define MEMIF_REQUESTS_MAX 1024u

struct memif_pair {
	uint16_t sender; /**< port of the Session-Sender */
	uint16_t polled; /**< port of the forwarder */
	struct rte_mempool *pool;
};

/** Requests of one world, ready to be sent over and over. */
struct memif_requests {
	struct rte_mbuf *mbufs[MEMIF_REQUESTS_MAX];
	unsigned count;
	unsigned next;
};

/** Opens, starts and joins them. ERROR_SYSTEM: no driver, or they do not find each other. */
int memif_pair_open(struct memif_pair *pair, struct error *error);
void memif_pair_close(struct memif_pair *pair);

/** One request of each session in random order; at most MEMIF_REQUESTS_MAX sessions. ERROR_MEMORY. */
int memif_requests_make(struct memif_requests *requests, const struct memif_pair *pair,
                        struct traffic *traffic, uint16_t payload, struct error *error);
void memif_requests_free(struct memif_requests *requests);

/**
 * Sends and takes back for so long while another lcore forwards, then waits for what is on its way. False when something did not
 * come back, or not from the polled side's Ethernet address.
 */
bool memif_pair_send(const struct memif_pair *pair, struct memif_requests *requests,
                     double seconds);

#endif
