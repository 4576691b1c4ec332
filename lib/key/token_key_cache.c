/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/token_key_cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/token_key_run.h"

#define GENERATIONS      2u  /**< the Salt of now and the one before */
#define FINGERPRINT_SIZE 32u /**< of HMAC-SHA2-256 */

/** A derivation that was made. The secret itself isn't kept: its HMAC under a key of this cache stands for it. */
struct derivation {
	uint8_t fingerprint[FINGERPRINT_SIZE];
	uint8_t key[TOKEN_KEY_SIZE];
};

/** A Salt and what was derived under it. */
struct generation {
	bool used;
	uint32_t iterations;
	uint64_t given_until_s; /**< it goes into greetings until then */
	uint64_t kept_until_s;
	uint8_t salt[DERIVE_SALT_SIZE];
	unsigned count; /**< derivations that are there */
	unsigned next;  /**< where the next one goes: over the oldest, once full */
};

struct token_key_cache {
	uint32_t iterations;
	uint32_t lifetime_s;
	uint32_t overlap_s;
	unsigned capacity;
	uint8_t fingerprint_key[FINGERPRINT_SIZE];
	struct token_key_run *run; /**< the derivation that goes on; NULL: none */
	uint8_t run_salt[DERIVE_SALT_SIZE];
	uint8_t run_fingerprint[FINGERPRINT_SIZE];
	unsigned current; /**< generation of now */
	struct generation generations[GENERATIONS];
	struct derivation derivations[]; /**< capacity for each generation */
};

static size_t cache_size(unsigned capacity)
{
	return sizeof(struct token_key_cache) +
	       (size_t)GENERATIONS * capacity * sizeof(struct derivation);
}

/** The first of the capacity derivations that a generation has room for. */
static struct derivation *derivations_of(struct token_key_cache *cache,
                                         const struct generation *generation)
{
	return &cache->derivations[(size_t)(generation - cache->generations) * cache->capacity];
}

static void forget_derivations(struct token_key_cache *cache, struct generation *generation)
{
	secret_wipe(derivations_of(cache, generation), cache->capacity * sizeof(struct derivation));
	generation->count = 0;
	generation->next = 0;
}

static void forget_generation(struct token_key_cache *cache, struct generation *generation)
{
	forget_derivations(cache, generation);
	secret_wipe(generation->salt, sizeof(generation->salt));
	generation->used = false;
}

struct token_key_cache *token_key_cache_create(uint32_t count, uint32_t salt_lifetime_s,
                                               uint32_t overlap_s, unsigned capacity)
{
	struct token_key_cache *cache;

	if (capacity == 0)
		return NULL;
	cache = calloc(1, cache_size(capacity));
	if (cache == NULL)
		return NULL;
	cache->capacity = capacity;
	token_key_cache_configure(cache, count, salt_lifetime_s, overlap_s, 0);
	if (random_octets(cache->fingerprint_key, sizeof(cache->fingerprint_key)) != 0) {
		token_key_cache_destroy(cache);
		return NULL;
	}
	return cache;
}

void token_key_cache_destroy(struct token_key_cache *cache)
{
	if (cache == NULL)
		return;
	token_key_run_destroy(cache->run);
	secret_wipe(cache, cache_size(cache->capacity));
	free(cache);
}

void token_key_cache_configure(struct token_key_cache *cache, uint32_t count,
                               uint32_t salt_lifetime_s, uint32_t overlap_s, uint64_t now_s)
{
	struct generation *current = &cache->generations[cache->current];
	/* With a life shorter than the overlap a third Salt could be valid. */
	uint32_t lifetime_s = salt_lifetime_s > overlap_s ? salt_lifetime_s : overlap_s;

	if (cache->iterations == count && cache->lifetime_s == lifetime_s &&
	    cache->overlap_s == overlap_s)
		return;
	if (current->used && current->given_until_s > now_s) {
		current->given_until_s = now_s;
		current->kept_until_s = now_s + cache->overlap_s;
	}
	cache->iterations = count;
	cache->lifetime_s = lifetime_s;
	cache->overlap_s = overlap_s;
}

void token_key_cache_expire(struct token_key_cache *cache, uint64_t now_s)
{
	for (unsigned i = 0; i < GENERATIONS; i++) {
		struct generation *generation = &cache->generations[i];
		if (generation->used && now_s >= generation->kept_until_s)
			forget_generation(cache, generation);
	}
}

int token_key_cache_salt(struct token_key_cache *cache, uint64_t now_s,
                         uint8_t salt[DERIVE_SALT_SIZE])
{
	struct generation *generation = &cache->generations[cache->current];

	token_key_cache_expire(cache, now_s);
	if (!generation->used || now_s >= generation->given_until_s) {
		unsigned next = (cache->current + 1) % GENERATIONS;
		generation = &cache->generations[next];
		forget_generation(cache, generation);
		int status = random_octets(generation->salt, sizeof(generation->salt));
		if (status != 0)
			return status;
		generation->used = true;
		generation->iterations = cache->iterations;
		generation->given_until_s = now_s + cache->lifetime_s;
		generation->kept_until_s = generation->given_until_s + cache->overlap_s;
		cache->current = next;
	}
	memcpy(salt, generation->salt, DERIVE_SALT_SIZE);
	return 0;
}

