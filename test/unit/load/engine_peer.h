/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What stands at the other end of an engine's port: a thread between rings, with lib/reflect's datapath or a forwarder that swaps
 * addresses and ports, and faults of known number. The port is made of these rings.
 */
#ifndef SPECULAR_TEST_LOAD_ENGINE_PEER_H
#define SPECULAR_TEST_LOAD_ENGINE_PEER_H

#include <pthread.h>

#include "load_world.h"

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

#define PEER_QUEUES_MAX 2u

/** Of every so many frames one is treated so; 0: none. */
struct peer_faults {
	unsigned drop_request, drop_reply;
	bool other_queue; /**< replies come by another queue than requests left by */
	bool pause;       /**< takes nothing; may change at any time */
	bool double_last; /**< the last reply is kept for engine_peer_double_last */
};

struct engine_peer {
	struct load_world *world; /**< NULL: swaps */
	unsigned queues;
	uint16_t port_id;
	struct rte_ring *requests[PEER_QUEUES_MAX], *replies[PEER_QUEUES_MAX];
	struct peer_faults faults;
	/* The thread's; to be read when it is stopped. */
	uint64_t taken, dropped_requests, dropped_replies, foreign;
	struct rte_mbuf *last; /**< a copy of the last reply */
	unsigned last_queue;
	bool stop, again;
	pthread_t thread;
};

/** Makes the rings and the port: size frames a ring. False: there is no port. */
bool engine_peer_open(struct engine_peer *peer, const char *name, unsigned queues, unsigned size,
                      struct rte_mempool *pool);
void engine_peer_start(struct engine_peer *peer, struct load_world *world,
                       const struct peer_faults *faults);
/** What is left in the rings is freed. */
void engine_peer_stop(struct engine_peer *peer);
void engine_peer_pause(struct engine_peer *peer, bool pause);
/** The last reply comes again, once. */
void engine_peer_double_last(struct engine_peer *peer);

#endif
