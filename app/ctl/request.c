/* SPDX-License-Identifier: BSD-3-Clause */
#include "request.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ENCODED_SIZE 3 /* of an octet */

void request_set(struct request *request, const char *name, const char *value)
{
	unsigned at = 0;

	while (at < request->count && strcmp(request->parameters[at].name, name) != 0)
		at++;
	if (at == REQUEST_PARAMETERS_MAX)
		return;
	request->parameters[at].name = name;
	request->parameters[at].value = value;
	request->count += at == request->count;
}

/** Encoded behind what is used of line; what does not fit only counts. */
static size_t add_value(char *line, size_t used, const char *value)
{
	for (; *value != '\0'; value++) {
		unsigned char octet = (unsigned char)*value;
		char text[ENCODED_SIZE + 1] = {*value, '\0'};

		if (octet <= ' ' || octet == '%' || octet >= 0x7f)
			(void)snprintf(text, sizeof(text), "%%%02X", octet);
		size_t size = strlen(text);
		if (used + size < REQUEST_SIZE)
			memcpy(line + used, text, size + 1);
		used += size;
	}
	return used;
}

int request_write(const struct request *request, char line[REQUEST_SIZE], struct error *error)
{
	size_t used = (size_t)snprintf(line, REQUEST_SIZE, "%s", request->command);

	for (unsigned i = 0; i < request->count && used < REQUEST_SIZE; i++) {
		used += (size_t)snprintf(line + used, REQUEST_SIZE - used,
		                         " %s=", request->parameters[i].name);
		used = add_value(line, used, request->parameters[i].value);
	}
	if (used + 1 >= REQUEST_SIZE)
		return error_set(error, ERROR_LIMIT, "the request is too long; allowed: %u octets",
		                 REQUEST_SIZE);
	memcpy(line + used, "\n", 2);
	return 0;
}
