/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory_search.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define CHUNK      65536u
#define REGION_MAX (64ul * 1024 * 1024) /**< larger ones are a sanitizer's shadow */

static bool matches(const uint8_t *octets, const uint8_t *masked)
{
	for (unsigned i = 0; i < NEEDLE_SIZE; i++) {
		if ((octets[i] ^ MASK) != masked[i])
			return false;
	}
	return true;
}

static unsigned search_region(int memory, unsigned long from, unsigned long to,
                              const uint8_t *masked)
{
	/* Static: this buffer is itself in a region that is searched; it is wiped after each chunk. */
	static uint8_t chunk[CHUNK + NEEDLE_SIZE];
	unsigned found = 0;

	for (unsigned long at = from; at < to; at += CHUNK) {
		size_t want = to - at < sizeof(chunk) ? to - at : sizeof(chunk);
		ssize_t got = pread(memory, chunk, want, (off_t)at);
		const uint8_t *end =
		        chunk + (got > (ssize_t)NEEDLE_SIZE ? (size_t)got - NEEDLE_SIZE : 0);
		for (const uint8_t *octet = chunk; octet < end; octet++) {
			octet = memchr(octet, masked[0] ^ (int)MASK, (size_t)(end - octet));
			if (octet == NULL)
				break;
			found += matches(octet, masked);
		}
		memset(chunk, 0, sizeof(chunk));
	}
	return found;
}

int search_memory(const uint8_t masked[NEEDLE_SIZE])
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned long from, to;
	char line[512], access[8];
	int found = 0;

	if (maps == NULL || memory < 0) {
		if (maps != NULL)
			(void)fclose(maps);
		return -1;
	}
	while (fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3 &&
		    strncmp(access, "rw", 2) == 0 && to - from <= REGION_MAX)
			found += (int)search_region(memory, from, to, masked);
	}
	(void)fclose(maps);
	(void)close(memory);
	return found;
}

void mask(uint8_t masked[NEEDLE_SIZE], const void *octets)
{
	const uint8_t *from = octets;

	for (unsigned i = 0; i < NEEDLE_SIZE; i++)
		masked[i] = (uint8_t)(from[i] ^ MASK);
}
