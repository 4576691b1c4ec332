/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A pool of what is computed ahead of time, and sessions that are its owners: their packets, handled as the datapath handles them,
 * and checked against what OpenSSL makes of them. One at a time: set_up() to tear_down().
 */
#ifndef SPECULAR_TEST_AHEAD_FIXTURE_H
#define SPECULAR_TEST_AHEAD_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/suite_internal.h"
#include "reflect/ahead.h"
#include "unit.h"

#define SLOTS    4u
#define SESSIONS 6u
#define BLOCK    16u
#define HMAC     16u
/** Of a 2 GHz TSC. */
#define SECOND UINT64_C(2000000000)

struct sealed {
	uint8_t block[BLOCK];
	uint8_t hmac[HMAC];
};

static struct suite *suite, *openssl;
static struct core_table *table;
static struct ahead_pool *pool;
static unsigned slot_count;
static struct core_session sessions[SESSIONS];
static void *keys[SESSIONS], *openssl_keys[SESSIONS];

static inline void raw_keys(struct session_keys *raw, unsigned number)
{
	memset(raw->aes, (int)number + 1, sizeof(raw->aes));
	memset(raw->hmac, (int)number + 101, sizeof(raw->hmac));
}

/** A session without history in sessions[at], found by its flow. */
static inline void publish(unsigned at, unsigned number)
{
	struct session_keys raw;
	struct core_session *core = &sessions[at];

	raw_keys(&raw, number);
	CU_ASSERT_EQUAL_FATAL(suite_keys_expand(suite, &raw, keys[at]), 0);
	CU_ASSERT_EQUAL_FATAL(suite_keys_expand(openssl, &raw, openssl_keys[at]), 0);
	memset(core, 0, sizeof(*core));
	core->flow.source_port = (uint16_t)at;
	core->mode = TEST_AUTHENTICATED;
	core->keys = keys[at];
	CU_ASSERT_EQUAL_FATAL(core_table_insert(table, core), 0);
}

/** Its keys and memory are gone at once: no core polls here. */
static inline void withdraw(unsigned at)
{
	CU_ASSERT_EQUAL_FATAL(core_table_remove(table, &sessions[at]), 0);
	suite_keys_wipe(suite, keys[at]);
	suite_keys_wipe(openssl, openssl_keys[at]);
	memset(&sessions[at], 0xee, sizeof(sessions[at]));
}

static inline void set_up(unsigned slots)
{
	const struct core_table_area areas[CORE_TABLE_AREAS] = {
	        {.first = sessions, .stride = sizeof(sessions[0]), .count = SESSIONS}};
	struct error error;

	CU_ASSERT_EQUAL_FATAL(suite_create(SUITE_IPSEC_MB, &suite, &error), 0);
	CU_ASSERT_EQUAL_FATAL(suite_create(SUITE_OPENSSL, &openssl, &error), 0);
	table = core_table_create(SESSIONS, 1, areas);
	slot_count = slots;
	pool = ahead_pool_init(aligned_alloc(AHEAD_POOL_ALIGN, ahead_pool_size(slots)), slots);
	for (unsigned i = 0; i < SESSIONS; i++) {
		keys[i] = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(suite));
		openssl_keys[i] = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(openssl));
		publish(i, i);
	}
}

static inline void tear_down(void)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		withdraw(i);
		free(keys[i]);
		free(openssl_keys[i]);
	}
	ahead_pool_wipe(pool);
	free(pool);
	core_table_destroy(table);
	suite_destroy(suite);
	suite_destroy(openssl);
}

/** What OpenSSL makes of {number, MBZ}. */
static inline struct sealed seal(unsigned at, uint32_t number)
{
	struct sealed sealed = {{0}, {0}};
	struct suite_job job = {.keys = openssl_keys[at],
	                        .data = sealed.block,
	                        .hmac = sealed.hmac,
	                        .protected_size = BLOCK};

	store_be32(sealed.block, number);
	suite_seal_burst(openssl, &job, 1);
	return sealed;
}

/** Opens request `number` ahead of time; then block must be the plaintext, else untouched. */
static inline bool open_ahead(unsigned at, uint32_t number)
{
	struct sealed request = seal(at, number);
	struct sealed before = request;
	uint8_t plain[BLOCK] = {0};
	bool opened = ahead_open(pool, &sessions[at], request.block, request.hmac);

	store_be32(plain, number);
	CU_ASSERT(memcmp(request.block, opened ? plain : before.block, BLOCK) == 0);
	return opened;
}

/** Seals the session's next reply ahead of time; it must be OpenSSL's, or untouched. */
static inline bool seal_ahead(unsigned at, uint64_t tsc)
{
	struct core_session *core = &sessions[at];
	uint32_t number = (uint32_t)core->reflected++;
	struct sealed expected = seal(at, number), reply = {{0}, {0}}, plain = {{0}, {0}};

	store_be32(plain.block, number);
	reply = plain;
	bool sealed = ahead_seal(pool, core, tsc, reply.block, reply.hmac);
	CU_ASSERT(memcmp(&reply, sealed ? &expected : &plain, sizeof(reply)) == 0);
	return sealed;
}

/** A genuine packet as the datapath handles it; true when both halves were there. */
static inline bool packet(unsigned at, uint32_t number, uint64_t tsc)
{
	struct core_session *core = &sessions[at];
	bool opened = open_ahead(at, number);

	core->expected_sequence = number + 1;
	ahead_take(pool, core, tsc);
	core->last_received_tsc = tsc;
	return seal_ahead(at, tsc) && opened;
}

static inline void refill_all(void)
{
	unsigned steps = 0;

	while (ahead_refill(pool, table, suite))
		steps++;
	CU_ASSERT(steps < 100);
}

static inline bool pool_holds(const struct sealed *sealed)
{
	return memmem(pool, ahead_pool_size(slot_count), sealed->hmac, HMAC) != NULL;
}

#endif
