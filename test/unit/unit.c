/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include <stdio.h>

int unit_run(const char *name, CU_TestInfo *tests)
{
	CU_SuiteInfo suites[] = {{.pName = name, .pTests = tests}, CU_SUITE_INFO_NULL};

	if (CU_initialize_registry() != CUE_SUCCESS || CU_register_suites(suites) != CUE_SUCCESS) {
		(void)fprintf(stderr, "%s: CUnit: %s\n", name, CU_get_error_msg());
		return 1;
	}
	CU_basic_set_mode(CU_BRM_SILENT);
	(void)CU_basic_run_tests();
	unsigned failed = CU_get_number_of_tests_failed();
	unsigned passed = CU_get_number_of_tests_run() - failed;
	if (failed > 0)
		CU_basic_show_failures(CU_get_failure_list());
	(void)printf("\n%s: %u passed, %u failed\n", name, passed, failed);
	CU_cleanup_registry();
	return failed > 0;
}
