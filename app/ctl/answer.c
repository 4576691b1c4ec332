/* SPDX-License-Identifier: BSD-3-Clause */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"

#define SCHEMA_NAME_SIZE (sizeof(ANSWER_SCHEMA) - 2) /* without the version */

static const struct {
	const char *name;
	int status;
} codes[] = {
        {"wrong-parameter", ERROR_ARGUMENT},  {"not-found", ERROR_NOT_FOUND},
        {"unknown-command", ERROR_NOT_FOUND}, {"refused", ERROR_PERMISSION},
        {"busy", ERROR_UNAVAILABLE},
};

static int check_schema(const json_t *document, struct error *error)
{
	const char *schema = document_text(document, "schema", "");

	if (strcmp(schema, ANSWER_SCHEMA) == 0)
		return 0;
	if (strncmp(schema, ANSWER_SCHEMA, SCHEMA_NAME_SIZE) == 0)
		return error_set(error, ERROR_FORMAT,
		                 "the appliance speaks %.64s, this specularctl " ANSWER_SCHEMA
		                 "; take the specularctl of the appliance's version",
		                 schema);
	return error_set(error, ERROR_FORMAT,
	                 "the answer is no " ANSWER_SCHEMA "; is this socket a specular's?");
}

static int refusal(const json_t *document, struct error *error)
{
	const char *code = document_text(document, "error.code", "failed");
	const char *text = document_text(document, "error.text", "no reason given");
	int status = ERROR_SYSTEM;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i].name, code) == 0)
			status = codes[i].status;
	}
	return error_set(error, status, "%s", text);
}

int answer_read(struct answer *answer, struct error *error)
{
	json_error_t wrong;
	json_t *document;
	int status;

	if (answer->size == 0)
		return error_set(error, ERROR_FORMAT,
		                 "the appliance closed the connection without an answer; its log "
		                 "may say why");
	/* Behind a number jansson takes it for a blank. */
	if (memchr(answer->text, '\0', answer->size) != NULL)
		return error_set(error, ERROR_FORMAT, "the answer is no JSON: it has an octet 0");
	document = json_loadb(answer->text, answer->size, JSON_REJECT_DUPLICATES, &wrong);
	if (document == NULL)
		return error_set(error, ERROR_FORMAT,
		                 "the answer is cut off, or no JSON: line %d, column %d: %s",
		                 wrong.line, wrong.column, wrong.text);
	status = check_schema(document, error);
	if (status != 0) {
		json_decref(document);
		return status;
	}
	answer->document = document;
	return json_object_get(document, "error") != NULL ? refusal(document, error) : 0;
}

void answer_clear(struct answer *answer)
{
	json_decref(answer->document);
	free(answer->text);
	*answer = (struct answer){0};
}
