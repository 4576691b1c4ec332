/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One polling lcore's session table: flow to core_session.
 *
 * One writer (slow path), one reader (the lcore), no lock. A bucket is one cache line of sixteen slots; a slot holds a tag (some
 * bits of the flow's hash) and where the core_session is, in 32 bits, so one store publishes or withdraws. A flow lies in the
 * first of its two buckets unless that was rather full. A withdrawn core_session may be freed only after the reader has passed a
 * quiescent state (session_registry does that).
 */
#ifndef SPECULAR_SESSION_CORE_TABLE_H
#define SPECULAR_SESSION_CORE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "session/session.h"

#define CORE_TABLE_BURST_MAX 64u
#define CORE_TABLE_AREAS     2u

#define CORE_TABLE_BUCKET_SIZE 64u /**< a cache line */

struct core_table;

/** The first bucket of a hash: its upper half, scaled to the number of buckets. */
static inline uint64_t core_table_bucket(uint64_t hash, uint64_t bucket_count)
{
	return (hash >> 32) * bucket_count >> 32;
}

/** Where core_sessions may lie: the i-th of count is i * stride octets behind the first. */
struct core_table_area {
	struct core_session *first; /**< NULL with count 0 */
	size_t stride;              /**< a multiple of 64 */
	unsigned count;
};

/**
 * capacity: sessions that surely fit (memory is for twice as many slots). The areas are the caller's, and outlive the table; it
 * touches only what is inserted. NULL when memory fails or an area has more than 2^26 entries.
 */
struct core_table *core_table_create(unsigned capacity, uint64_t hash_seed,
                                     const struct core_table_area areas[CORE_TABLE_AREAS]);
/** Frees the table only, not the areas. */
void core_table_destroy(struct core_table *table);

/**
 * Slow path. Publishes an entry of one of the areas; ERROR_LIMIT when both buckets are full, ERROR_EXISTS when the flow is there,
 * ERROR_ARGUMENT when it lies in no area.
 */
int core_table_insert(struct core_table *table, struct core_session *session);
/** Slow path. Withdraws; ERROR_NOT_FOUND. */
int core_table_remove(struct core_table *table, const struct core_session *session);

/** One flow, slow path or lcore. hash is flow_key_hash(key, seed of the table); NULL when unknown. Wait-free. */
struct core_session *core_table_find(const struct core_table *table, const struct flow_key *key,
                                     uint64_t hash);
/**
 * The lcore: looks up count <= CORE_TABLE_BURST_MAX flows at once, hashes[i] being core_table_hash of flows[i]; found[i] is flows[i]'s
 * session, NULL when unknown. The same as core_table_find for each, but memory is fetched for all of them before any is waited for.
 * The two cache lines of what was found, and its keys' first, are on their way into cache.
 */
void core_table_find_burst(const struct core_table *table, const struct flow_key flows[],
                           const uint64_t hashes[], struct core_session *found[], unsigned count);

/** What hashing flows needs of the table, for as long as the table lives. */
struct core_table_hasher {
	struct flow_hash hash;
	const uint8_t *buckets;
	uint64_t bucket_count;
};

struct core_table_hasher core_table_hasher(const struct core_table *table);

/** Its bucket is on its way into cache. */
static inline uint64_t core_table_hash(const struct core_table_hasher *hasher,
                                       const struct flow_key *flow)
{
	uint64_t hash = flow_hash_of(&hasher->hash, flow);

	__builtin_prefetch(hasher->buckets +
	                   core_table_bucket(hash, hasher->bucket_count) * CORE_TABLE_BUCKET_SIZE);
	return hash;
}
uint64_t core_table_seed(const struct core_table *table);

#endif
