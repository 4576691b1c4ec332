/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/checksum.h"

uint16_t checksum_sum(const uint8_t *octets, size_t size)
{
	uint64_t sum = 0;
	uint64_t word;

	for (; size >= sizeof(word); size -= sizeof(word), octets += sizeof(word)) {
		memcpy(&word, octets, sizeof(word));
		sum += (word & 0xffffffffu) + (word >> 32);
	}
	word = 0;
	memcpy(&word, octets, size);
	sum += (word & 0xffffffffu) + (word >> 32);
	return checksum_fold(sum);
}
