/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"

#include <string.h>

#include "unit.h"

static void set_formats_and_returns_the_code(void)
{
	struct error error;

	CU_ASSERT_EQUAL(error_set(&error, ERROR_LIMIT, "%s: %d of %d", "sessions", 3, 2),
	                ERROR_LIMIT);
	CU_ASSERT_STRING_EQUAL(error.text, "sessions: 3 of 2");
	CU_ASSERT_EQUAL(error_set(NULL, ERROR_CRYPTO, "nobody reads this"), ERROR_CRYPTO);
}

static void long_text_is_cut(void)
{
	struct error error;
	char text[2 * ERROR_TEXT_SIZE];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CU_ASSERT_EQUAL(error_set(&error, ERROR_FORMAT, "%s", text), ERROR_FORMAT);
	CU_ASSERT_EQUAL(strlen(error.text), ERROR_TEXT_SIZE - 1);
}

static void each_code_has_a_name_of_its_own(void)
{
	for (int left = 0; left >= ERROR_EXISTS; left--) {
		CU_ASSERT_STRING_NOT_EQUAL(error_name(left), error_name(ERROR_EXISTS - 1));
		for (int right = left - 1; right >= ERROR_EXISTS; right--)
			CU_ASSERT_STRING_NOT_EQUAL(error_name(left), error_name(right));
	}
	CU_ASSERT_STRING_EQUAL(error_name(1), "unknown error");
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"set formats and returns the code", set_formats_and_returns_the_code},
	        {"long text is cut", long_text_is_cut},
	        {"each code has a name of its own", each_code_has_a_name_of_its_own},
	        CU_TEST_INFO_NULL};
	return unit_run("base-error", tests);
}
