/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/core_table.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/error.h"

#define BUCKET_SLOTS  8u
#define TAG_SHIFT     48u
#define POINTER_MASK  ((UINT64_C(1) << TAG_SHIFT) - 1)
#define SLOTS_PER_KEY 2u
#define BUCKETS_MIN   2u

/** A slot is tag and pointer in one word, 0 when empty. The writer stores it with release, the reader loads with acquire. */
struct bucket {
	uint64_t slots[BUCKET_SLOTS];
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct bucket) == 64, "one cache line");
_Static_assert(offsetof(struct core_session, reflected) == 64, "prefetched as a second line");

struct core_table {
	uint64_t seed;
	uint64_t mask; /**< buckets - 1 */
	struct bucket *buckets;
};

struct core_table *core_table_create(unsigned capacity, uint64_t hash_seed)
{
	struct core_table *table = malloc(sizeof(*table));
	uint64_t buckets = BUCKETS_MIN;

	if (table == NULL)
		return NULL;
	while (buckets * BUCKET_SLOTS < (uint64_t)capacity * SLOTS_PER_KEY)
		buckets *= 2;
	table->seed = hash_seed;
	table->mask = buckets - 1;
	table->buckets = aligned_alloc(sizeof(struct bucket), buckets * sizeof(struct bucket));
	if (table->buckets == NULL) {
		free(table);
		return NULL;
	}
	memset(table->buckets, 0, buckets * sizeof(struct bucket));
	return table;
}

void core_table_destroy(struct core_table *table)
{
	if (table == NULL)
		return;
	free(table->buckets);
	free(table);
}

uint64_t core_table_seed(const struct core_table *table)
{
	return table->seed;
}

static inline struct bucket *first_bucket(const struct core_table *table, uint64_t hash)
{
	return &table->buckets[hash & table->mask];
}

/** Never the first one: the exclusive or with an odd number changes the lowest bit. */
static inline struct bucket *second_bucket(const struct core_table *table, uint64_t hash)
{
	uint64_t distance = ((hash * 0x9e3779b97f4a7c15u) >> 32) | 1;

	return &table->buckets[(hash ^ distance) & table->mask];
}

static inline uint64_t slot_make(uint64_t hash, const struct core_session *session)
{
	return (hash >> TAG_SHIFT << TAG_SHIFT) | (uint64_t)(uintptr_t)session;
}

static inline struct core_session *slot_session(uint64_t slot)
{
	return (struct core_session *)(uintptr_t)(slot & POINTER_MASK);
}

static inline bool slot_may_match(uint64_t slot, uint64_t hash)
{
	return slot != 0 && (slot ^ hash) >> TAG_SHIFT == 0;
}

static struct core_session *bucket_find(const struct bucket *bucket, const struct flow_key *key,
                                        uint64_t hash)
{
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		uint64_t slot = __atomic_load_n(&bucket->slots[i], __ATOMIC_ACQUIRE);

		if (slot_may_match(slot, hash) && flow_key_equal(&slot_session(slot)->flow, key))
			return slot_session(slot);
	}
	return NULL;
}

struct core_session *core_table_find(const struct core_table *table, const struct flow_key *key,
                                     uint64_t hash)
{
	struct core_session *found = bucket_find(first_bucket(table, hash), key, hash);

	return found != NULL ? found : bucket_find(second_bucket(table, hash), key, hash);
}

void core_table_prefetch(const struct core_table *table, uint64_t hash)
{
	__builtin_prefetch(first_bucket(table, hash));
	__builtin_prefetch(second_bucket(table, hash));
}

static bool bucket_prefetch_entry(const struct bucket *bucket, uint64_t hash)
{
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		uint64_t slot = __atomic_load_n(&bucket->slots[i], __ATOMIC_RELAXED);

		if (slot_may_match(slot, hash)) {
			struct core_session *session = slot_session(slot);

			__builtin_prefetch(session);
			/* The first field of its second cache line, which a reply changes. */
			__builtin_prefetch(&session->reflected, 1);
			return true;
		}
	}
	return false;
}

void core_table_prefetch_session(const struct core_table *table, uint64_t hash)
{
	if (!bucket_prefetch_entry(first_bucket(table, hash), hash))
		(void)bucket_prefetch_entry(second_bucket(table, hash), hash);
}

/** Each loop leaves the memory system the time that the next one would wait for it: buckets, entries, sessions. */
void core_table_find_burst(const struct core_table *table, const struct flow_key *const flows[],
                           struct core_session *found[], unsigned count)
{
	uint64_t hashes[CORE_TABLE_BURST_MAX];

	for (unsigned i = 0; i < count; i++) {
		hashes[i] = flow_key_hash(flows[i], table->seed);
		core_table_prefetch(table, hashes[i]);
	}
	for (unsigned i = 0; i < count; i++)
		core_table_prefetch_session(table, hashes[i]);
	for (unsigned i = 0; i < count; i++) {
		found[i] = core_table_find(table, flows[i], hashes[i]);
		if (found[i] != NULL)
			__builtin_prefetch(found[i]->keys);
	}
}

static unsigned bucket_used(const struct bucket *bucket)
{
	unsigned used = 0;

	for (unsigned i = 0; i < BUCKET_SLOTS; i++)
		used += bucket->slots[i] != 0;
	return used;
}

/** The emptier of the two buckets: so no bucket ever fills while half of all slots are free (two choices of eight slots each). */
int core_table_insert(struct core_table *table, struct core_session *session)
{
	uint64_t hash = flow_key_hash(&session->flow, table->seed);
	struct bucket *bucket = first_bucket(table, hash);
	struct bucket *second = second_bucket(table, hash);

	if (core_table_find(table, &session->flow, hash) != NULL)
		return ERROR_EXISTS;
	if (bucket_used(second) < bucket_used(bucket))
		bucket = second;
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		if (bucket->slots[i] == 0) {
			__atomic_store_n(&bucket->slots[i], slot_make(hash, session),
			                 __ATOMIC_RELEASE);
			return 0;
		}
	}
	return ERROR_LIMIT;
}

static bool bucket_remove(struct bucket *bucket, uint64_t slot)
{
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		if (bucket->slots[i] == slot) {
			__atomic_store_n(&bucket->slots[i], 0, __ATOMIC_RELEASE);
			return true;
		}
	}
	return false;
}

int core_table_remove(struct core_table *table, const struct core_session *session)
{
	uint64_t hash = flow_key_hash(&session->flow, table->seed);
	uint64_t slot = slot_make(hash, session);

	if (bucket_remove(first_bucket(table, hash), slot) ||
	    bucket_remove(second_bucket(table, hash), slot))
		return 0;
	return ERROR_NOT_FOUND;
}
