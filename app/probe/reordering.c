/* SPDX-License-Identifier: BSD-3-Clause */
#include "reordering.h"

/** The earliest index whose running maximum exceeds number: RFC 4737 section 4.2.1's j. */
static size_t first_above(const uint32_t *running, size_t count, uint32_t number)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (running[middle] > number)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

struct reordering reordering_of(const uint32_t *numbers, size_t count, uint32_t *running)
{
	struct reordering result = {.packets = count};

	for (size_t i = 0; i < count; i++) {
		if (i == 0 || numbers[i] > running[i - 1]) {
			running[i] = numbers[i];
			continue;
		}
		running[i] = running[i - 1];
		result.reordered++;
		uint64_t extent = i - first_above(running, i, numbers[i]);
		if (extent > result.maximum_extent)
			result.maximum_extent = extent;
	}
	return result;
}
