/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * HMAC-SHA1, cut to 16 octets, of a few packets with the CPU's SHA extensions: the shortest way for a burst that would leave
 * lanes empty. Any thread; the CPU must have what TARGET_AVX512 names.
 */
#ifndef SPECULAR_CRYPTO_SHA1_NI_H
#define SPECULAR_CRYPTO_SHA1_NI_H

#include "crypto/avx512.h"

#define SHA1_NI_LANES 3u

/** SHA-1's state after one block from its start: FIPS 180-4 section 5.3.1; first holds a to d, last is e. */
void sha1_ni_first_block(const uint8_t block[HMAC_SHA1_BLOCK_SIZE], uint32_t first[4],
                         uint32_t *last);

/** As the functions of sha1_avx512.h, for lanes->count <= SHA1_NI_LANES. */
void hmac_sha1_ni_write(const struct lanes *lanes);
uint32_t hmac_sha1_ni_verify(const struct lanes *lanes);

#endif
