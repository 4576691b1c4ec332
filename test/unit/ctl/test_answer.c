/* SPDX-License-Identifier: BSD-3-Clause */
/** What the appliance may send: answers, refusals, and what is neither. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "document.h"
#include "unit.h"

#define SCHEMA "\"schema\": \"" ANSWER_SCHEMA "\""

static struct error error;

static int read_text(const char *text, size_t size, struct answer *answer)
{
	/* Of exact size, and no terminator: any read past its end shows. */
	*answer = (struct answer){.text = malloc(size + (size == 0)), .size = size};
	memcpy(answer->text, text, size);
	error.text[0] = '\0';
	return answer_read(answer, &error);
}

static void expect(const char *text, int status, const char *said, bool document)
{
	struct answer answer;

	CU_ASSERT_EQUAL(read_text(text, strlen(text), &answer), status);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, said));
	if (strstr(error.text, said) == NULL)
		(void)printf("%s: %s\n", text, error.text);
	CU_ASSERT_EQUAL(answer.document != NULL, document);
	answer_clear(&answer);
	CU_ASSERT(answer.text == NULL && answer.document == NULL);
}

static void answers_are_read(void)
{
	struct answer answer;
	const char *text =
	        "{" SCHEMA ", \"a\": {\"b\": {\"c\": 7, \"d\": 1.5}}, \"t\": \"x\", \"n\": -3}";
	double value;

	CU_ASSERT_EQUAL(read_text(text, strlen(text), &answer), 0);
	CU_ASSERT_EQUAL(document_count(answer.document, "a.b.c"), 7);
	CU_ASSERT_EQUAL(document_count(answer.document, "n"), 0);
	CU_ASSERT_EQUAL(document_count(answer.document, "t"), 0);
	CU_ASSERT(document_number(answer.document, "a.b.d", &value) && value == 1.5);
	CU_ASSERT(document_number(answer.document, "n", &value) && value == -3);
	CU_ASSERT(!document_number(answer.document, "a.b", &value) && value == 0);
	CU_ASSERT_PTR_NULL(document_at(answer.document, "a.x.c"));
	CU_ASSERT_PTR_NULL(document_at(answer.document, "t.x"));
	CU_ASSERT_PTR_NULL(document_at(answer.document, ""));
	CU_ASSERT_STRING_EQUAL(document_text(answer.document, "t", "-"), "x");
	CU_ASSERT_STRING_EQUAL(document_text(answer.document, "a", "-"), "-");
	CU_ASSERT_STRING_EQUAL(document_text(NULL, "a", "-"), "-");
	answer_clear(&answer);
	answer_clear(&answer);
}

static void refusals_keep_their_text(void)
{
	static const struct {
		const char *code;
		int status;
	} cases[] = {{"wrong-parameter", ERROR_ARGUMENT},  {"not-found", ERROR_NOT_FOUND},
	             {"unknown-command", ERROR_NOT_FOUND}, {"refused", ERROR_PERMISSION},
	             {"busy", ERROR_UNAVAILABLE},          {"failed", ERROR_SYSTEM},
	             {"of-tomorrow", ERROR_SYSTEM}};
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text),
		               "{" SCHEMA ", \"error\": {\"code\": \"%s\", \"text\": \"why %s\"}}",
		               cases[i].code, cases[i].code);
		expect(text, cases[i].status, "why ", true);
	}
	expect("{" SCHEMA ", \"error\": 7}", ERROR_SYSTEM, "no reason", true);
	expect("{" SCHEMA ", \"error\": {\"code\": [], \"text\": {}}}", ERROR_SYSTEM, "no reason",
	       true);
}

static void what_is_no_answer_is_refused(void)
{
	expect("", ERROR_FORMAT, "without an answer", false);
	expect("{", ERROR_FORMAT, "cut off", false);
	expect("{" SCHEMA ", \"sessions\": [{\"sid\"", ERROR_FORMAT, "cut off", false);
	expect("{" SCHEMA "} more", ERROR_FORMAT, "no JSON", false);
	expect("HTTP/1.1 400 Bad Request", ERROR_FORMAT, "no JSON", false);
	expect("\x1b[2J", ERROR_FORMAT, "no JSON", false);
	expect("{" SCHEMA ", \"a\": \"\xff\xfe\"}", ERROR_FORMAT, "no JSON", false);
	expect("{" SCHEMA ", \"a\": \"\x1b[2J\"}", ERROR_FORMAT, "no JSON", false);
	expect("{" SCHEMA ", \"a\": 99999999999999999999999}", ERROR_FORMAT, "no JSON", false);
	expect("{" SCHEMA ", \"a\": 1, \"a\": 2}", ERROR_FORMAT, "no JSON", false);
	expect("[]", ERROR_FORMAT, "is this socket a specular's", false);
	expect("{}", ERROR_FORMAT, "is this socket a specular's", false);
	expect("{\"schema\": 1}", ERROR_FORMAT, "is this socket a specular's", false);
	expect("{\"schema\": \"specular-status/2\"}", ERROR_FORMAT,
	       "the appliance speaks specular-status/2", false);
}

static void a_deep_document_is_refused(void)
{
	size_t size = 1 << 20;
	char *text = malloc(size);
	struct answer answer;

	memset(text, '[', size);
	CU_ASSERT_EQUAL(read_text(text, size, &answer), ERROR_FORMAT);
	answer_clear(&answer);
	text[0] = '\0';
	CU_ASSERT_EQUAL(read_text(text, size, &answer), ERROR_FORMAT);
	answer_clear(&answer);
	free(text);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"answers are read", answers_are_read},
	        {"refusals keep their text", refusals_keep_their_text},
	        {"what is no answer is refused", what_is_no_answer_is_refused},
	        {"a deep document is refused", a_deep_document_is_refused},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("ctl answer", tests);
}
