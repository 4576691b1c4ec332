/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/token_key_cache.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define COUNT    1024u
#define LIFETIME 100u
#define OVERLAP  10u
#define CAPACITY 4u

static struct shared_secret make_secret(unsigned number)
{
	struct shared_secret secret = {0};

	secret.size =
	        (size_t)snprintf((char *)secret.octets, sizeof(secret.octets), "secret %u", number);
	return secret;
}

/** Derives, compares with PBKDF2 itself, tells whether it was cached; or a negative error. */
static int derive(struct token_key_cache *cache, const uint8_t salt[DERIVE_SALT_SIZE],
                  unsigned number)
{
	struct shared_secret secret = make_secret(number);
	uint8_t key[TOKEN_KEY_SIZE], expected[TOKEN_KEY_SIZE];
	int status = token_key_cache_ask(cache, salt, &secret, key);
	bool cached = status == 0;

	if (status == ERROR_UNAVAILABLE) {
		CU_ASSERT_TRUE(token_key_cache_go_on(cache, COUNT));
		status = token_key_cache_ask(cache, salt, &secret, key);
	}
	if (status != 0)
		return status;
	CU_ASSERT_FALSE(token_key_cache_is_busy(cache));
	CU_ASSERT_EQUAL(token_key_derive(secret.octets, secret.size, salt, COUNT, expected), 0);
	CU_ASSERT(memcmp(key, expected, sizeof(key)) == 0);
	return cached;
}

static struct token_key_cache *create(void)
{
	struct token_key_cache *cache = token_key_cache_create(COUNT, LIFETIME, OVERLAP, CAPACITY);

	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	return cache;
}

static void each_secret_is_derived_once(void)
{
	struct token_key_cache *cache = create();
	uint8_t salt[DERIVE_SALT_SIZE];

	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 1000, salt), 0);
	for (unsigned number = 0; number < CAPACITY; number++)
		CU_ASSERT_EQUAL(derive(cache, salt, number), 0);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned number = 0; number < CAPACITY; number++)
			CU_ASSERT_EQUAL(derive(cache, salt, number), 1);
	}
	token_key_cache_destroy(cache);
	token_key_cache_destroy(NULL);
}

static void one_derivation_goes_on_at_a_time(void)
{
	struct token_key_cache *cache = create();
	struct shared_secret first = make_secret(1), second = make_secret(2);
	uint8_t salt[DERIVE_SALT_SIZE], key[TOKEN_KEY_SIZE];

	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 0, salt), 0);
	CU_ASSERT_FALSE(token_key_cache_go_on(cache, COUNT));
	CU_ASSERT_EQUAL(token_key_cache_ask(cache, salt, &first, key), ERROR_UNAVAILABLE);
	CU_ASSERT_TRUE(token_key_cache_is_busy(cache));
	CU_ASSERT_FALSE(token_key_cache_go_on(cache, COUNT / 2));
	CU_ASSERT_EQUAL(token_key_cache_ask(cache, salt, &second, key), ERROR_UNAVAILABLE);
	CU_ASSERT_EQUAL(token_key_cache_ask(cache, salt, &first, key), ERROR_UNAVAILABLE);
	CU_ASSERT_TRUE(token_key_cache_go_on(cache, COUNT / 2));
	CU_ASSERT_FALSE(token_key_cache_is_busy(cache));
	CU_ASSERT_EQUAL(derive(cache, salt, 1), 1);
	CU_ASSERT_EQUAL(derive(cache, salt, 2), 0);
	token_key_cache_destroy(cache);
}

static void a_salt_may_end_while_its_key_is_derived(void)
{
	struct token_key_cache *cache = create();
	struct shared_secret secret = make_secret(1);
	uint8_t first[DERIVE_SALT_SIZE], second[DERIVE_SALT_SIZE], key[TOKEN_KEY_SIZE];

	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 0, first), 0);
	CU_ASSERT_EQUAL(token_key_cache_ask(cache, first, &secret, key), ERROR_UNAVAILABLE);
	CU_ASSERT_EQUAL(token_key_cache_salt(cache, LIFETIME + OVERLAP, second), 0);
	CU_ASSERT_TRUE(token_key_cache_go_on(cache, COUNT));
	CU_ASSERT_EQUAL(derive(cache, first, 1), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(derive(cache, second, 1), 0);
	/* Destroyed in the middle of one. */
	secret = make_secret(2);
	CU_ASSERT_EQUAL(token_key_cache_ask(cache, second, &secret, key), ERROR_UNAVAILABLE);
	token_key_cache_destroy(cache);
}

