/* SPDX-License-Identifier: BSD-3-Clause */
/** Unaligned loads and stores in network byte order. */
#ifndef SPECULAR_BASE_BYTES_H
#define SPECULAR_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

static inline uint16_t load_be16(const void *from)
{
	uint16_t value;
	memcpy(&value, from, sizeof(value));
	return __builtin_bswap16(value);
}

static inline uint32_t load_be32(const void *from)
{
	uint32_t value;
	memcpy(&value, from, sizeof(value));
	return __builtin_bswap32(value);
}

static inline uint64_t load_be64(const void *from)
{
	uint64_t value;
	memcpy(&value, from, sizeof(value));
	return __builtin_bswap64(value);
}

static inline void store_be16(void *to, uint16_t value)
{
	value = __builtin_bswap16(value);
	memcpy(to, &value, sizeof(value));
}

static inline void store_be32(void *to, uint32_t value)
{
	value = __builtin_bswap32(value);
	memcpy(to, &value, sizeof(value));
}

static inline void store_be64(void *to, uint64_t value)
{
	value = __builtin_bswap64(value);
	memcpy(to, &value, sizeof(value));
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "written for little-endian machines");

#endif
