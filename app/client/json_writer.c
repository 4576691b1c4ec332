/* SPDX-License-Identifier: BSD-3-Clause */
#include "json_writer.h"

#include <inttypes.h>

/** Octets of the UTF-8 character that text begins with; 0 when it is none (RFC 3629 section 4). */
static size_t character_size(const unsigned char *text)
{
	/* By lead octet: how many follow, and within which bounds the first of these is. */
	static const struct {
		unsigned char first, last, followers, low, high;
	} leads[] = {{0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 1, 0x80, 0xbf},
	             {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf},
	             {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
	             {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf},
	             {0xf4, 0xf4, 3, 0x80, 0x8f}};
	size_t row = 0;

	while (row < sizeof(leads) / sizeof(leads[0]) && text[0] > leads[row].last)
		row++;
	if (row == sizeof(leads) / sizeof(leads[0]) || text[0] < leads[row].first)
		return 0;
	for (size_t i = 1; i <= leads[row].followers; i++) {
		unsigned char low = i == 1 ? leads[row].low : 0x80;
		unsigned char high = i == 1 ? leads[row].high : 0xbf;
		if (text[i] < low || text[i] > high)
			return 0;
	}
	return 1u + leads[row].followers;
}

/** What is no UTF-8, in a name of the command line or at the end of a text that was cut, becomes U+FFFD: JSON is UTF-8. */
static void write_string(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	(void)fputc('"', out);
	while (*at != '\0') {
		size_t size = character_size(at);
		if (size == 0)
			(void)fputs("\\ufffd", out);
		else if (*at == '"' || *at == '\\')
			(void)fprintf(out, "\\%c", *at);
		else if (*at < ' ' || *at == 0x7f)
			(void)fprintf(out, "\\u%04x", *at);
		else
			(void)fwrite(at, 1, size, out);
		at += size == 0 ? 1 : size;
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
