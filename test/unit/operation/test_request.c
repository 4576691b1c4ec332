/* SPDX-License-Identifier: BSD-3-Clause */
#include "operation_request.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct operation_request request;
static struct error error;

static int read_line(const char *line)
{
	return operation_request_read(line, strlen(line), &request, &error);
}

static void words_are_read(void)
{
	CU_ASSERT_EQUAL(read_line("status"), 0);
	CU_ASSERT_STRING_EQUAL(request.command, "status");
	CU_ASSERT_EQUAL(request.count, 0);
	CU_ASSERT_EQUAL(read_line("  sessions  limit=10   peer=2001:db8::1 "), 0);
	CU_ASSERT_STRING_EQUAL(request.command, "sessions");
	CU_ASSERT_EQUAL(request.count, 2);
	CU_ASSERT_STRING_EQUAL(operation_parameter(&request, "limit"), "10");
	CU_ASSERT_STRING_EQUAL(operation_parameter(&request, "peer"), "2001:db8::1");
	CU_ASSERT_PTR_NULL(operation_parameter(&request, "sort"));
	CU_ASSERT_EQUAL(read_line("keys name=a%20b%25c%C3%a4= empty="), 0);
	CU_ASSERT_STRING_EQUAL(operation_parameter(&request, "name"), "a b%c\xc3\xa4=");
	CU_ASSERT_STRING_EQUAL(operation_parameter(&request, "empty"), "");
}

static void wrong_lines_are_refused(void)
{
	static const char *const lines[] = {"",         " ",       "STATUS",   "status\r",
	                                    "a b",      "a =b",    "a b=%",    "a b=%4",
	                                    "a b=%zz",  "a b=%00", "a b=\x7f", "a b=1 b=2",
	                                    "a b=%0a1", "a B=1",   "=1"};
	char line[OPERATION_REQUEST_SIZE + 1];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CU_ASSERT_EQUAL(read_line(lines[i]), ERROR_FORMAT);
		CU_ASSERT(error.text[0] != '\0');
	}
	CU_ASSERT_EQUAL(operation_request_read("a\0b", 3, &request, &error), ERROR_FORMAT);
	memset(line, 'a', sizeof(line));
	line[OPERATION_REQUEST_SIZE] = '\0';
	CU_ASSERT_EQUAL(read_line(line), ERROR_LIMIT);
	line[OPERATION_REQUEST_SIZE - 1] = '\0';
	CU_ASSERT_EQUAL(read_line(line), 0);
	int used = snprintf(line, sizeof(line), "a");
	for (unsigned i = 0; i <= OPERATION_PARAMETERS_MAX; i++)
		used += snprintf(line + used, sizeof(line) - (size_t)used, " %c=1", 'a' + (int)i);
	CU_ASSERT_EQUAL(read_line(line), ERROR_LIMIT);
	line[used - 4] = '\0';
	CU_ASSERT_EQUAL(read_line(line), 0);
}

static void integers_have_bounds(void)
{
	static const char *const wrong[] = {
	        "a n=0", "a n=11", "a n=", "a n=-1", "a n=1x", "a n=18446744073709551617"};
	uint64_t value = 7;

	CU_ASSERT_EQUAL(read_line("a"), 0);
	CU_ASSERT_EQUAL(operation_unsigned(&request, "n", 1, 10, &value, &error), 0);
	CU_ASSERT_EQUAL(value, 7);
	CU_ASSERT_EQUAL(read_line("a n=10"), 0);
	CU_ASSERT_EQUAL(operation_unsigned(&request, "n", 1, 10, &value, &error), 0);
	CU_ASSERT_EQUAL(value, 10);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(read_line(wrong[i]), 0);
		CU_ASSERT_EQUAL(operation_unsigned(&request, "n", 1, 10, &value, &error),
		                ERROR_ARGUMENT);
	}
	CU_ASSERT_STRING_EQUAL(error.text, "n: \"18446744073709551617\" is not allowed; allowed: "
	                                   "an integer from 1 to 10");
	CU_ASSERT_EQUAL(value, 10);
}

static void choices_are_known(void)
{
	static const char *const names[] = {"no", "yes", NULL};
	int index = 0;

	CU_ASSERT_EQUAL(read_line("a n=yes"), 0);
	CU_ASSERT_EQUAL(operation_choice(&request, "n", names, &index, &error), 0);
	CU_ASSERT_EQUAL(index, 1);
	CU_ASSERT_EQUAL(read_line("a n=perhaps"), 0);
	CU_ASSERT_EQUAL(operation_choice(&request, "n", names, &index, &error), ERROR_ARGUMENT);
	CU_ASSERT_STRING_EQUAL(error.text, "n: \"perhaps\" is not known; allowed: no, yes");
}

int main(void)
{
	CU_TestInfo tests[] = {{"words are read", words_are_read},
	                       {"wrong lines are refused", wrong_lines_are_refused},
	                       {"integers have bounds", integers_have_bounds},
	                       {"choices are known", choices_are_known},
	                       CU_TEST_INFO_NULL};
	return unit_run("operation-request", tests);
}
