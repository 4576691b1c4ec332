/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the parts of suite_avx512.c share: a session's keys and the packets that are worked on side by side.
 *
 * The whole tree is compiled for any x86-64. Functions marked TARGET_AVX512 use more, and only suite_avx512.c calls them, whose
 * suite is made only where cpu_avx512_missing() finds nothing missing. Never a flag of the compiler, never an ifdef.
 */
#ifndef SPECULAR_CRYPTO_AVX512_H
#define SPECULAR_CRYPTO_AVX512_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "crypto/suite_internal.h"

#define TARGET_AVX512                                                                              \
	__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,vaes,aes,sha,sse4.1,ssse3")))
#define INLINE_AVX512 static inline __attribute__((always_inline)) TARGET_AVX512

/* Inline for the constants of each caller; under sanitizers so many copies of so many rounds take compilers a minute. */
#ifdef SANITIZED
#define ROUNDS_AVX512 static __attribute__((noinline)) TARGET_AVX512
#else
#define ROUNDS_AVX512 INLINE_AVX512
#endif

/** Before a loop of a constant number of turns, few: its arrays become registers. */
#define UNROLL _Pragma("GCC unroll 16")

/* Functions of three bits for ternary logic; the bit of index 4a + 2b + c is f(a, b, c). */
#define TERNARY_PARITY        0x96 /* a ^ b ^ c */
#define TERNARY_OR_DIFFERENCE 0xf6 /* a | (b ^ c) */

/** Packets worked on side by side: the 32-bit words of a 512-bit register. */
#define AVX512_LANES 16u

/**
 * A session's keys in one cache line. The AES key is raw: making its eleven round keys anew for each packet, four sessions at a
 * time, costs 11 cycles; fetching five or six more cache lines of stored round keys costs more as soon as L1 can't hold them.
 */
struct avx512_keys {
	uint8_t aes[AES_KEY_SIZE];
	uint32_t inner[4]; /**< SHA-1's state (host order) after the block of key xor ipad */
	uint32_t outer[4]; /**< and xor opad: RFC 2104 section 4 */
	uint32_t inner_last, outer_last; /**< the fifth word of each */
	uint32_t unused[2];
} __attribute__((aligned(SUITE_KEYS_ALIGN)));
_Static_assert(sizeof(struct avx512_keys) == SUITE_KEYS_ALIGN, "one cache line");

/**
 * Up to AVX512_LANES packets whose protected octets are equally many, that of lane p described by jobs[p]. Lanes beyond them, up to
 * those of the registers that these packets go into, repeat the first packet: they may be read and, with the same octets, written.
 */
struct lanes {
	const struct suite_job *jobs;
	unsigned count;
	unsigned blocks; /**< protected octets of each, in blocks of AES_BLOCK_SIZE */
};

/* What a lane's octets are, for lane_octets. */
#define LANE_KEYS offsetof(struct suite_job, keys)
#define LANE_DATA offsetof(struct suite_job, data)
#define LANE_HMAC offsetof(struct suite_job, hmac)

/** Octets of a lane, from offset on; only data and HMAC may be written. */
INLINE_AVX512 void *lane_octets(const struct suite_job *job, size_t which, size_t offset)
{
	uint8_t *octets;

	memcpy(&octets, (const uint8_t *)job + which, sizeof(octets));
	return octets + offset;
}

#endif
