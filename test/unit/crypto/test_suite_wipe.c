/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked with --wrap=free, to see what a suite leaves behind: round keys, HMACs, packets in the library's lanes; and what the
 * derivation of a token's key does.
 */
#include <malloc.h>

#include "crypto/token_key_run.h"
#include "suite_fixture.h"

/** A suite's own memory, and the library's, is larger; the first so many octets of a block stand for all. */
#define LOOKED_AT 512u

void __real_free(void *memory); /* NOLINT(bugprone-reserved-identifier) */
void __wrap_free(void *memory); /* NOLINT(bugprone-reserved-identifier) */

static bool watching;
static size_t least = LOOKED_AT + 1; /**< octets of a block that is looked at */
static unsigned blocks_freed, octets_left;
static const uint8_t *secret;
static size_t secret_size;

void __wrap_free(void *memory)
{
	size_t size = memory != NULL && watching ? malloc_usable_size(memory) : 0;

	if (size >= least) {
		blocks_freed++;
		for (size_t i = 0; i < LOOKED_AT && i < size; i++)
			octets_left += ((const uint8_t *)memory)[i] != 0;
		octets_left += memmem(memory, size, secret, secret_size) != NULL;
	}
	__real_free(memory);
}

static void work(struct suite *suite, const uint8_t *keys, uint8_t (*packets)[PACKET_BUFFER],
                 unsigned count)
{
	struct suite_job jobs[SUITE_BURST_MAX];

	for (unsigned i = 0; i < count; i++)
		jobs[i] = (struct suite_job){.keys = keys,
		                             .data = packets[i],
		                             .hmac = packets[i] + PROTECTED_MAX,
		                             .protected_size = PROTECTED_MAX,
		                             .cipher = SUITE_AES_CBC};
	suite_seal_burst(suite, jobs, count);
}

static void wiped_by(enum suite_kind kind, unsigned count)
{
	static uint8_t packets[SUITE_BURST_MAX][PACKET_BUFFER];
	struct suite *suite = suite_make(kind);
	struct session_keys raw;
	uint64_t random = 3174;

	pseudo_random_fill(&random, &raw, sizeof(raw));
	pseudo_random_fill(&random, packets, sizeof(packets));
	uint8_t *keys = keys_make(suite, &raw, 1);
	work(suite, keys, packets, count);
	keys_free(suite, keys, 1);
	blocks_freed = octets_left = 0;
	/* The round key that comes first; and what the last packet's HMAC was. */
	const uint8_t *const secrets[] = {raw.aes, packets[count - 1] + PROTECTED_MAX};
	secret = secrets[kind == SUITE_IPSEC_MB];
	secret_size = sizeof(raw.aes);
	watching = true;
	suite_destroy(suite);
	watching = false;
	CU_ASSERT(blocks_freed > 0);
	CU_ASSERT_EQUAL(octets_left, 0);
}

static void an_ended_suite_leaves_nothing(void)
{
	enum suite_kind kinds[SUITE_KINDS];
	unsigned kind_count = suite_kinds(kinds);

	for (unsigned i = 0; i < kind_count; i++) {
		if (kinds[i] == SUITE_OPENSSL) /* wipes by itself what is of packets */
			continue;
		wiped_by(kinds[i], 1);
		wiped_by(kinds[i], SUITE_BURST_MAX);
	}
}

/** Halfway and at its end it holds what the key is made of. */
static void an_ended_derivation_leaves_nothing(void)
{
	static const uint8_t salt[DERIVE_SALT_SIZE] = {1, 2, 3}, passphrase[] = "secret";
	uint8_t key[TOKEN_KEY_SIZE];
	bool done;

	secret = passphrase;
	secret_size = sizeof(passphrase) - 1;
	for (uint32_t iterations = 0; iterations <= 8; iterations += 4) {
		struct token_key_run *run =
		        token_key_run_create(passphrase, sizeof(passphrase) - 1, salt, 8);

		CU_ASSERT_PTR_NOT_NULL_FATAL(run);
		CU_ASSERT_EQUAL(token_key_run_go_on(run, iterations, key, &done), 0);
		CU_ASSERT_EQUAL(done, iterations == 8);
		blocks_freed = octets_left = 0;
		least = 1;
		watching = true;
		token_key_run_destroy(run);
		watching = false;
		least = LOOKED_AT + 1;
		CU_ASSERT_EQUAL(blocks_freed, 1);
		CU_ASSERT_EQUAL(octets_left, 0);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"an ended suite leaves nothing", an_ended_suite_leaves_nothing},
	        {"an ended derivation leaves nothing", an_ended_derivation_leaves_nothing},
	        CU_TEST_INFO_NULL};
	return unit_run("crypto-suite-wipe", tests);
}
