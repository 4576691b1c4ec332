/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One polling lcore's session table: flow to core_session.
 *
 * One writer (slow path), one reader (the lcore), no lock. A bucket (bucket.h) is one cache line of ten entries; a slot says in 32 bits
 * where the core_session is, so one store publishes or withdraws. A flow lies in the first of its two buckets unless that was rather
 * full. A withdrawn core_session may be freed only after the reader has passed a quiescent state (session_registry does that).
 *
 * The lcore looks up a burst in three steps, each for all of its packets before the next one: core_table_hash, core_table_candidate,
 * core_table_confirm. The first two only fetch what the next needs into the cache.
 */
#ifndef SPECULAR_SESSION_CORE_TABLE_H
#define SPECULAR_SESSION_CORE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "session/bucket.h"
#include "session/session.h"

#define CORE_TABLE_AREAS 2u

struct core_table;

/** Where core_sessions may lie: the i-th of count is i * stride octets behind the first. */
struct core_table_area {
	struct core_session *first; /**< NULL with count 0 */
	size_t stride;              /**< a multiple of 64 */
	unsigned count;
};

/**
 * capacity: sessions that surely fit (memory is for twice as many slots). The areas are the caller's, and outlive the table; it
 * touches only what is inserted. NULL when memory fails or an area takes more than CORE_TABLE_AREA_MAX octets.
 */
struct core_table *core_table_create(unsigned capacity, uint64_t hash_seed,
                                     const struct core_table_area areas[CORE_TABLE_AREAS]);
#define CORE_TABLE_AREA_MAX (UINT64_C(1) << 36)
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
uint64_t core_table_seed(const struct core_table *table);

/** What look-ups need of the table, for as long as it lives: to be kept in registers. */
struct core_table_reader {
	struct flow_hash hash;
	const struct bucket *buckets;
	uint64_t bucket_count;
	/** Of the areas, 64 octets before their first octets: no entry's slot is 0. */
	uint8_t *bases[CORE_TABLE_AREAS];
	const struct core_table *table;
};

struct core_table_reader core_table_reader(const struct core_table *table);

/** The first bucket of a hash: its upper half, scaled to the number of buckets. */
static inline uint64_t core_table_bucket(uint64_t hash, uint64_t bucket_count)
{
	return (hash >> 32) * bucket_count >> 32;
}

/** A slot, from the top: 64 octets from the area's base, the area (one bit). */
static inline struct core_session *core_table_session(uint8_t *const bases[CORE_TABLE_AREAS],
                                                      uint32_t slot)
{
	return (struct core_session *)(void *)(bases[slot & 1] + ((uint64_t)(slot >> 1) << 6));
}

/** Its bucket is on its way into cache. */
static inline uint64_t core_table_hash(const struct core_table_reader *reader,
                                       const struct flow_key *flow)
{
	uint64_t hash = flow_hash_of(&reader->hash, flow);

	__builtin_prefetch(&reader->buckets[core_table_bucket(hash, reader->bucket_count)]);
	return hash;
}

/** Both lines of it: the second one is what a reply changes. */
static inline void core_table_prefetch(const struct core_session *session)
{
	__builtin_prefetch(session);
	__builtin_prefetch(&session->reflected);
}
_Static_assert(offsetof(struct core_session, reflected) == 64, "prefetched as a second line");

/** For core_table_candidate: the same where the first bucket has none. */
struct core_session *core_table_second_candidate(const struct core_table *table, uint64_t hash);

/**
 * The session that a flow of this hash probably has; NULL when it has none. Both of its cache lines are on their way into cache, and
 * nothing of them has been looked at.
 */
static inline struct core_session *core_table_candidate(const struct core_table_reader *reader,
                                                        uint64_t hash)
{
	const struct bucket *bucket =
	        &reader->buckets[core_table_bucket(hash, reader->bucket_count)];
	uint32_t match = bucket_match(bucket, bucket_tag(hash));
	uint32_t slot = match == 0 ? 0 : bucket_slot(bucket, match);

	if (__builtin_expect(slot == 0, 0))
		return core_table_second_candidate(reader->table, hash);
	struct core_session *candidate = core_table_session(reader->bases, slot);
	core_table_prefetch(candidate);
	return candidate;
}

/** What core_table_find finds, when candidate is core_table_candidate's of the same hash, since the last quiescent state. */
static inline struct core_session *core_table_confirm(const struct core_table *table,
                                                      struct core_session *candidate,
                                                      const struct flow_key *flow, uint64_t hash)
{
	if (__builtin_expect(candidate != NULL && flow_key_equal(&candidate->flow, flow), 1))
		return candidate;
	/* Unknown, or another flow with the same tag was in the way. */
	return core_table_find(table, flow, hash);
}

#endif
