/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One cache line of a session table: up to ten entries, each with a tag, some bits of its flow's hash, and a slot, which says where its
 * core_session is (core_table.h). All tags are compared at once.
 *
 * One writer, one reader, no lock. The slot publishes: it is stored before its tag and is zero when there is no entry. Tags are only
 * a hint, as the writer may be at work: a reader that finds one loads the slot, and compares the flow of what that says.
 */
#ifndef SPECULAR_SESSION_BUCKET_H
#define SPECULAR_SESSION_BUCKET_H

#include <emmintrin.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"

#define BUCKET_SLOTS 10u

struct bucket {
	uint16_t tags[BUCKET_SLOTS];  /**< 0: none */
	uint32_t slots[BUCKET_SLOTS]; /**< 0: none */
	uint32_t unused;
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct bucket) == 64, "a cache line");

/** Never that of an empty slot. */
static inline uint16_t bucket_tag(uint64_t hash)
{
	return (uint16_t)(hash | 1);
}

/** Bit i says that slot i may have the tag. TSan need not look: see above. */
__attribute__((no_sanitize("thread"))) static inline uint32_t
bucket_match(const struct bucket *bucket, uint16_t tag)
{
	__m128i wanted = _mm_set1_epi16((short)tag);
	int last;

	memcpy(&last, &bucket->tags[8], sizeof(last));
	__m128i eight = _mm_load_si128((const __m128i *)(const void *)bucket->tags);
	__m128i equal = _mm_packs_epi16(_mm_cmpeq_epi16(eight, wanted),
	                                _mm_cmpeq_epi16(_mm_cvtsi32_si128(last), wanted));

	return (uint32_t)_mm_movemask_epi8(equal);
}
_Static_assert(BUCKET_SLOTS == 8 + sizeof(int) / sizeof(uint16_t), "two loads");

/**
 * The slot of the lowest bit of match, which is as many as there are zeros below it. Not by __builtin_ctz: its instruction waits for
 * the former value of the register that it writes, so that each flow of a burst would wait for the one before.
 */
static inline uint32_t bucket_slot(const struct bucket *bucket, uint32_t match)
{
	return __atomic_load_n(&bucket->slots[__builtin_popcount(~match & (match - 1))],
	                       __ATOMIC_ACQUIRE);
}

/** The writer: entries in use. */
static inline unsigned bucket_used(const struct bucket *bucket)
{
	unsigned used = 0;

	for (unsigned i = 0; i < BUCKET_SLOTS; i++)
		used += bucket->slots[i] != 0;
	return used;
}

/** The writer; ERROR_LIMIT when it is full. */
static inline int bucket_insert(struct bucket *bucket, uint16_t tag, uint32_t slot)
{
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		if (bucket->slots[i] == 0) {
			__atomic_store_n(&bucket->slots[i], slot, __ATOMIC_RELEASE);
			__atomic_store_n(&bucket->tags[i], tag, __ATOMIC_RELEASE);
			return 0;
		}
	}
	return ERROR_LIMIT;
}

/** The writer; false when it is not there. */
static inline bool bucket_remove(struct bucket *bucket, uint32_t slot)
{
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		if (bucket->slots[i] == slot) {
			__atomic_store_n(&bucket->tags[i], 0, __ATOMIC_RELEASE);
			__atomic_store_n(&bucket->slots[i], 0, __ATOMIC_RELEASE);
			return true;
		}
	}
	return false;
}

#endif