static void oldest_goes_first(void)
{
	struct token_key_cache *cache = create();
	uint8_t salt[DERIVE_SALT_SIZE];

	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 0, salt), 0);
	for (unsigned number = 0; number <= CAPACITY; number++)
		CU_ASSERT_EQUAL(derive(cache, salt, number), 0);
	for (unsigned number = 1; number <= CAPACITY; number++)
		CU_ASSERT_EQUAL(derive(cache, salt, number), 1);
	CU_ASSERT_EQUAL(derive(cache, salt, 0), 0);
	CU_ASSERT_EQUAL(derive(cache, salt, 1), 0);
	CU_ASSERT_EQUAL(derive(cache, salt, 3), 1);
	token_key_cache_destroy(cache);
}

static void salt_lives_its_lifetime(void)
{
	struct token_key_cache *cache = create();
	uint8_t first[DERIVE_SALT_SIZE], salt[DERIVE_SALT_SIZE];

	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 50, first), 0);
	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 50 + LIFETIME - 1, salt), 0);
	CU_ASSERT(memcmp(first, salt, sizeof(salt)) == 0);
	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 50 + LIFETIME, salt), 0);
	CU_ASSERT(memcmp(first, salt, sizeof(salt)) != 0);
	token_key_cache_destroy(cache);
}

static void old_salt_stays_valid_for_the_overlap(void)
{
	struct token_key_cache *cache = create();
	uint8_t first[DERIVE_SALT_SIZE], second[DERIVE_SALT_SIZE];

	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 0, first), 0);
	CU_ASSERT_EQUAL(derive(cache, first, 1), 0);
	CU_ASSERT_EQUAL(token_key_cache_salt(cache, LIFETIME, second), 0);
	/* A key belongs to its Salt. */
	CU_ASSERT_EQUAL(derive(cache, second, 1), 0);
	CU_ASSERT_EQUAL(derive(cache, first, 1), 1);
	CU_ASSERT_EQUAL(derive(cache, first, 2), 0);
	token_key_cache_expire(cache, LIFETIME + OVERLAP - 1);
	CU_ASSERT_EQUAL(derive(cache, first, 2), 1);
	token_key_cache_expire(cache, LIFETIME + OVERLAP);
	CU_ASSERT_EQUAL(derive(cache, first, 2), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(derive(cache, second, 1), 1);
	token_key_cache_destroy(cache);
}

static void idle_cache_forgets(void)
{
	struct token_key_cache *cache = create();
	uint8_t salt[DERIVE_SALT_SIZE], next[DERIVE_SALT_SIZE];

	token_key_cache_expire(cache, 5);
	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 10, salt), 0);
	CU_ASSERT_EQUAL(derive(cache, salt, 1), 0);
	token_key_cache_expire(cache, 10 + LIFETIME + OVERLAP);
	CU_ASSERT_EQUAL(derive(cache, salt, 1), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 10 + LIFETIME + OVERLAP, next), 0);
	CU_ASSERT(memcmp(salt, next, sizeof(salt)) != 0);
	CU_ASSERT_EQUAL(derive(cache, next, 1), 0);
	token_key_cache_destroy(cache);
}

static void foreign_salt_is_not_derived(void)
{
	static const uint8_t zero[DERIVE_SALT_SIZE];
	struct token_key_cache *cache = create();

	/* An unused generation has a zero Salt, which must not count. */
	CU_ASSERT_EQUAL(derive(cache, zero, 1), ERROR_NOT_FOUND);
	token_key_cache_destroy(cache);
	CU_ASSERT_PTR_NULL(token_key_cache_create(COUNT, LIFETIME, OVERLAP, 0));
}

