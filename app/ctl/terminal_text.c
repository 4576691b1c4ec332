/* SPDX-License-Identifier: BSD-3-Clause */
#include "terminal_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

#define DELETE    0x7fu
#define C1_LAST   0x9fu
#define SIZE_BITS 0x1fu /* of a two octets' lead */
#define CONTINUED 0x3fu

static uint32_t code_point(const char *text, size_t size)
{
	const uint8_t *octets = (const uint8_t *)text;
	uint32_t code = octets[0];

	if (size > 1) /* The lead of n octets has 7 - n bits. */
		code &= SIZE_BITS >> (size - 2);
	for (size_t i = 1; i < size; i++)
		code = code << 6 | (octets[i] & CONTINUED);
	return code;
}

static bool is_control(uint32_t code)
{
	return code < ' ' || (code >= DELETE && code <= C1_LAST);
}

/** Marks and overrides of direction, line and paragraph separators, tags. */
static bool misleads(uint32_t code)
{
	return code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe007f);
}

size_t terminal_text(const char *text, char *out, size_t size)
{
	size_t used = 0, characters = 0;

	while (*text != '\0') {
		size_t octets = utf8_character_size(text);
		uint32_t code = octets > 0 ? code_point(text, octets) : 0;
		bool fit = octets > 0 && !is_control(code) && !misleads(code);

		if (used + (fit ? octets : 1) >= size)
			break;
		if (fit)
			memcpy(out + used, text, octets);
		else
			out[used] = '?';
		used += fit ? octets : 1;
		characters++;
		text += octets > 0 ? octets : 1;
	}
	out[used] = '\0';
	return characters;
}

void terminal_document(const char *text, size_t size, FILE *out)
{
	for (size_t at = 0; at < size;) {
		size_t octets = text[at] == '\0' ? 0 : utf8_character_size(text + at);
		uint32_t code = octets > 0 ? code_point(text + at, octets) : 0;

		if (octets == 0 || octets > size - at) {
			(void)fputc('?', out);
			at++;
			continue;
		}
		if (code >= DELETE && (is_control(code) || (misleads(code) && code <= 0xffff)))
			(void)fprintf(out, "\\u%04x", code);
		else
			(void)fwrite(text + at, 1, octets, out);
		at += octets;
	}
}
