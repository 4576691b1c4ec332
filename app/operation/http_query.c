/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_query.h"

#include <stdio.h>
#include <string.h>

#define COMMAND "command"

/** What needs no percent-encoding in a request's line. */
#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/,"

static void write_encoded(FILE *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		if (strchr(PLAIN, *text) != NULL)
			(void)fputc(*text, out);
		else
			(void)fprintf(out, "%%%02X", (unsigned char)*text);
	}
}

bool http_query_line(const struct http_parameter *parameters, unsigned count,
                     char line[OPERATION_REQUEST_SIZE], size_t *size)
{
	const char *command = "status";
	FILE *out;

	if (count > OPERATION_PARAMETERS_MAX)
		return false;
	out = fmemopen(line, OPERATION_REQUEST_SIZE, "w");
	if (out == NULL)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(parameters[i].name, COMMAND) == 0)
			command = parameters[i].value;
	}
	write_encoded(out, command);
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(parameters[i].name, COMMAND) == 0)
			continue;
		(void)fputc(' ', out);
		write_encoded(out, parameters[i].name);
		(void)fputc('=', out);
		write_encoded(out, parameters[i].value);
	}
	long end = ftell(out);
	bool fits = fflush(out) == 0 && end >= 0 && end < (long)OPERATION_REQUEST_SIZE;
	*size = fits ? (size_t)end : 0;
	return fclose(out) == 0 && fits;
}
