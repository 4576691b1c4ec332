/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A port for worker_run whose packets arrive by a schedule, whatever the core does (open loop): requests from memory, that the core's rx
 * burst finds when it comes after their arrival. Measures the turnaround, from the end of the rx burst to the beginning of the tx burst,
 * and the sojourn, from the arrival to the tx burst.
 *
 * A net_ring port with callbacks: the rx callback delivers what has arrived, the tx callback reads the TSC. Both run on the worker's
 * core, between what is measured. A request is copied to an mbuf as it is delivered, so it is as near to the core as a packet can be.
 *
 * Gaps between arrivals are exponential, as where many senders, each by its own clock, share a port: a core that falls behind for
 * a moment meets a burst, which packets at constant gaps would hide.
 */
#ifndef SPECULAR_BENCH_SCHEDULED_PORT_H
#define SPECULAR_BENCH_SCHEDULED_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"
#include "reflect/worker.h"
#include "request_ring.h"

/** Packets that wait for the core; what arrives when as many wait is lost, as in a NIC's queue. */
#define SCHEDULED_QUEUE 1024u

/** What was seen; the worker writes, others read when it has ended. */
struct observation {
	struct histogram turnaround; /**< TSC ticks */
	struct histogram sojourn;
	uint64_t arrived;
	uint64_t delivered; /**< to the core, of these */
	uint64_t overflown; /**< the queue was full */
	uint64_t reflected;
};

/** Packets that arrived and were not reflected, and are not on their way. */
static inline uint64_t observation_lost(const struct observation *seen)
{
	return seen->overflown + seen->delivered - seen->reflected;
}

/** Filled before the worker runs. */
struct schedule {
	const struct request_ring *requests;
	uint32_t first;    /**< request */
	uint64_t mean_gap; /**< TSC ticks; 0: as fast as the core takes them, in full bursts */
	uint64_t least_gap;
	uint64_t limit; /**< packets after which the worker stops by itself */
	/** The turnaround of packets that were alone in their burst only: others came while something kept the core; their sojourn tells. */
	bool alone;
};

struct scheduled_port;

/** Once a process, after the EAL; NULL when DPDK refuses. It lives as long as the process. */
struct scheduled_port *scheduled_port_create(void);
/** Lets the worker's only queue be this port. */
void scheduled_port_attach(struct scheduled_port *port, struct worker *worker,
                           const struct schedule *schedule);
/** No further arrivals; the worker stops by itself when it has had those before. Any thread. */
void scheduled_port_end(struct scheduled_port *port);
/** From the next rx burst on, what is seen goes here. Any thread. */
void scheduled_port_observe(struct scheduled_port *port, struct observation *observation);

void observation_reset(struct observation *observation);

#endif