static struct generation *find_generation(struct token_key_cache *cache,
                                          const uint8_t salt[DERIVE_SALT_SIZE])
{
	for (unsigned i = 0; i < GENERATIONS; i++) {
		struct generation *generation = &cache->generations[i];
		if (generation->used && secret_equal(generation->salt, salt, DERIVE_SALT_SIZE))
			return generation;
	}
	return NULL;
}

static int make_fingerprint(const struct token_key_cache *cache, const struct shared_secret *secret,
                            uint8_t fingerprint[FINGERPRINT_SIZE])
{
	return ike_prf_compute(IKE_PRF_HMAC_SHA2_256, cache->fingerprint_key,
	                       sizeof(cache->fingerprint_key), secret->octets, secret->size,
	                       fingerprint);
}

/**
 * Where an IKE daemon is lost, each of its SAs is looked for. The comparison need not take constant time: nobody outside knows or chooses
 * fingerprints.
 */
static struct derivation *find_derivation(struct token_key_cache *cache,
                                          const struct generation *generation,
                                          const uint8_t fingerprint[FINGERPRINT_SIZE])
{
	struct derivation *derivations = derivations_of(cache, generation);

	for (unsigned i = 0; i < generation->count; i++) {
		if (memcmp(derivations[i].fingerprint, fingerprint, FINGERPRINT_SIZE) == 0)
			return &derivations[i];
	}
	return NULL;
}

static void remember(struct token_key_cache *cache, struct generation *generation,
                     const struct derivation *derivation)
{
	derivations_of(cache, generation)[generation->next] = *derivation;
	generation->next = (generation->next + 1) % cache->capacity;
	if (generation->count < cache->capacity)
		generation->count++;
}

static int begin(struct token_key_cache *cache, const struct generation *generation,
                 const struct shared_secret *secret, const uint8_t fingerprint[FINGERPRINT_SIZE])
{
	cache->run = token_key_run_create(secret->octets, secret->size, generation->salt,
	                                  generation->iterations);
	if (cache->run == NULL)
		return ERROR_CRYPTO;
	memcpy(cache->run_salt, generation->salt, sizeof(cache->run_salt));
	memcpy(cache->run_fingerprint, fingerprint, FINGERPRINT_SIZE);
	return ERROR_UNAVAILABLE;
}

int token_key_cache_ask(struct token_key_cache *cache, const uint8_t salt[DERIVE_SALT_SIZE],
                        const struct shared_secret *secret, uint8_t key[TOKEN_KEY_SIZE])
{
	const struct generation *generation = find_generation(cache, salt);
	uint8_t fingerprint[FINGERPRINT_SIZE];

	if (generation == NULL)
		return ERROR_NOT_FOUND;
	int status = make_fingerprint(cache, secret, fingerprint);
	if (status != 0)
		return status;
	const struct derivation *known = find_derivation(cache, generation, fingerprint);
	if (known != NULL) {
		memcpy(key, known->key, TOKEN_KEY_SIZE);
		return 0;
	}
	return cache->run != NULL ? ERROR_UNAVAILABLE
	                          : begin(cache, generation, secret, fingerprint);
}

static void end_run(struct token_key_cache *cache)
{
	token_key_run_destroy(cache->run);
	cache->run = NULL;
}

bool token_key_cache_go_on(struct token_key_cache *cache, uint32_t iterations)
{
	struct derivation made;
	bool done = false;

	if (cache->run == NULL)
		return false;
	int status = token_key_run_go_on(cache->run, iterations, made.key, &done);
	if (status == 0 && !done)
		return false;
	struct generation *generation = find_generation(cache, cache->run_salt);
	if (status == 0 && generation != NULL) {
		memcpy(made.fingerprint, cache->run_fingerprint, FINGERPRINT_SIZE);
		remember(cache, generation, &made);
	}
	secret_wipe(&made, sizeof(made));
	end_run(cache);
	return true;
}

void token_key_cache_forget_all(struct token_key_cache *cache)
{
	if (cache->run != NULL)
		end_run(cache);
	for (unsigned i = 0; i < GENERATIONS; i++)
		forget_derivations(cache, &cache->generations[i]);
}

void token_key_cache_forget(struct token_key_cache *cache, const struct shared_secret *secret)
{
	uint8_t fingerprint[FINGERPRINT_SIZE];
	/* What can't be told apart goes altogether. */
	bool all = make_fingerprint(cache, secret, fingerprint) != 0;

	if (cache->run != NULL &&
	    (all || secret_equal(cache->run_fingerprint, fingerprint, FINGERPRINT_SIZE)))
		end_run(cache);
	for (unsigned i = 0; i < GENERATIONS; i++) {
		struct generation *generation = &cache->generations[i];
		struct derivation *known =
		        all ? NULL : find_derivation(cache, generation, fingerprint);
		if (all)
			forget_derivations(cache, generation);
		else if (known != NULL)
			/* Its place stays, and is taken again when its turn comes. */
			secret_wipe(known, sizeof(*known));
	}
}

bool token_key_cache_is_busy(const struct token_key_cache *cache)
{
	return cache->run != NULL;
}
