/* SPDX-License-Identifier: BSD-3-Clause */
#include "section_text.h"

#include <string.h>

#define INDENT       2u
#define GAP          2u
#define WIDTH_LEAST  10u /**< of a left column that gives way */
#define CONTINUATION 0x80u

/** Characters of the first length octets. */
static unsigned characters(const char *text, size_t length)
{
	unsigned count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xc0u) != CONTINUATION;
	return count;
}

/** Octets of text that make a line of at most width characters: up to a blank if there is one. */
static size_t line_length(const char *text, unsigned width)
{
	size_t at = 0, blank = 0;
	unsigned count = 0;

	for (; text[at] != '\0'; at++) {
		if (((unsigned char)text[at] & 0xc0u) == CONTINUATION)
			continue;
		if (text[at] == ' ')
			blank = at;
		if (count++ == width)
			return blank > 0 ? blank : at;
	}
	return at;
}

static const char *skip_blanks(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

static void fill(FILE *out, unsigned count)
{
	(void)fprintf(out, "%*s", (int)count, "");
}

static void measure(struct section *section)
{
	for (unsigned i = 0; i < section->column_count; i++) {
		unsigned width = characters(section->cells[i], strlen(section->cells[i]));
		if (width > section->columns[i].width)
			section->columns[i].width = width;
	}
}

static unsigned row_width(const struct section *section)
{
	unsigned width = INDENT;

	for (unsigned i = 0; i < section->column_count; i++)
		width += section->columns[i].width + (i > 0 ? GAP : 0);
	return width;
}

void section_text_fit(struct section *section)
{
	while (row_width(section) > SECTION_WIDTH) {
		struct section_column *widest = NULL;

		for (unsigned i = 0; i < section->column_count; i++) {
			struct section_column *column = &section->columns[i];
			if (column->align == SECTION_LEFT && column->width > WIDTH_LEAST &&
			    (widest == NULL || column->width > widest->width))
				widest = column;
		}
		if (widest == NULL)
			return;
		widest->width--;
	}
}

/** One line of a row; true while there is more. Blanks are kept back until something follows them. */
static bool write_line(struct section *section, const char *rest[])
{
	unsigned pending = INDENT;
	bool more = false;

	for (unsigned i = 0; i < section->column_count; i++) {
		const struct section_column *column = &section->columns[i];
		size_t length = column->align == SECTION_RIGHT
		                        ? strlen(rest[i])
		                        : line_length(rest[i], column->width);
		unsigned used = characters(rest[i], length);
		unsigned free_width = used < column->width ? column->width - used : 0;

		pending += i > 0 ? GAP : 0;
		if (column->align == SECTION_RIGHT)
			pending += free_width;
		if (length > 0) {
			fill(section->out, pending);
			(void)fwrite(rest[i], 1, length, section->out);
			pending = 0;
		}
		if (column->align == SECTION_LEFT)
			pending += free_width;
		rest[i] = skip_blanks(rest[i] + length);
		more = more || *rest[i] != '\0';
	}
	(void)fputc('\n', section->out);
	return more;
}

void section_text_row(struct section *section)
{
	const char *rest[SECTION_COLUMNS_MAX];

	if (section->form == SECTION_MEASURE) {
		measure(section);
		return;
	}
	for (unsigned i = 0; i < section->column_count; i++)
		rest[i] = section->cells[i];
	while (write_line(section, rest))
		;
}

void section_text_paragraph(FILE *out, unsigned indent, const char *text)
{
	do {
		size_t length = line_length(text, SECTION_WIDTH - indent);
		fill(out, length > 0 ? indent : 0);
		(void)fwrite(text, 1, length, out);
		(void)fputc('\n', out);
		text = skip_blanks(text + length);
	} while (*text != '\0');
}
