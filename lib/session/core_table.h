/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One polling lcore's session table: flow to core_session.
 *
 * One writer (slow path), one reader (the lcore), no lock. Buckets of eight slots fill one cache line; a slot holds a 16-bit tag
 * and a 48-bit pointer, so one 64-bit store publishes or withdraws. A flow may lie in either of two buckets. A withdrawn
 * core_session may be freed only after the reader has passed a quiescent state (session_registry does that).
 */
#ifndef SPECULAR_SESSION_CORE_TABLE_H
#define SPECULAR_SESSION_CORE_TABLE_H

#include <stdint.h>

#include "session/session.h"

#define CORE_TABLE_BURST_MAX 64u

struct core_table;

/** capacity: sessions that surely fit (memory is for twice as many slots). NULL when memory fails. */
struct core_table *core_table_create(unsigned capacity, uint64_t hash_seed);
/** Frees the table only, not what it points to. */
void core_table_destroy(struct core_table *table);

/** Slow path. Publishes; ERROR_LIMIT when both buckets are full, ERROR_EXISTS when the flow is there. */
int core_table_insert(struct core_table *table, struct core_session *session);
/** Slow path. Withdraws; ERROR_NOT_FOUND. */
int core_table_remove(struct core_table *table, const struct core_session *session);

/** The lcore. hash is flow_key_hash(key, seed of the table); NULL when unknown. Wait-free. */
struct core_session *core_table_find(const struct core_table *table, const struct flow_key *key,
                                     uint64_t hash);
/** The lcore: brings the flow's buckets into cache. */
void core_table_prefetch(const struct core_table *table, uint64_t hash);
/** The lcore, a while after core_table_prefetch: brings in the entry that core_table_find will compare. */
void core_table_prefetch_session(const struct core_table *table, uint64_t hash);
/**
 * The lcore: looks up count <= CORE_TABLE_BURST_MAX flows at once; found[i] is flows[i]'s session, NULL when unknown. The same as
 * core_table_find for each, but memory is fetched for all of them before any is waited for. The two cache lines of what was found,
 * and its keys, are on their way into cache.
 */
void core_table_find_burst(const struct core_table *table, const struct flow_key *const flows[],
                           struct core_session *found[], unsigned count);
uint64_t core_table_seed(const struct core_table *table);

#endif
