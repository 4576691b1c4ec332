/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Ahead of time: of a session in authenticated mode, the first block and HMAC of the next requests and of the next replies,
 * computed while the core is idle. They depend on the keys and the sequence number alone: {sequence number, 12 octets MBZ}.
 *
 * A pool is one core's: that core alone calls these functions, but for ahead_pool_init and _wipe. It has room for the busiest
 * sessions only. An entry serves one sequence number of one session, and is the very octets that the suite would compute, so a
 * hit decides and writes what a miss would. What is in a pool is a secret: HMACs of packets to come.
 */
#ifndef SPECULAR_REFLECT_AHEAD_H
#define SPECULAR_REFLECT_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/suite.h"
#include "session/core_table.h"

/** Sessions that a pool may have room for. */
#define AHEAD_SESSIONS_MAX 65536u
/** Where a pool's memory starts. */
#define AHEAD_POOL_ALIGN 64u
/** Packets that were lost just before this one, at most, for it to be found. */
#define AHEAD_LOST_MAX 3u

struct ahead_pool;

/** What the pool did; for tests and the bench. */
struct ahead_statistics {
	uint64_t opened;   /**< requests verified by it */
	uint64_t sealed;   /**< replies sealed by it */
	uint64_t computed; /**< entries, of either kind */
	uint64_t taken;    /**< times that a session got a slot */
	uint64_t wiped;    /**< slots of sessions that had ended */
};

/** Octets of a pool with room for 1 <= sessions <= AHEAD_SESSIONS_MAX; some 1,090 a session. */
size_t ahead_pool_size(unsigned sessions);
/** Makes an empty pool of ahead_pool_size octets at memory (AHEAD_POOL_ALIGN), which stays the caller's. */
struct ahead_pool *ahead_pool_init(void *memory, unsigned sessions);
/** Wipes it, at its end; the caller then frees the memory. pool may be NULL. */
void ahead_pool_wipe(struct ahead_pool *pool);

const struct ahead_statistics *ahead_pool_statistics(const struct ahead_pool *pool);

/**
 * Opens an authenticated request: true when block (16 octets, still encrypted) and hmac (16 octets) are those of the expected
 * sequence number or of one of the AHEAD_LOST_MAX after it. block is then the plaintext. False says nothing, and changes
 * nothing: the suite decides. Each comparison is in constant time.
 */
bool ahead_open(struct ahead_pool *pool, const struct core_session *core, uint8_t *block,
                const uint8_t *hmac);

/**
 * A slot for the session of a genuine packet received at tsc, before core->last_received_tsc is set to that; unless it has one, or
 * the slot whose turn it is belongs to a session that needs it more.
 */
void ahead_take(struct ahead_pool *pool, struct core_session *core, uint64_t tsc);

/**
 * Seals an authenticated reply in place: true when the encrypted block and the HMAC of exactly the sequence number in block
 * (plaintext, MBZ zero) were at hand. False: the suite must do it. Either way it is noted what is to be computed next.
 */
bool ahead_seal(struct ahead_pool *pool, const struct core_session *core, uint64_t tsc,
                uint8_t *block, uint8_t *hmac);

/**
 * A bounded step of what there is to do: at most 16 seals in one burst of the suite, for one session that is found in the table
 * again, since it may have ended meanwhile. False when nothing was to be done.
 */
bool ahead_refill(struct ahead_pool *pool, const struct core_table *table, struct suite *suite);

/**
 * Looks at one slot, all in turn, and wipes it when its session has ended, so that none leaves HMACs behind. ahead_refill does so
 * too now and then when it has nothing to do; this is for a core that never is idle.
 */
void ahead_tidy(struct ahead_pool *pool, const struct core_table *table);

#endif
