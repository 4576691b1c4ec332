/* SPDX-License-Identifier: BSD-3-Clause */
/** What a polling lcore does with a port's frames: the appliance's worker reflects them, or a plain loop swaps addresses. */
#ifndef SPECULAR_BENCH_FORWARDER_H
#define SPECULAR_BENCH_FORWARDER_H

#include <time.h>

#include "reflect/worker.h"
#include "traffic.h"

enum forwarder_kind {
	FORWARDER_REFLECT, /**< worker_run */
	FORWARDER_5TSWAP,  /**< Ethernet, IP and UDP source and destination */
	FORWARDER_MACSWAP, /**< Ethernet source and destination alone */
};

struct forwarder {
	enum forwarder_kind kind;
	uint16_t port;
	struct worker *worker; /**< FORWARDER_REFLECT's */
	bool stop;             /**< the loops' */
	uint64_t sent;         /**< the loops'; written by their lcore, read by others (relaxed) */
	clockid_t clock;       /**< CPU time of the lcore's thread, while it runs */
	bool running;
};

/** "worker" or "loop"; "reflect", "5tswap" or "macswap". */
const char *forwarder_program(const struct forwarder *forwarder);
const char *forwarder_forward(const struct forwarder *forwarder);

/** traffic: whose sessions and core the worker takes over; it and the port must outlive the forwarder. ERROR_MEMORY. */
int forwarder_create(enum forwarder_kind kind, uint16_t port, const struct traffic *traffic,
                     struct forwarder *forwarder, struct error *error);
void forwarder_destroy(struct forwarder *forwarder);

/** Whether the polling lcore, idle now, has its core to itself (core_share.h). */
bool forwarder_core_is_whole(void);

/** Runs it on lcore 1, until forwarder_stop, which returns when it has left the port. */
void forwarder_start(struct forwarder *forwarder);
void forwarder_stop(struct forwarder *forwarder);

/** Packets that it sent since it was created. */
uint64_t forwarder_sent(const struct forwarder *forwarder);
/** Seconds of CPU that its lcore has had since it was started: what others took does not count. */
double forwarder_seconds(const struct forwarder *forwarder);
/** Stopped: false when a frame that it received was not sent again. */
bool forwarder_lost_nothing(const struct forwarder *forwarder);

#endif
