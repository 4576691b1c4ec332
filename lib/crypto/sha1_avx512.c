/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/sha1_avx512.h"

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>

/* Functions of three bits; the bit of index 4a + 2b + c is f(a, b, c). Those of SHA-1 beside parity: */
#define TERNARY_CHOOSE   0xca /* a ? b : c */
#define TERNARY_MAJORITY 0xe8

INLINE_AVX512 __m128i load_1(const struct suite_job *job, size_t which, size_t offset)
{
	return _mm_loadu_si128(lane_octets(job, which, offset));
}

INLINE_AVX512 void store_1(const struct suite_job *job, __m128i x)
{
	_mm_storeu_si128(lane_octets(job, LANE_HMAC, 0), x);
}

/** 16 octets of packets 0, 4, 8 and 12, counted from jobs. */
INLINE_AVX512 __m512i row_load_16(const struct suite_job *jobs, size_t which, size_t offset)
{
	__m512i row = _mm512_castsi128_si512(load_1(jobs, which, offset));

	row = _mm512_inserti32x4(row, load_1(jobs + 4, which, offset), 1);
	row = _mm512_inserti32x4(row, load_1(jobs + 8, which, offset), 2);
	return _mm512_inserti32x4(row, load_1(jobs + 12, which, offset), 3);
}

/** To the packets' HMACs. */
INLINE_AVX512 void row_store_16(const struct suite_job *jobs, __m512i row)
{
	store_1(jobs, _mm512_castsi512_si128(row));
	store_1(jobs + 4, _mm512_extracti32x4_epi32(row, 1));
	store_1(jobs + 8, _mm512_extracti32x4_epi32(row, 2));
	store_1(jobs + 12, _mm512_extracti32x4_epi32(row, 3));
}

/** 16 octets of packets 0 and 4, counted from jobs. */
INLINE_AVX512 __m256i row_load_8(const struct suite_job *jobs, size_t which, size_t offset)
{
	__m256i row = _mm256_castsi128_si256(load_1(jobs, which, offset));

	return _mm256_inserti32x4(row, load_1(jobs + 4, which, offset), 1);
}

INLINE_AVX512 void row_store_8(const struct suite_job *jobs, __m256i row)
{
	store_1(jobs, _mm256_castsi256_si128(row));
	store_1(jobs + 4, _mm256_extracti32x4_epi32(row, 1));
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
