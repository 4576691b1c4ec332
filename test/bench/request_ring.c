/* SPDX-License-Identifier: BSD-3-Clause */
#include "request_ring.h"

#include <stdlib.h>
#include <string.h>

#include "options.h"

/** Ethernet, IPv6 and UDP headers and the payload, on cache lines of their own. */
#define STRIDE 192u
_Static_assert(14 + 40 + 8 + USUAL_PAYLOAD <= STRIDE, "a frame fits");

int request_ring_create(struct request_ring *ring, uint32_t count, struct error *error)
{
	ring->count = count;
	ring->stride = STRIDE;
	ring->length = 0;
	ring->octets = aligned_alloc(64, (size_t)count * STRIDE);
	if (ring->octets == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for %u requests", count);
	memset(ring->octets, 0, (size_t)count * STRIDE);
	return 0;
}

void request_ring_destroy(struct request_ring *ring)
{
	free(ring->octets);
	ring->octets = NULL;
}

/** A number that has no divisor in common with count, far from its multiples: steps of it visit all and look random. */
static unsigned step_through(unsigned count)
{
	unsigned step = (unsigned)((uint64_t)count * 618034 / 1000000) | 1;

	for (;; step += 2) {
		unsigned left = count, right = step;

		while (right != 0) {
			unsigned rest = left % right;

			left = right;
			right = rest;
		}
		if (left == 1)
			return step;
	}
}

void request_ring_fill(struct request_ring *ring, struct traffic *traffic, uint32_t count)
{
	unsigned sessions = traffic->world->settings.sessions;
	unsigned step = step_through(sessions), index = 0;

	for (uint32_t filled = 0; filled < count;) {
		unsigned indexes[REFLECT_BURST_MAX], some = 0;

		while (some < REFLECT_BURST_MAX && filled + some < count) {
			indexes[some++] = index;
			index = (index + step) % sessions;
		}
		traffic_prepare_from(traffic, indexes, some, USUAL_PAYLOAD);
		for (unsigned i = 0; i < some; i++, filled++) {
			ring->length = traffic->frames[i].length;
			memcpy(ring->octets + (size_t)filled * ring->stride,
			       traffic->frames[i].octets, ring->length);
		}
	}
}
