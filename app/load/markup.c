/* SPDX-License-Identifier: BSD-3-Clause */
#include "markup.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

#define SCRATCH_SIZE 2048u

/** A control character of C0, C1 or DEL, or U+FFFE and U+FFFF, which XML 1.0 forbids. */
static bool is_forbidden(const unsigned char *at, size_t size)
{
	if (size == 1)
		return *at < ' ' || *at == 0x7f;
	if (size == 2)
		return at[0] == 0xc2 && at[1] < 0xa0;
	return size == 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe;
}

void markup_text(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t size = utf8_character_size(text);
		if (size == 0 || is_forbidden((const unsigned char *)text, size))
			(void)fputs(UTF8_REPLACEMENT, out);
		else if (*text == '&')
			(void)fputs("&amp;", out);
		else if (*text == '<')
			(void)fputs("&lt;", out);
		else if (*text == '>')
			(void)fputs("&gt;", out);
		else if (*text == '"')
			(void)fputs("&quot;", out);
		else if (*text == '\'')
			(void)fputs("&#39;", out);
		else
			(void)fwrite(text, 1, size, out);
		text += size == 0 ? 1 : size;
	}
}

void markup_clean(char *text, size_t size)
{
	char clean[SCRATCH_SIZE];
	const char *from = text;
	size_t to = 0;

	while (*from != '\0') {
		size_t octets = utf8_character_size(from);
		bool bad = octets == 0 || is_forbidden((const unsigned char *)from, octets);
		const char *character = bad ? UTF8_REPLACEMENT : from;
		size_t length = bad ? strlen(UTF8_REPLACEMENT) : octets;
		if (to + length >= size || to + length >= sizeof(clean))
			break;
		memcpy(clean + to, character, length);
		to += length;
		from += octets == 0 ? 1 : octets;
	}
	clean[to] = '\0';
	memcpy(text, clean, to + 1);
}
