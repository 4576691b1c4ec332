/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_writer.h"

#include <inttypes.h>

static void write_string(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char octet = (unsigned char)*text;
		if (octet == '"' || octet == '\\')
			(void)fprintf(out, "\\%c", octet);
		else if (octet < ' ' || octet == 0x7f)
			(void)fprintf(out, "\\u%04x", octet);
		else
			(void)fputc(octet, out);
	}
	(void)fputc('"', out);
}

static void indent(const struct json_writer *json)
{
	(void)fputc('\n', json->out);
	for (unsigned i = 0; i < json->depth; i++)
		(void)fputs("  ", json->out);
}

static void begin(struct json_writer *json, const char *name)
{
	if (json->behind_value)
		(void)fputc(',', json->out);
	if (json->depth > 0)
		indent(json);
	if (name != NULL) {
		write_string(json->out, name);
		(void)fputs(": ", json->out);
	}
	json->behind_value = true;
}

void json_open(struct json_writer *json, const char *name, char bracket)
{
	begin(json, name);
	(void)fputc(bracket, json->out);
	json->depth++;
	json->behind_value = false;
}

void json_close(struct json_writer *json, char bracket)
{
	json->depth--;
	if (json->behind_value)
		indent(json);
	(void)fputc(bracket, json->out);
	json->behind_value = true;
	if (json->depth == 0)
		(void)fputc('\n', json->out);
}

void json_string(struct json_writer *json, const char *name, const char *value)
{
	if (value == NULL) {
		json_null(json, name);
		return;
	}
	begin(json, name);
	write_string(json->out, value);
}

void json_unsigned(struct json_writer *json, const char *name, uint64_t value)
{
	begin(json, name);
	(void)fprintf(json->out, "%" PRIu64, value);
}

void json_signed(struct json_writer *json, const char *name, int64_t value)
{
	begin(json, name);
	(void)fprintf(json->out, "%" PRId64, value);
}

void json_bool(struct json_writer *json, const char *name, bool value)
{
	begin(json, name);
	(void)fputs(value ? "true" : "false", json->out);
}

void json_null(struct json_writer *json, const char *name)
{
	begin(json, name);
	(void)fputs("null", json->out);
}
