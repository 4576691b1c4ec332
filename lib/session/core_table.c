/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/core_table.h"

#include <stdlib.h>

#include "session/reservation.h"

#define SLOTS_PER_KEY 2u
#define BUCKETS_MIN   2u
/**
 * From so many used slots on, a new flow goes to the emptier of its two buckets. A full table has five a bucket on average, so few
 * flows are not in their first one, and yet no pair of buckets fills.
 */
#define BUCKET_RATHER_FULL 8u
/** The unit of slots. */
#define CACHE_LINE 64u
_Static_assert(CORE_TABLE_AREA_MAX / CACHE_LINE < UINT32_C(1) << 31, "fits a slot");

struct core_table {
	struct bucket *buckets;
	struct core_table_area areas[CORE_TABLE_AREAS];
	uint8_t *bases[CORE_TABLE_AREAS]; /**< as struct core_table_reader's */
	uint64_t seed;
	uint32_t bucket_count;
};

static size_t buckets_size(const struct core_table *table)
{
	return table->bucket_count * sizeof(struct bucket);
}

static bool areas_fit(const struct core_table_area areas[CORE_TABLE_AREAS])
{
	for (unsigned i = 0; i < CORE_TABLE_AREAS; i++) {
		if (areas[i].count > 0 && areas[i].stride > CORE_TABLE_AREA_MAX / areas[i].count)
			return false;
	}
	return true;
}

struct core_table *core_table_create(unsigned capacity, uint64_t hash_seed,
                                     const struct core_table_area areas[CORE_TABLE_AREAS])
{
	uint64_t slots = (uint64_t)capacity * SLOTS_PER_KEY;
	uint32_t buckets = (uint32_t)((slots + BUCKET_SLOTS - 1) / BUCKET_SLOTS);
	struct core_table *table = malloc(sizeof(*table));

	if (table == NULL || !areas_fit(areas)) {
		free(table);
		return NULL;
	}
	memcpy(table->areas, areas, sizeof(table->areas));
	for (unsigned i = 0; i < CORE_TABLE_AREAS; i++)
		table->bases[i] = (uint8_t *)((uintptr_t)areas[i].first - CACHE_LINE);
	table->seed = hash_seed;
	table->bucket_count = buckets > BUCKETS_MIN ? buckets : BUCKETS_MIN;
	table->buckets = reservation_create(buckets_size(table), RESERVATION_FULL, 0);
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

struct core_table_reader core_table_reader(const struct core_table *table)
{
	return (struct core_table_reader){.hash = flow_hash_make(table->seed),
	                                  .buckets = table->buckets,
	                                  .bucket_count = table->bucket_count,
	                                  .bases = {table->bases[0], table->bases[1]},
	                                  .table = table};
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

static struct core_session *bucket_find(const struct core_table *table, const struct bucket *bucket,
                                        const struct flow_key *key, uint16_t tag)
{
	for (uint32_t match = bucket_match(bucket, tag); match != 0; match &= match - 1) {
		uint32_t slot = bucket_slot(bucket, match);

		if (slot != 0 && flow_key_equal(&core_table_session(table->bases, slot)->flow, key))
			return core_table_session(table->bases, slot);
	}
	return NULL;
}

struct core_session *core_table_find(const struct core_table *table, const struct flow_key *key,
                                     uint64_t hash)
{
	uint16_t tag = bucket_tag(hash);
	struct core_session *found = bucket_find(table, first_bucket(table, hash), key, tag);

	return found != NULL ? found : bucket_find(table, second_bucket(table, hash), key, tag);
}

struct core_session *core_table_second_candidate(const struct core_table *table, uint64_t hash)
{
	const struct bucket *bucket = second_bucket(table, hash);
	uint32_t match = bucket_match(bucket, bucket_tag(hash));
	uint32_t slot = match == 0 ? 0 : bucket_slot(bucket, match);

	if (slot == 0)
		return NULL;
	struct core_session *candidate = core_table_session(table->bases, slot);
	core_table_prefetch(candidate);
	return candidate;
}

/** The slot that publishes an entry: false when it lies in no area. */
static bool slot_make(const struct core_table *table, const struct core_session *session,
                      uint32_t *slot)
{
	for (uint32_t i = 0; i < CORE_TABLE_AREAS; i++) {
		const struct core_table_area *area = &table->areas[i];
		uintptr_t offset = (uintptr_t)session - (uintptr_t)area->first;

		if (area->count == 0 || offset / area->stride >= area->count)
			continue;
		*slot = (uint32_t)(offset / CACHE_LINE + 1) << 1 | i;
		return offset % area->stride == 0;
	}
	return false;
}

int core_table_insert(struct core_table *table, struct core_session *session)
{
	uint64_t hash = flow_key_hash(&session->flow, table->seed);
	struct bucket *bucket = first_bucket(table, hash);
	uint32_t slot;

	if (!slot_make(table, session, &slot))
		return ERROR_ARGUMENT;
	if (core_table_find(table, &session->flow, hash) != NULL)
		return ERROR_EXISTS;
	unsigned used = bucket_used(bucket);
	if (used >= BUCKET_RATHER_FULL && bucket_used(second_bucket(table, hash)) < used)
		bucket = second_bucket(table, hash);
	return bucket_insert(bucket, bucket_tag(hash), slot);
}

int core_table_remove(struct core_table *table, const struct core_session *session)
{
	uint64_t hash = flow_key_hash(&session->flow, table->seed);
	uint32_t slot;

	if (slot_make(table, session, &slot) && (bucket_remove(first_bucket(table, hash), slot) ||
	                                         bucket_remove(second_bucket(table, hash), slot)))
		return 0;
	return ERROR_NOT_FOUND;
}
