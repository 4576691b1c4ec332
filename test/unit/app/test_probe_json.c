/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/json_writer.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "unit.h"

static void document_has_commas_and_escapes(void)
{
	char *text = NULL;
	size_t size = 0;
	struct json_writer json = {.out = open_memstream(&text, &size)};

	CU_ASSERT_FATAL(json.out != NULL);
	json_open(&json, NULL, '{');
	json_string(&json, "a", "x\"\\\n");
	json_open(&json, "b", '[');
	json_unsigned(&json, NULL, UINT64_MAX);
	json_unsigned_wide(&json, NULL, 0);
	json_unsigned_wide(&json, NULL, ~(unsigned __int128)0);
	json_signed(&json, NULL, -5);
	json_close(&json, ']');
	json_open(&json, "c", '{');
	json_close(&json, '}');
	json_bool(&json, "d", true);
	json_string(&json, "e", NULL);
	json_close(&json, '}');
	(void)fclose(json.out);
	CU_ASSERT_STRING_EQUAL(
	        text, "{\n  \"a\": \"x\\\"\\\\\\u000a\",\n  \"b\": [\n"
	              "    18446744073709551615,\n    0,\n"
	              "    340282366920938463463374607431768211455,\n    -5\n  ],\n  \"c\": {},\n"
	              "  \"d\": true,\n  \"e\": null\n}\n");
	free(text);
}

/** Host names and paths of the command line are any octets, and error texts are cut anywhere. */
static void what_is_no_utf8_is_replaced(void)
{
	static const struct {
		const char *octets, *written;
	} strings[] = {
	        {"m\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x9a\x80",
	         "m\xc3\xbcnchen \xe2\x82\xac \xf0\x9f\x9a\x80"},
	        {"\xf4\x8f\xbf\xbf \xed\x9f\xbf \xe0\xa0\x80",
	         "\xf4\x8f\xbf\xbf \xed\x9f\xbf \xe0\xa0\x80"},
	        {"\xff\xfe", "\\ufffd\\ufffd"},
	        {"\x80"
	         "a",
	         "\\ufffda"},
	        {"cut \xe2\x82", "cut \\ufffd\\ufffd"},
	        {"cut \xc3", "cut \\ufffd"},
	        {"\xc3\"", "\\ufffd\\\""},
	        {"\xc0\xaf", "\\ufffd\\ufffd"},                       /* longer than need be */
	        {"\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd"},            /* likewise */
	        {"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},            /* half of a pair */
	        {"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"}, /* past the last */
	        {"\xf5\x80", "\\ufffd\\ufffd"},
	};

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		char text[128] = "", expected[128];
		struct json_writer json = {.out = fmemopen(text, sizeof(text), "w")};

		CU_ASSERT_FATAL(json.out != NULL);
		json_string(&json, NULL, strings[i].octets);
		(void)fclose(json.out);
		(void)snprintf(expected, sizeof(expected), "\"%s\"", strings[i].written);
		CU_ASSERT_STRING_EQUAL(text, expected);
	}
}

static void failed_run_is_a_document_too(void)
{
	struct options options = {.host = "h", .modes = {.count = 1, .modes = {1}}};
	struct run run = {.options = &options};
	struct report report = {.run = &run, .error = "it failed"};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_FATAL(out != NULL);
	report_json(out, &report);
	(void)fclose(out);
	CU_ASSERT(strstr(text, "\"error\": \"it failed\"") != NULL);
	CU_ASSERT(strstr(text, "\"server\": null") != NULL);
	CU_ASSERT(strstr(text, "\"mode_asked\": \"unauthenticated\"") != NULL);
	CU_ASSERT(strstr(text, "total") == NULL);
	free(text);
}

int main(void)
{
	CU_TestInfo tests[] = {{"document has commas and escapes", document_has_commas_and_escapes},
	                       {"what is no UTF-8 is replaced", what_is_no_utf8_is_replaced},
	                       {"failed run is a document too", failed_run_is_a_document_too},
	                       CU_TEST_INFO_NULL};
	return unit_run("app-probe-json", tests);
}
