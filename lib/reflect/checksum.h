/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The Internet checksum as arithmetic modulo 65535: RFC 1071, RFC 1624. Sums are of 16-bit words in memory order, which the
 * ones' complement sum allows (RFC 1071 section 2 B); results are stored and loaded the same way, never byte-swapped.
 */
#ifndef SPECULAR_REFLECT_CHECKSUM_H
#define SPECULAR_REFLECT_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** 0 and 0xffff are the same value here; only an all-zero sum gives 0. */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffffffu) + (sum >> 32);
	sum = (sum & 0xffffu) + (sum >> 16);
	sum = (sum & 0xffffu) + (sum >> 16);
	return (uint16_t)sum;
}

/** Folded sum of size octets; an odd last octet is followed by a zero. Inline: most sizes are constants of a few words. */
static inline uint16_t checksum_sum(const uint8_t *octets, size_t size)
{
	uint64_t sum = 0, eight;
	uint32_t four;
	uint16_t two;

	for (; size >= sizeof(eight); size -= sizeof(eight), octets += sizeof(eight)) {
		memcpy(&eight, octets, sizeof(eight));
		sum += (eight & 0xffffffffu) + (eight >> 32);
	}
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
	return checksum_fold(sum);
}

/** The sum of the same octets one octet later (or earlier): RFC 1071 section 2 B. Modulo 65535 it is 256 times the sum. */
static inline uint16_t checksum_shift(uint16_t sum)
{
	return __builtin_bswap16(sum);
}

/** left - right. */
static inline uint16_t checksum_subtract(uint16_t left, uint16_t right)
{
	return checksum_fold((uint64_t)left + (uint16_t)~right);
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
