/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/json_writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"

/** Digits that tell every double from its neighbours. */
#define DOUBLE_DIGITS 17
#define DOUBLE_SHORT  15

/** Beyond 16 bits a pair (RFC 8259 section 7). */
static void write_escape(FILE *out, uint32_t code)
{
	if (code > 0xffff) {
		code -= 0x10000;
		(void)fprintf(out, "\\u%04x", 0xd800 | code >> 10);
		code = 0xdc00 | (code & 0x3ff);
	}
	(void)fprintf(out, "\\u%04x", code);
}

/** Octets that stand for themselves. */
static size_t plain_length(const unsigned char *at)
{
	size_t length = 0;

	while (at[length] >= ' ' && at[length] < 0x7f && at[length] != '"' && at[length] != '\\')
		length++;
	return length;
}

/**
 * What is no UTF-8, in a name of the command line or at the end of a text that was cut, becomes U+FFFD: JSON is UTF-8. What would mislead a
 * terminal or an eye stands as its escape, since people look at files and logs.
 */
static void write_string(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	(void)fputc('"', out);
	for (;;) {
		size_t plain = plain_length(at);
		(void)fwrite(at, 1, plain, out);
		at += plain;
		if (*at == '\0')
			break;
		size_t size = utf8_character_size((const char *)at);
		uint32_t code = size == 0 ? 0 : utf8_code_point((const char *)at, size);
		if (size == 0)
			(void)fputs("\\ufffd", out);
		else if (*at == '"' || *at == '\\')
			(void)fprintf(out, "\\%c", *at);
		else if (utf8_is_control(code) || utf8_misleads(code))
			write_escape(out, code);
		else
			(void)fwrite(at, 1, size, out);
		at += size == 0 ? 1 : size;
	}
	(void)fputc('"', out);
}

static bool is_flat(const struct json_writer *json, unsigned depth)
{
	return json->flat != 0 && depth >= json->flat;
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
	if (is_flat(json, json->depth))
		(void)fputs(json->behind_value ? " " : "", json->out);
	else if (json->depth > 0)
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
	if (json->behind_value && !is_flat(json, json->depth + 1))
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

void json_unsigned_wide(struct json_writer *json, const char *name, unsigned __int128 value)
{
	char digits[40];
	char *at = digits + sizeof(digits);

	*--at = '\0';
	do {
		*--at = (char)('0' + (unsigned)(value % 10));
		value /= 10;
	} while (value > 0);
	begin(json, name);
	(void)fputs(at, json->out);
}

void json_signed(struct json_writer *json, const char *name, int64_t value)
{
	begin(json, name);
	(void)fprintf(json->out, "%" PRId64, value);
}

void json_double(struct json_writer *json, const char *name, double value)
{
	char text[32];

	if (!isfinite(value)) {
		json_null(json, name);
		return;
	}
	for (int digits = DOUBLE_SHORT; digits <= DOUBLE_DIGITS; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	begin(json, name);
	(void)fputs(text, json->out);
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
