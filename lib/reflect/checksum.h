/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The Internet checksum as arithmetic modulo 65535: RFC 1071, RFC 1624. Sums are of words in memory order, which the
 * ones' complement sum allows (RFC 1071 section 2 B); results are stored and loaded the same way, never byte-swapped. Words of 64
 * bits sum up to the same as those of 16, since 65535 divides 2^64 - 1.
 */
#ifndef SPECULAR_REFLECT_CHECKSUM_H
#define SPECULAR_REFLECT_CHECKSUM_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "reflect/headers.h"

/** left + right, the carry brought round. In assembler, since compilers make four instructions and more of it. */
static inline uint64_t checksum_add(uint64_t left, uint64_t right)
{
	__asm__("add %1, %0\n\tadc $0, %0" : "+r"(left) : "rm"(right) : "cc");
	return left;
}

/** left - right, the borrow brought round. */
static inline uint64_t checksum_subtract(uint64_t left, uint64_t right)
{
	__asm__("sub %1, %0\n\tsbb $0, %0" : "+r"(left) : "rm"(right) : "cc");
	return left;
}

/** sum and three more: each carry goes into the next addition. That of the last one is brought round, and can't carry again. */
static inline uint64_t checksum_add_three(uint64_t sum, uint64_t first, uint64_t second,
                                          uint64_t third)
{
	__asm__("add %1, %0\n\tadc %2, %0\n\tadc %3, %0\n\tadc $0, %0"
	        : "+&r"(sum)
	        : "rm"(first), "rm"(second), "rm"(third)
	        : "cc");
	return sum;
}

/** sum less three, likewise with borrows. */
static inline uint64_t checksum_subtract_three(uint64_t sum, uint64_t first, uint64_t second,
                                               uint64_t third)
{
	__asm__("sub %1, %0\n\tsbb %2, %0\n\tsbb %3, %0\n\tsbb $0, %0"
	        : "+&r"(sum)
	        : "rm"(first), "rm"(second), "rm"(third)
	        : "cc");
	return sum;
}

/** A sum in 16 bits. 0 and 0xffff are the same value here; a sum, from which nothing was subtracted, gives 0 only when all is 0. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	uint32_t half;

	/* Added to itself with its halves exchanged, the upper half is the sum of both, and the lower half has brought its carry. */
	sum += sum << 32 | sum >> 32;
	half = (uint32_t)(sum >> 32);
	half += half << 16 | half >> 16;
	return (uint16_t)(half >> 16);
}

static inline uint64_t checksum_load_eight(const uint8_t *from)
{
	uint64_t eight;

	memcpy(&eight, from, sizeof(eight));
	return eight;
}

/** The sum of fewer than eight octets; an odd last octet is followed by a zero. */
static inline uint64_t checksum_sum_rest(const uint8_t *octets, size_t size)
{
	uint64_t sum = 0;
	uint32_t four;
	uint16_t two;

	if ((size & sizeof(four)) != 0) {
		memcpy(&four, octets, sizeof(four));
		octets += sizeof(four);
		sum += four;
	}
	if ((size & sizeof(two)) != 0) {
		memcpy(&two, octets, sizeof(two));
		octets += sizeof(two);
		sum += two;
	}
	if ((size & 1) != 0)
		sum += *octets;
	return sum;
}

static inline uint64_t checksum_sum(const uint8_t *octets, size_t size)
{
	uint64_t sum = 0;

	for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t), octets += sizeof(uint64_t))
		sum = checksum_add(sum, checksum_load_eight(octets));
	return checksum_add(sum, checksum_sum_rest(octets, size));
}

/**
 * sum and the same for a constant size up to 128 octets: one chain of additions with carry, of which only the last one's is brought
 * round by itself. That can't carry again: a chain that carries does not leave all ones.
 */
static inline __attribute__((always_inline)) uint64_t
checksum_add_octets(uint64_t sum, const uint8_t *octets, const size_t size)
{
	const size_t rest = size % sizeof(uint64_t);
	unsigned long long total = sum;
	unsigned char carry = 0;

#pragma GCC unroll 16
	for (size_t at = 0; at + sizeof(uint64_t) <= size; at += sizeof(uint64_t))
		carry = _addcarry_u64(carry, total, checksum_load_eight(octets + at), &total);
	if (rest != 0)
		carry = _addcarry_u64(carry, total, checksum_sum_rest(octets + size - rest, rest),
		                      &total);
	return total + carry;
}

/** The same without a sum to begin with. */
static inline __attribute__((always_inline)) uint64_t checksum_sum_constant(const uint8_t *octets,
                                                                            const size_t size)
{
	return checksum_add_octets(0, octets, size);
}

/**
 * With turn 8 the sum of the same octets one octet later (or earlier), which modulo 65535 is 256 times the sum: RFC 1071 section
 * 2 B. With turn 0 the sum itself.
 */
static inline uint64_t checksum_turn(uint64_t sum, unsigned turn)
{
	return sum << turn | sum >> (-turn & 63);
}

/** A sum of octets that begin `offset` octets further on. */
static inline uint64_t checksum_at(size_t offset, uint64_t sum)
{
	return checksum_turn(sum, offset % 2 * 8);
}

/** The UDP length of a payload: it counts twice, in the pseudo-header and in the header. */
static inline uint32_t checksum_length(uint32_t payload_length)
{
	return 2u * __builtin_bswap16((uint16_t)(UDP_HEADER_SIZE + payload_length));
}

static inline uint16_t checksum_load(const uint8_t *from)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline void checksum_store(uint8_t *to, uint16_t value)
{
	memcpy(to, &value, sizeof(value));
}

#endif
