/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/core_table.h"

#include <emmintrin.h>
#include <stdlib.h>

#include "base/error.h"
#include "session/reservation.h"

#define BUCKET_SLOTS  16u
#define SLOTS_PER_KEY 2u
#define BUCKETS_MIN   2u
/**
 * From so many used slots on, a new flow goes to the emptier of its two buckets. A full table has eight a bucket on average, so
 * few flows are not in their first one, and yet no pair of buckets fills.
 */
#define BUCKET_RATHER_FULL 12u
#define INDEX_BITS_MAX     26u

/**
 * A slot, from the top: 1 for used, tag, area (one bit), index in the area. 0 when empty. The writer stores it with release, the
 * reader loads it with acquire.
 */
#define SLOT_USED (UINT32_C(1) << 31)

struct bucket {
	uint32_t slots[BUCKET_SLOTS];
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct bucket) == CORE_TABLE_BUCKET_SIZE, "one cache line");
_Static_assert(offsetof(struct core_session, reflected) == 64, "prefetched as a second line");

struct core_table {
	struct bucket *buckets;
	struct core_table_area areas[CORE_TABLE_AREAS];
	uint64_t seed;
	uint32_t bucket_count;
	uint32_t index_bits;
	uint32_t index_mask;
	uint32_t tag_mask; /**< of a slot, with SLOT_USED */
};

static uint32_t bits_for(unsigned count)
{
	uint32_t bits = 1;

	while (bits <= INDEX_BITS_MAX && UINT32_C(1) << bits < count)
		bits++;
	return bits;
}

static size_t buckets_size(const struct core_table *table)
{
	return table->bucket_count * sizeof(struct bucket);
}

struct core_table *core_table_create(unsigned capacity, uint64_t hash_seed,
                                     const struct core_table_area areas[CORE_TABLE_AREAS])
{
	uint64_t slots = (uint64_t)capacity * SLOTS_PER_KEY;
	uint32_t buckets = (uint32_t)((slots + BUCKET_SLOTS - 1) / BUCKET_SLOTS);
	uint32_t index_bits =
	        bits_for(areas[0].count > areas[1].count ? areas[0].count : areas[1].count);
	struct core_table *table = malloc(sizeof(*table));

	if (table == NULL || index_bits > INDEX_BITS_MAX) {
		free(table);
		return NULL;
	}
	memcpy(table->areas, areas, sizeof(table->areas));
	table->seed = hash_seed;
	table->bucket_count = buckets > BUCKETS_MIN ? buckets : BUCKETS_MIN;
	table->index_bits = index_bits;
	table->index_mask = (UINT32_C(1) << index_bits) - 1;
	table->tag_mask = ~(UINT32_C(2) << index_bits) + 1;
	table->buckets = reservation_create(buckets_size(table), RESERVATION_FULL);
	if (table->buckets == NULL) {
		free(table);
		return NULL;
	}
	return table;
}

void core_table_destroy(struct core_table *table)
{
	if (table == NULL)
		return;
	reservation_destroy(table->buckets, buckets_size(table));
	free(table);
}

uint64_t core_table_seed(const struct core_table *table)
{
	return table->seed;
}

struct core_table_hasher core_table_hasher(const struct core_table *table)
{
	return (struct core_table_hasher){.hash = flow_hash_make(table->seed),
	                                  .buckets = (const uint8_t *)table->buckets,
	                                  .bucket_count = table->bucket_count};
}

static inline struct bucket *first_bucket(const struct core_table *table, uint64_t hash)
{
	return &table->buckets[core_table_bucket(hash, table->bucket_count)];
}

/** Never the first one: one to bucket_count - 1 behind it, as the lower half says. */
static inline struct bucket *second_bucket(const struct core_table *table, uint64_t hash)
{
	uint64_t lower = (uint32_t)hash * UINT32_C(0x9e3779b1);
	uint32_t distance = 1 + (uint32_t)(lower * (table->bucket_count - 1) >> 32);
	uint32_t index = (uint32_t)core_table_bucket(hash, table->bucket_count) + distance;

	return &table->buckets[index < table->bucket_count ? index : index - table->bucket_count];
}

