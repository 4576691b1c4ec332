/* SPDX-License-Identifier: BSD-3-Clause */
/* Any octets as a request of specular-status/1: what is taken is text within its bounds. */
#include <stdlib.h>
#include <string.h>

#include "operation_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/** No control character: texts of a request may go to a log. */
static int is_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return 0;
	}
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"accepted", "started", "stopped", NULL};
	struct operation_request request;
	struct error error = {""};
	uint64_t value = 100;
	int index = 0;
	/* Of exact size: any read past its end shows. */
	char *line = malloc(size + (size == 0));

	if (line == NULL)
		return 0;
	memcpy(line, data, size);
	int status = operation_request_read(line, size, &request, &error);
	free(line);
	require(status == 0 || error.text[0] != '\0');
	if (status != 0)
		return 0;
	require(request.command[0] != '\0' && is_text(request.command));
	require(request.count <= OPERATION_PARAMETERS_MAX);
	for (unsigned i = 0; i < request.count; i++) {
		require(is_text(request.parameters[i].name) &&
		        is_text(request.parameters[i].value));
		require(operation_parameter(&request, request.parameters[i].name) ==
		        request.parameters[i].value);
	}
	(void)operation_unsigned(&request, "limit", 1, 10000, &value, &error);
	require(value >= 1 && value <= 10000);
	(void)operation_choice(&request, "state", names, &index, &error);
	require(index >= 0 && index < 3);
	return 0;
}
