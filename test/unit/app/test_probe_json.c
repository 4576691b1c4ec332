/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_writer.h"

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
	json_signed(&json, NULL, -5);
	json_close(&json, ']');
	json_open(&json, "c", '{');
	json_close(&json, '}');
	json_bool(&json, "d", true);
	json_string(&json, "e", NULL);
	json_close(&json, '}');
	(void)fclose(json.out);
	CU_ASSERT_STRING_EQUAL(text, "{\n  \"a\": \"x\\\"\\\\\\u000a\",\n  \"b\": [\n"
	                             "    18446744073709551615,\n    -5\n  ],\n  \"c\": {},\n"
	                             "  \"d\": true,\n  \"e\": null\n}\n");
	free(text);
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
	                       {"failed run is a document too", failed_run_is_a_document_too},
	                       CU_TEST_INFO_NULL};
	return unit_run("app-probe-json", tests);
}
