/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for a CPU that lacks an instruction set: the avx512 suite must not be made, nor chosen. */
#include <string.h>

#include "crypto/cpu_avx512.h"
#include "crypto/suite.h"
#include "unit.h"

const char *cpu_avx512_missing(void)
{
	return "VAES";
}

static void an_older_cpu_takes_ipsec_mb(void)
{
	struct error error = {""};

	CU_ASSERT_EQUAL(suite_kind_fastest(&error), SUITE_IPSEC_MB);
	CU_ASSERT_STRING_EQUAL(error.text,
	                       "crypto suite avx512 cannot run here: this CPU lacks VAES");
}

static void an_older_cpu_makes_no_avx512_suite(void)
{
	struct suite *suite = NULL;
	struct error error = {""};

	CU_ASSERT_EQUAL(suite_create(SUITE_AVX512, &suite, &error), ERROR_UNAVAILABLE);
	CU_ASSERT_PTR_NULL(suite);
	CU_ASSERT(strstr(error.text, "VAES") != NULL);
	CU_ASSERT_EQUAL(suite_cross_check(SUITE_AVX512, &error), ERROR_UNAVAILABLE);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"an older CPU takes ipsec-mb", an_older_cpu_takes_ipsec_mb},
	        {"an older CPU makes no avx512 suite", an_older_cpu_makes_no_avx512_suite},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("crypto-suite-cpu", tests);
}
