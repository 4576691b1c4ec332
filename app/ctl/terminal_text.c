/* SPDX-License-Identifier: BSD-3-Clause */
#include "terminal_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

size_t terminal_text(const char *text, char *out, size_t size)
{
	size_t used = 0, characters = 0;

	while (*text != '\0') {
		size_t octets = utf8_character_size(text);
		uint32_t code = octets > 0 ? utf8_code_point(text, octets) : 0;
		bool fit = octets > 0 && !utf8_is_control(code) && !utf8_misleads(code);

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
		uint32_t code = octets > 0 ? utf8_code_point(text + at, octets) : 0;

		if (octets == 0 || octets > size - at) {
			(void)fputc('?', out);
			at++;
			continue;
		}
		if (code > '~' &&
		    (utf8_is_control(code) || (utf8_misleads(code) && code <= 0xffff)))
			(void)fprintf(out, "\\u%04x", code);
		else
			(void)fwrite(text + at, 1, octets, out);
		at += octets;
	}
}
