/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/sha1_avx512.h"

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>

/* Functions of three bits; the bit of index 4a + 2b + c is f(a, b, c). Those of SHA-1 beside parity: */
#define TERNARY_CHOOSE        0xca /* a ? b : c */
#define TERNARY_MAJORITY      0xe8
#define TERNARY_OR_DIFFERENCE 0xf6 /* a | (b ^ c) */

/** 16 octets of packets 0, 4, 8 and 12, counted from at. */
INLINE_AVX512 __m512i row_load_16(const uint8_t *const *at, size_t offset)
{
	__m512i row = _mm512_castsi128_si512(_mm_loadu_si128((const void *)(at[0] + offset)));

	row = _mm512_inserti32x4(row, _mm_loadu_si128((const void *)(at[4] + offset)), 1);
	row = _mm512_inserti32x4(row, _mm_loadu_si128((const void *)(at[8] + offset)), 2);
	return _mm512_inserti32x4(row, _mm_loadu_si128((const void *)(at[12] + offset)), 3);
}

INLINE_AVX512 void row_store_16(uint8_t *const *at, __m512i row)
{
	_mm_storeu_si128((void *)at[0], _mm512_castsi512_si128(row));
	_mm_storeu_si128((void *)at[4], _mm512_extracti32x4_epi32(row, 1));
	_mm_storeu_si128((void *)at[8], _mm512_extracti32x4_epi32(row, 2));
	_mm_storeu_si128((void *)at[12], _mm512_extracti32x4_epi32(row, 3));
}

/** 16 octets of packets 0 and 4, counted from at. */
INLINE_AVX512 __m256i row_load_8(const uint8_t *const *at, size_t offset)
{
	__m256i row = _mm256_castsi128_si256(_mm_loadu_si128((const void *)(at[0] + offset)));

	return _mm256_inserti32x4(row, _mm_loadu_si128((const void *)(at[4] + offset)), 1);
}

INLINE_AVX512 void row_store_8(uint8_t *const *at, __m256i row)
{
	_mm_storeu_si128((void *)at[0], _mm256_castsi256_si128(row));
	_mm_storeu_si128((void *)at[4], _mm256_extracti32x4_epi32(row, 1));
}

#define LANES     16
#define VECTOR    __m512i
#define V(op)     _mm512_##op
#define NAME(x)   x##_16
#define ROW_LOAD  row_load_16
#define ROW_STORE row_store_16
#include "crypto/sha1_lanes.h"
#undef LANES
#undef VECTOR
#undef V
#undef NAME
#undef ROW_LOAD
#undef ROW_STORE

#define LANES     8
#define VECTOR    __m256i
#define V(op)     _mm256_##op
#define NAME(x)   x##_8
#define ROW_LOAD  row_load_8
#define ROW_STORE row_store_8
#include "crypto/sha1_lanes.h"

void hmac_sha1_avx512_write(const struct lanes *lanes)
{
	if (lanes->count <= SHA1_HALF_LANES)
		write_8(lanes);
	else
		write_16(lanes);
}

uint32_t hmac_sha1_avx512_verify(const struct lanes *lanes)
{
	uint32_t right = lanes->count <= SHA1_HALF_LANES ? verify_8(lanes) : verify_16(lanes);

	return right & ((1u << lanes->count) - 1);
}
