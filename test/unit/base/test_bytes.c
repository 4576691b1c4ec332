/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/bytes.h"

#include "unit.h"

static const uint8_t octets[] = {0xee, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};

static void loads_in_network_order(void)
{
	/* From the second octet, which is aligned for none of them. */
	CU_ASSERT_EQUAL(load_be16(octets + 1), 0x0102);
	CU_ASSERT_EQUAL(load_be32(octets + 1), 0x01020304);
	CU_ASSERT_EQUAL(load_be64(octets + 1), UINT64_C(0x0102030405060708));
}

static void stores_in_network_order(void)
{
	uint8_t written[10];

	memset(written, 0xee, sizeof(written));
	store_be64(written + 1, UINT64_C(0x0102030405060708));
	CU_ASSERT(memcmp(written, octets, sizeof(octets)) == 0);
	CU_ASSERT_EQUAL(written[9], 0xee);
	memset(written, 0xee, sizeof(written));
	store_be32(written + 1, 0x01020304);
	CU_ASSERT(memcmp(written, octets, 5) == 0);
	CU_ASSERT_EQUAL(written[5], 0xee);
	memset(written, 0xee, sizeof(written));
	store_be16(written + 1, 0x0102);
	CU_ASSERT(memcmp(written, octets, 3) == 0);
	CU_ASSERT_EQUAL(written[3], 0xee);
}

int main(void)
{
	CU_TestInfo tests[] = {{"loads in network order", loads_in_network_order},
	                       {"stores in network order", stores_in_network_order},
	                       CU_TEST_INFO_NULL};
	return unit_run("base-bytes", tests);
}
