/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The PBKDF2 of token_key_derive in slices, for a thread that has other things to do meanwhile. It holds a key in OpenSSL's memory and
 * intermediate values; all is wiped when it ends.
 */
#ifndef SPECULAR_CRYPTO_TOKEN_KEY_RUN_H
#define SPECULAR_CRYPTO_TOKEN_KEY_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/key_derivation.h"

struct token_key_run;

/** The secret is not needed afterwards. count must be at least 1. NULL when memory or OpenSSL fails. */
struct token_key_run *token_key_run_create(const uint8_t *secret, size_t secret_size,
                                           const uint8_t salt[DERIVE_SALT_SIZE], uint32_t count);

/** Does at most so many iterations more; *done tells whether key is there. ERROR_CRYPTO. */
int token_key_run_go_on(struct token_key_run *run, uint32_t iterations, uint8_t key[TOKEN_KEY_SIZE],
                        bool *done);

/** run may be NULL. */
void token_key_run_destroy(struct token_key_run *run);

#endif
