/* SPDX-License-Identifier: BSD-3-Clause */
/** AES-128 over whole blocks in one call, through OpenSSL: for keys, tokens and PRFs on the slow path. Any thread. */
#ifndef SPECULAR_CRYPTO_AES128_H
#define SPECULAR_CRYPTO_AES128_H

#include <stddef.h>
#include <stdint.h>

#define AES128_BLOCK_SIZE 16u
#define AES128_KEY_SIZE   16u

/**
 * AES-128-CBC with an IV of zero; of a single block that is AES-128-ECB. size: a multiple of 16. in and out may be the same.
 * 0 or ERROR_CRYPTO; out is undefined then.
 */
int aes128_cbc_encrypt(const uint8_t key[AES128_KEY_SIZE], const uint8_t *in, size_t size,
                       uint8_t *out);
int aes128_cbc_decrypt(const uint8_t key[AES128_KEY_SIZE], const uint8_t *in, size_t size,
                       uint8_t *out);

#endif
