/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/key_derivation.h"

#include <stdio.h>

#include "unit.h"

static void self_test_passes(void)
{
	struct error error = {{0}};

	CU_ASSERT_EQUAL(key_derivation_self_test(&error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	if (error.text[0] != '\0')
		(void)printf("%s\n", error.text);
}

int main(void)
{
	CU_TestInfo tests[] = {{"self-test passes", self_test_passes}, CU_TEST_INFO_NULL};
	return unit_run("crypto-key-derivation", tests);
}
