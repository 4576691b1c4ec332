/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the parts of suite_avx512.c share: a session's keys and the packets that are worked on side by side.
 *
 * The whole tree is compiled for any x86-64. Functions marked TARGET_AVX512 use more, and only suite_avx512.c calls them, whose
 * suite is made only where cpu_avx512_missing() finds nothing missing. Never a flag of the compiler, never an ifdef.
 */
#ifndef SPECULAR_CRYPTO_AVX512_H
#define SPECULAR_CRYPTO_AVX512_H

#include <stdint.h>

#include "crypto/suite_internal.h"

#define TARGET_AVX512                                                                              \
	__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,vaes,aes,sha,sse4.1,ssse3")))
#define INLINE_AVX512 static inline __attribute__((always_inline)) TARGET_AVX512

/** Before a loop of a constant number of turns, few: its arrays become registers. */
#define UNROLL _Pragma("GCC unroll 16")

/** Ternary logic's a ^ b ^ c. */
#define TERNARY_PARITY 0x96

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
 * Up to AVX512_LANES packets whose protected octets are equally many. Lanes beyond them, up to those of the registers that
 * these packets go into, repeat the first packet: they may be read and, with the same octets, written.
 */
struct lanes {
	const struct avx512_keys *keys[AVX512_LANES];
	uint8_t *data[AVX512_LANES];
	uint8_t *hmac[AVX512_LANES];
	unsigned count;
	unsigned blocks; /**< protected octets of each, in blocks of AES_BLOCK_SIZE */
};

#endif
