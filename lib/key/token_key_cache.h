/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The server's Salt and the token keys derived under it, so that a flood of set-ups can't burn the core with PBKDF2.
 *
 * A Salt (RFC 4656 section 3.1) is random and lives salt_lifetime seconds; the previous one stays valid for the set-up deadline,
 * since greetings with it are still out. While a Salt lives, each secret is derived at most once under it. PBKDF2 runs in slices, one
 * secret after the other, so that the event loop turns meanwhile. Slow path only.
 */
#ifndef SPECULAR_KEY_TOKEN_KEY_CACHE_H
#define SPECULAR_KEY_TOKEN_KEY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "crypto/key_derivation.h"
#include "key/key_provider.h"

struct token_key_cache;

/** count: PBKDF2 iterations. capacity: derivations kept per Salt, the oldest goes first. NULL when memory or entropy fails. */
struct token_key_cache *token_key_cache_create(uint32_t count, uint32_t salt_lifetime_s,
                                               uint32_t overlap_s, unsigned capacity);

/**
 * Other settings, from the next Salt on, which is made for the next greeting. The Salt of now serves set-ups that began with it for the
 * old overlap more, with the old count; one that was before it does not.
 */
void token_key_cache_configure(struct token_key_cache *cache, uint32_t count,
                               uint32_t salt_lifetime_s, uint32_t overlap_s, uint64_t now_s);

/** Wipes every key. */
void token_key_cache_destroy(struct token_key_cache *cache);

/** The Salt for a greeting sent now (monotonic seconds). A new one is made when the old one's life is over; its keys are wiped
 * overlap_s later. ERROR_CRYPTO without entropy. */
int token_key_cache_salt(struct token_key_cache *cache, uint64_t now_s,
                         uint8_t salt[DERIVE_SALT_SIZE]);

/**
 * The token key of a secret under a Salt that this cache gave out. ERROR_UNAVAILABLE: it has to be derived first; ask again when
 * token_key_cache_go_on has returned true. The derivation has begun unless that of another one is going on. ERROR_NOT_FOUND: the
 * Salt is not from here or past its life and overlap. ERROR_CRYPTO.
 */
int token_key_cache_ask(struct token_key_cache *cache, const uint8_t salt[DERIVE_SALT_SIZE],
                        const struct shared_secret *secret, uint8_t key[TOKEN_KEY_SIZE]);

/** Does a slice of the derivation that has begun, if any; true when it has ended, well or not. */
bool token_key_cache_go_on(struct token_key_cache *cache, uint32_t iterations);

/** True while a derivation goes on. */
bool token_key_cache_is_busy(const struct token_key_cache *cache);

/**
 * The secret is not good for new connections any more: wipes what was derived from it under every Salt, and ends its derivation, if that
 * is what goes on. Whoever waits for a derivation, of this secret or another, asks again.
 */
void token_key_cache_forget(struct token_key_cache *cache, const struct shared_secret *secret);

/** The same for every secret. */
void token_key_cache_forget_all(struct token_key_cache *cache);

/** Called now and then: wipes keys of Salts past their life. */
void token_key_cache_expire(struct token_key_cache *cache, uint64_t now_s);

#endif
