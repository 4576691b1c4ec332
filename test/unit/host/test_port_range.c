/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_range.h"

#include <stdbool.h>

#include "unit.h"

#define PORTS 65536u

/* Every port is matched exactly when it lies in the range. */
static bool exact(uint16_t lower, uint16_t upper)
{
	struct port_mask masks[PORT_RANGE_MASKS_MAX];
	unsigned count = port_range_split(lower, upper, masks);

	if (count == 0 || count > PORT_RANGE_MASKS_MAX)
		return false;
	for (unsigned port = 0; port < PORTS; port++) {
		unsigned matches = 0;
		for (unsigned i = 0; i < count; i++)
			matches += (port & masks[i].mask) == masks[i].value;
		if (matches != (port >= lower && port <= upper))
			return false;
	}
	return true;
}

static void ranges_are_exact(void)
{
	CU_ASSERT(exact(0, 65535));
	CU_ASSERT(exact(0, 0));
	CU_ASSERT(exact(65535, 65535));
	CU_ASSERT(exact(18760, 19960));
	CU_ASSERT(exact(20000, 30000));
	CU_ASSERT(exact(1, 65534));
	CU_ASSERT(exact(1024, 65535));
	CU_ASSERT(exact(32767, 32768));
}

static void splits_are_small(void)
{
	struct port_mask masks[PORT_RANGE_MASKS_MAX];

	CU_ASSERT_EQUAL(port_range_split(0, 65535, masks), 1);
	CU_ASSERT_EQUAL(masks[0].mask, 0);
	CU_ASSERT_EQUAL(port_range_split(862, 862, masks), 1);
	CU_ASSERT_EQUAL(masks[0].mask, 0xffff);
	CU_ASSERT_EQUAL(port_range_split(1024, 2047, masks), 1);
	CU_ASSERT_EQUAL(port_range_split(1, 65534, masks), PORT_RANGE_MASKS_MAX);
}

int main(void)
{
	CU_TestInfo tests[] = {{"ranges are exact", ranges_are_exact},
	                       {"splits are small", splits_are_small},
	                       CU_TEST_INFO_NULL};
	return unit_run("host-port-range", tests);
}
