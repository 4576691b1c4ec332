/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Bursts of requests of a world's sessions in memory, sealed and with increasing sequence numbers, and one core's reflector that
 * answers them. Preparing touches no memory of the sessions (it makes their keys anew), so that what a measured burst finds in the
 * caches is what an earlier burst left there.
 */
#ifndef SPECULAR_BENCH_TRAFFIC_H
#define SPECULAR_BENCH_TRAFFIC_H

#include "world.h"

/** As far apart as the buffers of a DPDK pool: mbuf's own header, headroom, 2,048 octets of data, the pool's header. */
#define TRAFFIC_BUFFER_SIZE 2368u
#define TRAFFIC_HEADROOM    320u
#define TRAFFIC_SEAL_BURST  16u

struct traffic {
	struct world *world;
	unsigned core;
	struct suite *suite; /**< of this core; seals requests too */
	struct datapath_counters *counters;
	struct reflector reflector;
	struct reflect_arrival arrival;                 /**< of the prepared burst */
	struct reflect_frame frames[REFLECT_BURST_MAX]; /**< the prepared burst */
	unsigned indexes[REFLECT_BURST_MAX];            /**< its sessions */
	uint32_t sent[REFLECT_BURST_MAX];               /**< its sequence numbers */
	uint16_t payload;                               /**< its UDP payload, octets */
	uint16_t planned;                               /**< see traffic_plan */
	unsigned count;
	uint8_t *buffers;
	uint32_t *sequences; /**< by session: the next request's */
	uint8_t *keys;       /**< TRAFFIC_SEAL_BURST expanded keys */
	uint64_t random;
};

/** core: of the world. One thread at a time; world must outlive it. *traffic is NULL after an error. */
int traffic_create(struct world *world, unsigned core, struct traffic **traffic,
                   struct error *error);
/** traffic may be NULL. */
void traffic_destroy(struct traffic *traffic);

/** The next number of a fast generator, whose state is never zero: xorshift64*. */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/** The traffic's own. */
static inline uint64_t traffic_random(struct traffic *traffic)
{
	return random_next(&traffic->random);
}

/** Writes count <= REFLECT_BURST_MAX requests of random sessions, payload octets each, received now. */
void traffic_prepare(struct traffic *traffic, unsigned count, uint16_t payload);
/** The same of the sessions indexes[0 .. count). */
void traffic_prepare_from(struct traffic *traffic, const unsigned *indexes, unsigned count,
                          uint16_t payload);

/**
 * Every session's last packet had so many octets of payload, as if it had sent one: replies are not planned anew for packets that only
 * the bench sees as its session's first.
 */
void traffic_plan(struct traffic *traffic, uint16_t payload);

/** reflect_burst. */
static inline void traffic_reflect(struct traffic *traffic)
{
	reflect_burst(&traffic->reflector, &traffic->arrival, traffic->frames, traffic->count);
}

/** How many of the burst's frames were reflected, which is all of them unless the datapath is broken. */
unsigned traffic_reflected(const struct traffic *traffic);

/**
 * Checks the replies of the burst octet by octet that matters: addresses, lengths, checksums, sequence numbers, times, and that
 * OpenSSL opens them. Each session must have had all its replies by this traffic. ERROR_FORMAT with what is wrong.
 */
int traffic_check(const struct traffic *traffic, struct error *error);

#endif
