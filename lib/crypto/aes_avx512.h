/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * AES-128-CBC with an IV of zero (of one block: ECB) over the protected octets of many packets at once, in place. Any thread; the
 * CPU must have what TARGET_AVX512 names.
 */
#ifndef SPECULAR_CRYPTO_AES_AVX512_H
#define SPECULAR_CRYPTO_AES_AVX512_H

#include "crypto/avx512.h"

#define AES128_ROUNDS 10u

/** Up to this many packets are worked on in registers of 128 bits, those of a lone packet. */
#define AES_NARROW_LANES 2u

/** Beyond, whole registers of 512 bits. */
#define AES_REGISTER_LANES 4u

/** Each register's round keys, one round after the other; enough for all lanes. */
#define AES_ROUND_KEYS_SIZE ((AES128_ROUNDS + 1) * AVX512_LANES * AES_BLOCK_SIZE)

/**
 * Working memory, all zero at first: a secret, which the owner wipes. What decrypting leaves in it spares encrypting the same lanes
 * their round keys, when their keys are still the same: those are compared, not their addresses.
 */
struct aes_scratch {
	uint8_t round_keys[AES_ROUND_KEYS_SIZE];
	uint8_t inverted[AES_ROUND_KEYS_SIZE];
	unsigned
	        lanes; /**< whose round keys are there; of registers, hence it also tells how they stand */
} __attribute__((aligned(64)));

void aes_avx512_encrypt(const struct lanes *lanes, struct aes_scratch *scratch);
void aes_avx512_decrypt(const struct lanes *lanes, struct aes_scratch *scratch);

#endif