static void life_is_never_shorter_than_the_overlap(void)
{
	struct token_key_cache *cache = token_key_cache_create(COUNT, 1, OVERLAP, CAPACITY);
	uint8_t first[DERIVE_SALT_SIZE], salt[DERIVE_SALT_SIZE];

	CU_ASSERT_PTR_NOT_NULL_FATAL(cache);
	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 0, first), 0);
	for (unsigned now = 0; now < 2 * OVERLAP; now++) {
		CU_ASSERT_EQUAL(token_key_cache_salt(cache, now, salt), 0);
		CU_ASSERT(derive(cache, first, 1) >= 0);
	}
	token_key_cache_destroy(cache);
}

static void forgotten_secret_is_derived_again(void)
{
	struct token_key_cache *cache = create();
	struct shared_secret secret = make_secret(1), stranger = make_secret(9);
	uint8_t first[DERIVE_SALT_SIZE], second[DERIVE_SALT_SIZE];

	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 0, first), 0);
	for (unsigned number = 0; number < CAPACITY; number++)
		CU_ASSERT_EQUAL(derive(cache, first, number), 0);
	CU_ASSERT_EQUAL(token_key_cache_salt(cache, LIFETIME, second), 0);
	CU_ASSERT_EQUAL(derive(cache, second, 1), 0);
	CU_ASSERT_EQUAL(derive(cache, second, 2), 0);
	token_key_cache_forget(cache, &stranger);
	CU_ASSERT_EQUAL(derive(cache, first, 1), 1);
	CU_ASSERT_EQUAL(derive(cache, second, 1), 1);
	token_key_cache_forget(cache, &secret);
	for (unsigned number = 2; number < CAPACITY; number++)
		CU_ASSERT_EQUAL(derive(cache, first, number), 1);
	CU_ASSERT_EQUAL(derive(cache, second, 2), 1);
	CU_ASSERT_EQUAL(derive(cache, second, 1), 0);
	CU_ASSERT_EQUAL(derive(cache, second, 1), 1);
	/* The oldest still goes first. */
	CU_ASSERT_EQUAL(derive(cache, first, 1), 0);
	CU_ASSERT_EQUAL(derive(cache, first, 2), 1);
	CU_ASSERT_EQUAL(derive(cache, first, 0), 0);
	token_key_cache_destroy(cache);
}

static void derivation_of_a_forgotten_secret_ends(void)
{
	struct token_key_cache *cache = create();
	struct shared_secret first = make_secret(1), second = make_secret(2);
	uint8_t salt[DERIVE_SALT_SIZE], key[TOKEN_KEY_SIZE];

	CU_ASSERT_EQUAL(token_key_cache_salt(cache, 0, salt), 0);
	CU_ASSERT_EQUAL(token_key_cache_ask(cache, salt, &first, key), ERROR_UNAVAILABLE);
	CU_ASSERT_FALSE(token_key_cache_go_on(cache, COUNT / 2));
	/* That of another one goes on. */
	token_key_cache_forget(cache, &second);
	CU_ASSERT_TRUE(token_key_cache_is_busy(cache));
	token_key_cache_forget(cache, &first);
	CU_ASSERT_FALSE(token_key_cache_is_busy(cache));
	CU_ASSERT_FALSE(token_key_cache_go_on(cache, COUNT));
	CU_ASSERT_EQUAL(derive(cache, salt, 2), 0);
	CU_ASSERT_EQUAL(derive(cache, salt, 1), 0);
	token_key_cache_destroy(cache);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"each secret is derived once", each_secret_is_derived_once},
	        {"one derivation goes on at a time", one_derivation_goes_on_at_a_time},
	        {"a Salt may end while its key is derived",
	         a_salt_may_end_while_its_key_is_derived},
	        {"oldest goes first", oldest_goes_first},
	        {"salt lives its lifetime", salt_lives_its_lifetime},
	        {"old salt stays valid for the overlap", old_salt_stays_valid_for_the_overlap},
	        {"idle cache forgets", idle_cache_forgets},
	        {"foreign salt is not derived", foreign_salt_is_not_derived},
	        {"life is never shorter than the overlap", life_is_never_shorter_than_the_overlap},
	        {"forgotten secret is derived again", forgotten_secret_is_derived_again},
	        {"derivation of a forgotten secret ends", derivation_of_a_forgotten_secret_ends},
	        CU_TEST_INFO_NULL};
	return unit_run("key-token-key-cache", tests);
}
