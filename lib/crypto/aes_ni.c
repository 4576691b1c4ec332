/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/aes_ni.h"

#include <stdbool.h>
#include <wmmintrin.h>

#define TARGET_AES __attribute__((target("aes,sse2")))

#define ROUNDS 10u

/** Blocks side by side, enough to hide an instruction's latency. */
#define LANES 8u

static inline __attribute__((always_inline)) TARGET_AES __m128i
round_key(const struct aes_ni_block *block, unsigned round)
{
	return _mm_loadu_si128((const void *)(block->schedule + round * sizeof(__m128i)));
}

/** lanes and encrypt are constants, so that the loops unroll. */
static inline __attribute__((always_inline)) TARGET_AES void run(const struct aes_ni_block *blocks,
                                                                 unsigned lanes, bool encrypt)
{
	__m128i x[LANES];

	for (unsigned i = 0; i < lanes; i++)
		x[i] = _mm_xor_si128(_mm_loadu_si128((const void *)blocks[i].data),
		                     round_key(&blocks[i], 0));
	for (unsigned round = 1; round < ROUNDS; round++)
		for (unsigned i = 0; i < lanes; i++)
			x[i] = encrypt ? _mm_aesenc_si128(x[i], round_key(&blocks[i], round))
			               : _mm_aesdec_si128(x[i], round_key(&blocks[i], round));
	for (unsigned i = 0; i < lanes; i++) {
		x[i] = encrypt ? _mm_aesenclast_si128(x[i], round_key(&blocks[i], ROUNDS))
		               : _mm_aesdeclast_si128(x[i], round_key(&blocks[i], ROUNDS));
		_mm_storeu_si128((void *)blocks[i].data, x[i]);
	}
}

static inline __attribute__((always_inline)) TARGET_AES void
run_all(const struct aes_ni_block *blocks, unsigned count, bool encrypt)
{
	for (; count >= LANES; count -= LANES, blocks += LANES)
		run(blocks, LANES, encrypt);
	for (; count > 0; count--, blocks++)
		run(blocks, 1, encrypt);
}

TARGET_AES void aes_ni_encrypt(const struct aes_ni_block *blocks, unsigned count)
{
	run_all(blocks, count, true);
}

TARGET_AES void aes_ni_decrypt(const struct aes_ni_block *blocks, unsigned count)
{
	run_all(blocks, count, false);
}
