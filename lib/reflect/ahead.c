/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/ahead.h"

#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "wire/test_packet.h"

/** Entries of a session for each direction; a power of two. */
#define ENTRIES 16u
/** Refill when so many are missing: for both directions they are one full burst of the suite. */
#define ENTRIES_REFILL (ENTRIES / 2)
/** A reordered or repeated request makes the expected number jump back; the window stays unless it jumped further than this. */
#define ENTRIES_BEHIND ENTRIES

/** A session takes the slot of one that has been silent for so many times the interval between its own two last packets. */
#define SILENCE_FACTOR 8u
/** Times are in units of 2^20 TSC ticks, some 0.4 ms: a burst of a slow session does not make it a fast one. */
#define SEEN_SHIFT 20u
/** Idle steps between two looks at a slot whose session may have ended. */
#define IDLE_STEPS_PER_LOOK 64u

enum direction { REQUEST, REPLY, DIRECTIONS };

/** The first octets of a test packet as they are on the wire, and its HMAC. */
struct entry {
	uint8_t block[TEST_BLOCK];
	uint8_t hmac[TEST_HMAC_SIZE];
};
_Static_assert(sizeof(struct entry) == 32, "two of them in a cache line, none in two");

/**
 * A slot. The owner is never followed before it was found by its flow again: it may have been freed. Entry n % ENTRIES is that of
 * sequence number n, for the `valid` numbers before `end` (modulo 2^32).
 */
struct ahead {
	const struct core_session *owner; /**< NULL: free */
	struct flow_key flow;             /**< the owner's */
	uint32_t end[DIRECTIONS];
	uint8_t valid[DIRECTIONS];
	bool waiting;       /**< in the pool's queue */
	uint32_t last_seen; /**< modulo 2^32, which is weeks */
	struct entry entries[DIRECTIONS][ENTRIES] __attribute__((aligned(64)));
} __attribute__((aligned(64)));
_Static_assert(offsetof(struct ahead, entries) == 64, "a packet reads a cache line of its own");

struct ahead_pool {
	uint32_t count;
	uint32_t hand; /**< the slot that the next session to come may take */
	uint32_t look; /**< the slot whose owner is looked for next */
	uint32_t idle_steps;
	/** Slots to refill, oldest first: a ring, in which every slot has room once. */
	uint32_t queue_head;
	uint32_t queue_length;
	uint16_t *queue;
	struct ahead_statistics statistics;
	struct ahead slots[];
};

size_t ahead_pool_size(unsigned sessions)
{
	size_t size =
	        sizeof(struct ahead_pool) + sessions * (sizeof(struct ahead) + sizeof(uint16_t));

	return (size + AHEAD_POOL_ALIGN - 1) / AHEAD_POOL_ALIGN * AHEAD_POOL_ALIGN;
}

struct ahead_pool *ahead_pool_init(void *memory, unsigned sessions)
{
	struct ahead_pool *pool = memory;

	memset(memory, 0, ahead_pool_size(sessions));
	pool->count = sessions;
	pool->queue = (uint16_t *)&pool->slots[sessions];
	return pool;
}

void ahead_pool_wipe(struct ahead_pool *pool)
{
	if (pool != NULL)
		secret_wipe(pool, ahead_pool_size(pool->count));
}

const struct ahead_statistics *ahead_pool_statistics(const struct ahead_pool *pool)
{
	return &pool->statistics;
}

static uint32_t seen_at(uint64_t tsc)
{
	return (uint32_t)(tsc >> SEEN_SHIFT);
}

static uint32_t step_hand(uint32_t *hand, uint32_t count)
{
	uint32_t at = *hand;

	*hand = at + 1 == count ? 0 : at + 1;
	return at;
}

/** The session's slot, unless another one has it now. */
static struct ahead *slot_of(const struct core_session *core)
{
	struct ahead *slot = core->ahead;

	return slot != NULL && slot->owner == core ? slot : NULL;
}

static uint32_t next_number(const struct core_session *core, enum direction direction)
{
	return direction == REQUEST ? core->expected_sequence : (uint32_t)core->reflected;
}

static struct entry *entry_of(struct ahead *slot, enum direction direction, uint32_t number)
{
	return &slot->entries[direction][number % ENTRIES];
}