/** What a slot of this flow has in its upper bits; never that of an empty one. */
static inline uint32_t tag_of(const struct core_table *table, uint64_t hash)
{
	return SLOT_USED | ((uint32_t)hash & table->tag_mask);
}

static inline struct core_session *slot_session(const struct core_table *table, uint32_t slot)
{
	const struct core_table_area *area = &table->areas[slot >> table->index_bits & 1];
	size_t offset = (slot & table->index_mask) * area->stride;

	return (struct core_session *)(void *)((uint8_t *)area->first + offset);
}

/** All ones where one of four slots has the tag. */
__attribute__((no_sanitize("thread"))) static inline __m128i
four_match(const struct bucket *bucket, unsigned first, __m128i mask, __m128i tag)
{
	__m128i slots = _mm_load_si128((const __m128i *)(const void *)&bucket->slots[first]);

	return _mm_cmpeq_epi32(_mm_and_si128(slots, mask), tag);
}

/**
 * Bit i says that slot i may have the tag. Only a hint, as the writer may be at work: whoever uses a slot loads it again,
 * atomically. That is why TSan need not look.
 */
__attribute__((no_sanitize("thread"))) static inline uint32_t
bucket_match(const struct core_table *table, const struct bucket *bucket, uint32_t tag)
{
	__m128i mask = _mm_set1_epi32((int)table->tag_mask);
	__m128i wanted = _mm_set1_epi32((int)tag);
	__m128i lower = _mm_packs_epi32(four_match(bucket, 0, mask, wanted),
	                                four_match(bucket, 4, mask, wanted));
	__m128i upper = _mm_packs_epi32(four_match(bucket, 8, mask, wanted),
	                                four_match(bucket, 12, mask, wanted));

	return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(lower, upper));
}

/**
 * The slot of the lowest bit of match, which is as many as there are zeros below it. Not by __builtin_ctz: its instruction waits for
 * the former value of the register that it writes, so that each flow of a burst would wait for the one before.
 */
static inline uint32_t slot_load(const struct bucket *bucket, uint32_t match)
{
	return __atomic_load_n(&bucket->slots[__builtin_popcount(~match & (match - 1))],
	                       __ATOMIC_ACQUIRE);
}

/** The first entry of the bucket whose tag fits; NULL for none. */
static inline struct core_session *bucket_candidate(const struct core_table *table,
                                                    const struct bucket *bucket, uint32_t tag)
{
	for (uint32_t match = bucket_match(table, bucket, tag); match != 0; match &= match - 1) {
		uint32_t slot = slot_load(bucket, match);

		if ((slot & table->tag_mask) == tag)
			return slot_session(table, slot);
	}
	return NULL;
}

static struct core_session *bucket_find(const struct core_table *table, const struct bucket *bucket,
                                        const struct flow_key *key, uint32_t tag)
{
	for (uint32_t match = bucket_match(table, bucket, tag); match != 0; match &= match - 1) {
		uint32_t slot = slot_load(bucket, match);

		if ((slot & table->tag_mask) == tag &&
		    flow_key_equal(&slot_session(table, slot)->flow, key))
			return slot_session(table, slot);
	}
	return NULL;
}

struct core_session *core_table_find(const struct core_table *table, const struct flow_key *key,
                                     uint64_t hash)
{
	uint32_t tag = tag_of(table, hash);
	struct core_session *found = bucket_find(table, first_bucket(table, hash), key, tag);

	return found != NULL ? found : bucket_find(table, second_bucket(table, hash), key, tag);
}

static inline void prefetch_session(const struct core_session *session)
{
	__builtin_prefetch(session);
	/* The first field of its second cache line, which a reply changes. */
	__builtin_prefetch(&session->reflected, 1);
}

