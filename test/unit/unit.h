/* SPDX-License-Identifier: BSD-3-Clause */
/** Runs one CUnit suite and prints "NAME: N passed, N failed", a number a test function. */
#ifndef SPECULAR_TEST_UNIT_H
#define SPECULAR_TEST_UNIT_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

/** tests ends with CU_TEST_INFO_NULL. Returns main()'s exit code: 0 when none failed. */
int unit_run(const char *name, CU_TestInfo *tests);

#endif