static bool has_entry(const struct ahead *slot, enum direction direction, uint32_t number)
{
	return slot->end[direction] - 1 - number < slot->valid[direction];
}

/** Entries that a full window from number `next` on lacks. */
static unsigned missing(const struct ahead *slot, enum direction direction, uint32_t next)
{
	uint32_t ready = slot->end[direction] - next;

	if (ready > ENTRIES + ENTRIES_BEHIND)
		return ENTRIES;
	return ready < ENTRIES ? ENTRIES - ready : 0;
}

static bool needs_refill(const struct ahead *slot, const struct core_session *core)
{
	return missing(slot, REQUEST, next_number(core, REQUEST)) >= ENTRIES_REFILL ||
	       missing(slot, REPLY, next_number(core, REPLY)) >= ENTRIES_REFILL;
}

static void queue_put(struct ahead_pool *pool, struct ahead *slot)
{
	uint32_t at = pool->queue_head + pool->queue_length;

	if (slot->waiting)
		return;
	slot->waiting = true;
	pool->queue[at < pool->count ? at : at - pool->count] = (uint16_t)(slot - pool->slots);
	pool->queue_length++;
}

static struct ahead *queue_get(struct ahead_pool *pool)
{
	struct ahead *slot = &pool->slots[pool->queue[step_hand(&pool->queue_head, pool->count)]];

	slot->waiting = false;
	pool->queue_length--;
	return slot;
}

/** Both the block and the HMAC, in words: a loop over octets costs more than all else of a hit. */
static bool entry_equal(const struct entry *entry, const uint8_t *block, const uint8_t *hmac)
{
	uint64_t difference = (load_be64(entry->block) ^ load_be64(block)) |
	                      (load_be64(entry->block + 8) ^ load_be64(block + 8)) |
	                      (load_be64(entry->hmac) ^ load_be64(hmac)) |
	                      (load_be64(entry->hmac + 8) ^ load_be64(hmac + 8));

	SECRET_HIDE(difference);
	return difference == 0;
}

/** {sequence number, MBZ}, the plaintext of the first block of either direction. */
static void block_write(uint8_t *block, uint32_t number)
{
	store_be64(block, (uint64_t)number << 32);
	store_be64(block + 8, 0);
}

bool ahead_open(struct ahead_pool *pool, const struct core_session *core, uint8_t *block,
                const uint8_t *hmac)
{
	struct ahead *slot = slot_of(core);

	if (slot == NULL)
		return false;
	for (uint32_t lost = 0; lost <= AHEAD_LOST_MAX; lost++) {
		uint32_t number = core->expected_sequence + lost;

		if (has_entry(slot, REQUEST, number) &&
		    entry_equal(entry_of(slot, REQUEST, number), block, hmac)) {
			block_write(block, number);
			pool->statistics.opened++;
			return true;
		}
	}
	return false;
}

/** None is valid any more, and none can be read. */
static void entries_wipe(struct ahead *slot)
{
	memset(slot->valid, 0, sizeof(slot->valid));
	secret_wipe(slot->entries, sizeof(slot->entries));
}

/** Whether a session that came at `tsc`, and before that at its last_received_tsc, may have the slot. */
static bool is_free_for(const struct ahead *slot, const struct core_session *core, uint64_t tsc)
{
	uint32_t interval = seen_at(tsc) - seen_at(core->last_received_tsc);
	uint32_t silence = seen_at(tsc) - slot->last_seen;

	if (slot->owner == NULL)
		return true;
	return core->last_received_tsc != 0 && silence / SILENCE_FACTOR > interval;
}

void ahead_take(struct ahead_pool *pool, struct core_session *core, uint64_t tsc)
{
	if (slot_of(core) != NULL)
		return;
	struct ahead *slot = &pool->slots[step_hand(&pool->hand, pool->count)];
	if (!is_free_for(slot, core, tsc))
		return;
	if (slot->owner != NULL) /* it may have ended, and this core never be idle */
		entries_wipe(slot);
	for (enum direction i = REQUEST; i < DIRECTIONS; i++)
		slot->end[i] = next_number(core, i);
	slot->flow = core->flow;
	slot->last_seen = seen_at(tsc);
	slot->owner = core;
	core->ahead = slot;
	pool->statistics.taken++;
	queue_put(pool, slot);
}

