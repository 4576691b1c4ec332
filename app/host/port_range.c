/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_range.h"

unsigned port_range_split(uint16_t lower, uint16_t upper,
                          struct port_mask masks[PORT_RANGE_MASKS_MAX])
{
	uint32_t next = lower;
	unsigned count = 0;

	while (next <= upper) {
		uint32_t size = 1;
		/* The largest aligned block that starts here and stays inside. */
		while ((next & (2 * size - 1)) == 0 && next + 2 * size - 1 <= upper)
			size *= 2;
		masks[count].value = (uint16_t)next;
		masks[count].mask = (uint16_t) ~(size - 1);
		count++;
		next += size;
	}
	return count;
}
