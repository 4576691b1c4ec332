/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and values of a query, each ended by a zero octet: the line made of them reads back as they were, or is refused. */
#include <stdlib.h>
#include <string.h>

#include "http_query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void compare(const struct http_parameter *parameters, unsigned count,
                    const struct operation_request *request)
{
	const char *command = "status";
	unsigned others = 0;

	for (unsigned i = 0; i < count; i++) {
		if (strcmp(parameters[i].name, "command") == 0) {
			command = parameters[i].value;
			continue;
		}
		require(others < request->count);
		require(strcmp(request->parameters[others].name, parameters[i].name) == 0);
		require(strcmp(request->parameters[others].value, parameters[i].value) == 0);
		others++;
	}
	require(others == request->count && strcmp(request->command, command) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_parameter parameters[OPERATION_PARAMETERS_MAX] = {{NULL, NULL}};
	struct operation_request request;
	char line[OPERATION_REQUEST_SIZE];
	char *text = malloc(size + 1);
	unsigned count = 0;
	size_t length;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (const char *at = text, *end = text + size;
	     at < end && count < OPERATION_PARAMETERS_MAX;) {
		const char *value = at + strlen(at) + 1;
		if (value >= end)
			break;
		parameters[count++] = (struct http_parameter){at, value};
		at = value + strlen(value) + 1;
	}
	if (http_query_line(parameters, count, line, &length)) {
		require(length < OPERATION_REQUEST_SIZE && memchr(line, '\n', length) == NULL);
		if (operation_request_read(line, length, &request, NULL) == 0)
			compare(parameters, count, &request);
	}
	free(text);
	return 0;
}