bool ahead_seal(struct ahead_pool *pool, const struct core_session *core, uint64_t tsc,
                uint8_t *block, uint8_t *hmac)
{
	struct ahead *slot = slot_of(core);

	if (slot == NULL)
		return false;
	uint32_t number = load_be32(block);
	bool found = has_entry(slot, REPLY, number);
	if (found) {
		const struct entry *entry = entry_of(slot, REPLY, number);

		memcpy(block, entry->block, sizeof(entry->block));
		memcpy(hmac, entry->hmac, sizeof(entry->hmac));
		pool->statistics.sealed++;
	}
	slot->last_seen = seen_at(tsc);
	if (needs_refill(slot, core))
		queue_put(pool, slot);
	return found;
}

/** True when the owner is still published, and still the session that took this slot. */
static bool owner_lives(const struct ahead *slot, const struct core_table *table)
{
	uint64_t hash = flow_key_hash(&slot->flow, core_table_seed(table));
	const struct core_session *found = core_table_find(table, &slot->flow, hash);

	return found != NULL && found == slot->owner && found->ahead == slot;
}

static void slot_wipe(struct ahead_pool *pool, struct ahead *slot)
{
	slot->owner = NULL;
	entries_wipe(slot);
	pool->statistics.wiped++;
}

/** Adds jobs for what follows the window, at most half a window; returns how many. */
static unsigned plan(struct ahead *slot, enum direction direction, struct suite_job *jobs)
{
	uint32_t next = next_number(slot->owner, direction);
	unsigned wanted = missing(slot, direction, next);

	if (wanted == ENTRIES) {
		slot->end[direction] = next;
		slot->valid[direction] = 0;
	}
	if (wanted > ENTRIES_REFILL)
		wanted = ENTRIES_REFILL;
	for (unsigned i = 0; i < wanted; i++) {
		uint32_t number = slot->end[direction] + i;
		struct entry *entry = entry_of(slot, direction, number);

		block_write(entry->block, number);
		jobs[i] = (struct suite_job){.keys = slot->owner->keys,
		                             .data = entry->block,
		                             .hmac = entry->hmac,
		                             .protected_size = TEST_BLOCK,
		                             .cipher = SUITE_AES_ECB};
	}
	return wanted;
}

/** The suite zeroes what it can't seal; that must never pass for an entry. */
static bool all_sealed(const struct suite_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if ((load_be64(jobs[i].hmac) | load_be64(jobs[i].hmac + 8)) == 0)
			return false;
	}
	return true;
}

/** The window moves on by `count` entries; the oldest ones have been overwritten. */
static void extend(struct ahead *slot, enum direction direction, unsigned count)
{
	unsigned valid = slot->valid[direction] + count;

	slot->end[direction] += count;
	slot->valid[direction] = (uint8_t)(valid < ENTRIES ? valid : ENTRIES);
}

static void refill(struct ahead_pool *pool, struct ahead *slot, struct suite *suite)
{
	struct suite_job jobs[DIRECTIONS * ENTRIES_REFILL];
	unsigned requests = plan(slot, REQUEST, jobs);
	unsigned replies = plan(slot, REPLY, jobs + requests);

	if (requests + replies == 0)
		return;
	suite_seal_burst(suite, jobs, requests + replies);
	if (!all_sealed(jobs, requests + replies)) {
		memset(slot->valid, 0, sizeof(slot->valid));
		return;
	}
	extend(slot, REQUEST, requests);
	extend(slot, REPLY, replies);
	pool->statistics.computed += requests + replies;
	if (needs_refill(slot, slot->owner))
		queue_put(pool, slot);
}

void ahead_tidy(struct ahead_pool *pool, const struct core_table *table)
{
	struct ahead *slot = &pool->slots[step_hand(&pool->look, pool->count)];
	if (slot->owner != NULL && !owner_lives(slot, table))
		slot_wipe(pool, slot);
}

bool ahead_refill(struct ahead_pool *pool, const struct core_table *table, struct suite *suite)
{
	if (pool->queue_length == 0) {
		if (++pool->idle_steps % IDLE_STEPS_PER_LOOK == 0)
			ahead_tidy(pool, table);
		return false;
	}
	struct ahead *slot = queue_get(pool);
	if (slot->owner == NULL)
		return true;
	if (owner_lives(slot, table))
		refill(pool, slot, suite);
	else
		slot_wipe(pool, slot);
	return true;
}
