/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/secret.h"

#include <stdint.h>
#include <string.h>

#include "unit.h"

static void wipe_leaves_zeros(void)
{
	uint8_t secret[40];
	static const uint8_t zero[40];

	memset(secret, 0xa5, sizeof(secret));
	secret_wipe(secret, sizeof(secret));
	CU_ASSERT(memcmp(secret, zero, sizeof(zero)) == 0);
	secret_wipe(NULL, 0);
}

static void equal_sees_each_octet(void)
{
	uint8_t left[40], right[40];

	memset(left, 7, sizeof(left));
	for (size_t size = 1; size <= sizeof(left); size++) {
		for (size_t i = 0; i < size; i++) {
			memset(right, 7, sizeof(right));
			CU_ASSERT(secret_equal(left, right, size));
			right[i] ^= 0x80;
			CU_ASSERT(!secret_equal(left, right, size));
			CU_ASSERT(secret_equal(left, right, i));
		}
	}
	CU_ASSERT(secret_equal(left, right, 0));
}

int main(void)
{
	CU_TestInfo tests[] = {{"wipe leaves zeros", wipe_leaves_zeros},
	                       {"equal sees each octet", equal_sees_each_octet},
	                       CU_TEST_INFO_NULL};
	return unit_run("base-secret", tests);
}