/** Those that have no candidate in their first bucket look for one in the second. */
static void find_in_second(const struct core_table *table, const uint64_t hashes[],
                           struct core_session *found[], const uint8_t missing[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t hash = hashes[missing[i]];
		struct core_session *candidate =
		        bucket_candidate(table, second_bucket(table, hash), tag_of(table, hash));

		found[missing[i]] = candidate;
		if (candidate != NULL)
			prefetch_session(candidate);
	}
}

/** Buckets are on their way; each loop leaves the memory system the time that the next one would wait for it: entries, keys. */
void core_table_find_burst(const struct core_table *table, const struct flow_key flows[],
                           const uint64_t hashes[], struct core_session *found[], unsigned count)
{
	uint8_t missing[CORE_TABLE_BURST_MAX];
	unsigned missing_count = 0;

	for (unsigned i = 0; i < count; i++) {
		found[i] = bucket_candidate(table, first_bucket(table, hashes[i]),
		                            tag_of(table, hashes[i]));
		if (found[i] != NULL) {
			prefetch_session(found[i]);
		} else {
			missing[missing_count++] = (uint8_t)i;
			__builtin_prefetch(second_bucket(table, hashes[i]));
		}
	}
	find_in_second(table, hashes, found, missing, missing_count);
	for (unsigned i = 0; i < count; i++) {
		if (found[i] == NULL)
			continue;
		/* Another flow with the same tag was in the way. */
		if (!flow_key_equal(&found[i]->flow, &flows[i]))
			found[i] = core_table_find(table, &flows[i], hashes[i]);
		/* Without keys there would be a page walk for nothing. */
		if (found[i] != NULL && found[i]->keys != NULL)
			__builtin_prefetch(found[i]->keys);
	}
}

/** The slot that publishes an entry: false when it lies in no area. */
static bool slot_make(const struct core_table *table, const struct core_session *session,
                      uint64_t hash, uint32_t *slot)
{
	for (uint32_t i = 0; i < CORE_TABLE_AREAS; i++) {
		const struct core_table_area *area = &table->areas[i];
		uintptr_t offset = (uintptr_t)session - (uintptr_t)area->first;

		if (area->count == 0 || offset / area->stride >= area->count)
			continue;
		*slot = tag_of(table, hash) | i << table->index_bits |
		        (uint32_t)(offset / area->stride);
		return offset % area->stride == 0;
	}
	return false;
}

static unsigned bucket_used(const struct bucket *bucket)
{
	unsigned used = 0;

	for (unsigned i = 0; i < BUCKET_SLOTS; i++)
		used += bucket->slots[i] != 0;
	return used;
}

static int bucket_insert(struct bucket *bucket, uint32_t slot)
{
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		if (bucket->slots[i] == 0) {
			__atomic_store_n(&bucket->slots[i], slot, __ATOMIC_RELEASE);
			return 0;
		}
	}
	return ERROR_LIMIT;
}

int core_table_insert(struct core_table *table, struct core_session *session)
{
	uint64_t hash = flow_key_hash(&session->flow, table->seed);
	struct bucket *bucket = first_bucket(table, hash);
	uint32_t slot;

	if (!slot_make(table, session, hash, &slot))
		return ERROR_ARGUMENT;
	if (core_table_find(table, &session->flow, hash) != NULL)
		return ERROR_EXISTS;
	unsigned used = bucket_used(bucket);
	if (used >= BUCKET_RATHER_FULL && bucket_used(second_bucket(table, hash)) < used)
		bucket = second_bucket(table, hash);
	return bucket_insert(bucket, slot);
}

static bool bucket_remove(struct bucket *bucket, uint32_t slot)
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
	uint32_t slot;

	if (slot_make(table, session, hash, &slot) &&
	    (bucket_remove(first_bucket(table, hash), slot) ||
	     bucket_remove(second_bucket(table, hash), slot)))
		return 0;
	return ERROR_NOT_FOUND;
}
