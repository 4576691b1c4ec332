/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SHA1RNDS4 does four rounds of one packet. The message schedule is computed with ordinary vector instructions: SHA1MSG2 alone
 * would take as long as the rounds, and in their way.
 *
 * SHA1RNDS4 wants a, b, c and d, and four words of the message, from the highest word of a register downwards, and e, added to the
 * message's first word, in the highest.
 */
#include "crypto/sha1_ni.h"

#include <immintrin.h>
#include <stddef.h>

struct state {
	__m128i abcd, e;
};

/** Sixteen octets of a message as four words; and a digest's four words as octets. */
INLINE_AVX512 __m128i swap(__m128i octets)
{
	return _mm_shuffle_epi8(octets, _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f));
}

INLINE_AVX512 __m128i words(uint32_t first, uint32_t last)
{
	return _mm_set_epi32((int)first, 0, 0, (int)last);
}

INLINE_AVX512 __m128i parity(__m128i x, __m128i y, __m128i z)
{
	return _mm_ternarylogic_epi32(x, y, z, TERNARY_PARITY);
}

/**
 * The words W(4 * t) to W(4 * t + 3), 4 <= t < 8: W(i) = ROTL1(W(i-3) ^ W(i-8) ^ W(i-14) ^ W(i-16)). The last of them needs the
 * first, which is not there yet: its part is xored in behind.
 */
INLINE_AVX512 __m128i schedule_near(const __m128i *w, unsigned t)
{
	__m128i sum = parity(w[t - 4], _mm_alignr_epi8(w[t - 4], w[t - 3], 8), w[t - 2]);

	sum = _mm_xor_si128(sum, _mm_bslli_si128(w[t - 1], 4));
	return _mm_xor_si128(_mm_rol_epi32(sum, 1), _mm_rol_epi32(_mm_bsrli_si128(sum, 12), 2));
}

/** The same for t >= 8: putting the formula into itself gives W(i) = ROTL2(W(i-6) ^ W(i-16) ^ W(i-28) ^ W(i-32)). */
INLINE_AVX512 __m128i schedule_far(const __m128i *w, unsigned t)
{
	__m128i sum = parity(w[t - 4], w[t - 7], w[t - 8]);

	return _mm_rol_epi32(_mm_xor_si128(sum, _mm_alignr_epi8(w[t - 2], w[t - 1], 8)), 2);
}

/** Rounds 4 * t to 4 * t + 3. e was a four rounds ago, only not rotated: SHA1NEXTE does that and adds the words. */
#define FOUR_ROUNDS(t)                                                                             \
	do {                                                                                       \
		if ((t) >= 4)                                                                      \
			w[t] = (t) < 8 ? schedule_near(w, (t)) : schedule_far(w, (t));             \
		__m128i sum = (t) == 0 ? _mm_add_epi32(e, w[0]) : _mm_sha1nexte_epu32(e, w[t]);    \
		e = abcd;                                                                          \
		abcd = _mm_sha1rnds4_epu32(abcd, sum, (t) / 5);                                    \
	} while (0)
#define TWENTY_ROUNDS(t)                                                                           \
	do {                                                                                       \
		FOUR_ROUNDS(t);                                                                    \
		FOUR_ROUNDS((t) + 1);                                                              \
		FOUR_ROUNDS((t) + 2);                                                              \
		FOUR_ROUNDS((t) + 3);                                                              \
		FOUR_ROUNDS((t) + 4);                                                              \
	} while (0)

/** One block. w has room for all of the schedule, four words each; the first sixteen words are the message's. */
INLINE_AVX512 struct state compress(struct state state, __m128i w[20])
{
	__m128i abcd = state.abcd, e = state.e;

	TWENTY_ROUNDS(0);
	TWENTY_ROUNDS(5);
	TWENTY_ROUNDS(10);
	TWENTY_ROUNDS(15);
	return (struct state){.abcd = _mm_add_epi32(state.abcd, abcd),
	                      .e = _mm_sha1nexte_epu32(e, state.e)};
}

INLINE_AVX512 struct state state_load(const uint32_t first[4], uint32_t last)
{
	return (struct state){.abcd = _mm_shuffle_epi32(_mm_loadu_si128((const void *)first), 0x1b),
	                      .e = words(last, 0)};
}

TARGET_AVX512 void sha1_ni_first_block(const uint8_t block[HMAC_SHA1_BLOCK_SIZE], uint32_t first[4],
                                       uint32_t *last)
{
	static const uint32_t start[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	__m128i w[20];

	for (unsigned i = 0; i < 4; i++)
		w[i] = swap(_mm_loadu_si128((const void *)(block + i * sizeof(w[0]))));
	struct state state = compress(state_load(start, 0xc3d2e1f0), w);
	_mm_storeu_si128((void *)first, _mm_shuffle_epi32(state.abcd, 0x1b));
	*last = (uint32_t)_mm_extract_epi32(state.e, 3);
}

/** The inner hash. Message and padding are put together in blocks of AES, of which SHA-1's have four. */
INLINE_AVX512 struct state hash(struct state state, const uint8_t *data, unsigned blocks)
{
	uint32_t bits = 8 * (HMAC_SHA1_BLOCK_SIZE + blocks * AES_BLOCK_SIZE);

	for (unsigned first = 0; first <= blocks; first += 4) {
		__m128i w[20];

		for (unsigned i = 0; i < 4; i++) {
			unsigned block = first + i;
			const void *at = data + block * AES_BLOCK_SIZE;

			w[i] = block < blocks ? swap(_mm_loadu_si128(at))
			                      : words(block == blocks ? 0x80000000u : 0,
			                              i == 3 ? bits : 0);
		}
		state = compress(state, w);
	}
	return state;
}

/** The first 16 octets of HMAC-SHA1: RFC 2104 section 2, from where the key's blocks have left SHA-1. */
INLINE_AVX512 __m128i hmac(const struct avx512_keys *keys, const uint8_t *data, unsigned blocks)
{
	struct state inner = hash(state_load(keys->inner, keys->inner_last), data, blocks);
	__m128i w[20];

	w[0] = inner.abcd;
	w[1] = _mm_or_si128(inner.e, _mm_set_epi32(0, (int)0x80000000u, 0, 0));
	w[2] = words(0, 0);
	w[3] = words(0, 8 * (HMAC_SHA1_BLOCK_SIZE + HMAC_SHA1_DIGEST_SIZE));
	return swap(compress(state_load(keys->outer, keys->outer_last), w).abcd);
}

INLINE_AVX512 __m128i hmac_of(const struct suite_job *job, unsigned blocks)
{
	return hmac(job->keys, job->data, blocks);
}

TARGET_AVX512 void hmac_sha1_ni_write(const struct lanes *lanes)
{
	for (unsigned i = 0; i < lanes->count; i++)
		_mm_storeu_si128((void *)lanes->jobs[i].hmac,
		                 hmac_of(&lanes->jobs[i], lanes->blocks));
}

TARGET_AVX512 uint32_t hmac_sha1_ni_verify(const struct lanes *lanes)
{
	uint32_t right = 0;

	for (unsigned i = 0; i < lanes->count; i++) {
		const struct suite_job *job = &lanes->jobs[i];
		__m128i difference = _mm_xor_si128(hmac_of(job, lanes->blocks),
		                                   _mm_loadu_si128((const void *)job->hmac));
		right |= (uint32_t)_mm_testz_si128(difference, difference) << i;
	}
	return right;
}
