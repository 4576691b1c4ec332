/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/suite.h"

#include <stdio.h>

#include "unit.h"

static void self_tests_pass(void)
{
	for (enum suite_kind kind = SUITE_IPSEC_MB; kind <= SUITE_OPENSSL; kind++) {
		struct suite *suite = NULL;
		struct error error = {{0}};

		CU_ASSERT_EQUAL(suite_create(kind, &suite, &error), 0);
		CU_ASSERT_STRING_EQUAL(error.text, "");
		if (suite != NULL)
			(void)printf("%s\n", suite_name(suite));
		suite_destroy(suite);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {{"self-tests pass", self_tests_pass}, CU_TEST_INFO_NULL};
	return unit_run("crypto-suite", tests);
}
