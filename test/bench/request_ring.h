/* SPDX-License-Identifier: BSD-3-Clause */
/** Requests of a world's sessions, sealed before they are needed: what a port delivers when nothing but the reflector is to be measured. */
#ifndef SPECULAR_BENCH_REQUEST_RING_H
#define SPECULAR_BENCH_REQUEST_RING_H

#include "traffic.h"

/** Frames that arrive one after the other, and again from the first one after the last. */
struct request_ring {
	uint8_t *octets; /**< one frame every `stride` octets */
	uint32_t count;  /**< a power of two */
	uint32_t stride;
	uint16_t length; /**< of each frame, once filled */
};

/** Room for count frames (a power of two) of at most USUAL_PAYLOAD octets of UDP payload; ERROR_MEMORY. */
int request_ring_create(struct request_ring *ring, uint32_t count, struct error *error);
void request_ring_destroy(struct request_ring *ring);

/**
 * Fills the first count <= ring->count places with the next requests of the traffic's sessions. The sessions take turns, in an order without a pattern that is always
 * the same: each gets its packets at regular intervals and with consecutive sequence numbers.
 */
void request_ring_fill(struct request_ring *ring, struct traffic *traffic, uint32_t count);

#endif
