/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/aes_avx512.h"

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>

INLINE_AVX512 __m128i load_1(const struct suite_job *jobs, size_t which, size_t offset)
{
	return _mm_loadu_si128(lane_octets(jobs, which, offset));
}

INLINE_AVX512 void store_1(const struct suite_job *jobs, size_t which, size_t offset, __m128i x)
{
	_mm_storeu_si128(lane_octets(jobs, which, offset), x);
}

INLINE_AVX512 __m512i load_4(const struct suite_job *jobs, size_t which, size_t offset)
{
	__m512i x = _mm512_castsi128_si512(load_1(jobs, which, offset));

	x = _mm512_inserti32x4(x, load_1(jobs + 1, which, offset), 1);
	x = _mm512_inserti32x4(x, load_1(jobs + 2, which, offset), 2);
	return _mm512_inserti32x4(x, load_1(jobs + 3, which, offset), 3);
}

INLINE_AVX512 void store_4(const struct suite_job *jobs, size_t which, size_t offset, __m512i x)
{
	store_1(jobs, which, offset, _mm512_castsi512_si128(x));
	store_1(jobs + 1, which, offset, _mm512_extracti32x4_epi32(x, 1));
	store_1(jobs + 2, which, offset, _mm512_extracti32x4_epi32(x, 2));
	store_1(jobs + 3, which, offset, _mm512_extracti32x4_epi32(x, 3));
}

#define REGISTERS 4
#define QUARTERS  4
#define VECTOR    __m512i
#define AES(op)   _mm512_##op##_epi128
#define V(op)     _mm512_##op
#define XOR       _mm512_xor_si512
#define SHIFT     _mm512_bslli_epi128
#define NAME(x)   x##_wide
#define LOAD      load_4
#define STORE     store_4
#include "crypto/aes_lanes.h"
#undef REGISTERS
#undef QUARTERS
#undef VECTOR
#undef AES
#undef V
#undef XOR
#undef SHIFT
#undef NAME
#undef LOAD
#undef STORE

#define REGISTERS AES_NARROW_LANES
#define QUARTERS  1
#define VECTOR    __m128i
#define AES(op)   _mm_##op##_si128
#define V(op)     _mm_##op
#define XOR       _mm_xor_si128
#define SHIFT     _mm_bslli_si128
#define NAME(x)   x##_narrow
#define LOAD      load_1
#define STORE     store_1
#include "crypto/aes_lanes.h"

TARGET_AVX512 void aes_avx512_encrypt(const struct lanes *lanes, struct aes_scratch *scratch)
{
	unsigned count = lanes->count;

	if (count == 1)
		encrypt_narrow(lanes, scratch, 1);
	else if (count == 2)
		encrypt_narrow(lanes, scratch, 2);
	else if (count <= 4)
		encrypt_wide(lanes, scratch, 1);
	else if (count <= 8)
		encrypt_wide(lanes, scratch, 2);
	else
		encrypt_wide(lanes, scratch, 4);
}

TARGET_AVX512 void aes_avx512_decrypt(const struct lanes *lanes, struct aes_scratch *scratch)
{
	unsigned count = lanes->count;

	if (count == 1)
		decrypt_narrow(lanes, scratch, 1);
	else if (count == 2)
		decrypt_narrow(lanes, scratch, 2);
	else if (count <= 4)
		decrypt_wide(lanes, scratch, 1);
	else if (count <= 8)
		decrypt_wide(lanes, scratch, 2);
	else
		decrypt_wide(lanes, scratch, 4);
}
