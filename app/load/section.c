/* SPDX-License-Identifier: BSD-3-Clause */
#include "section.h"

#include <stdarg.h>
#include <string.h>

#include "markup.h"
#include "section_text.h"

/** Formats into text and makes it harmless. */
__attribute__((format(printf, 2, 0))) static void
format_clean(char text[SECTION_CELL_SIZE], const char *format, va_list arguments)
{
	(void)vsnprintf(text, SECTION_CELL_SIZE, format, arguments);
	markup_clean(text, SECTION_CELL_SIZE);
}

static bool has_titles(const struct section *section)
{
	for (unsigned i = 0; i < section->column_count; i++) {
		if (section->columns[i].title[0] != '\0')
			return true;
	}
	return false;
}

static const char *html_class(const struct section_column *column)
{
	return column->align == SECTION_RIGHT ? " class=\"n\"" : "";
}

static void html_titles(struct section *section)
{
	(void)fputs("<div class=\"scroll\"><table>\n", section->out);
	if (!has_titles(section))
		return;
	(void)fputs("<tr>", section->out);
	for (unsigned i = 0; i < section->column_count; i++) {
		(void)fprintf(section->out, "<th%s>", html_class(&section->columns[i]));
		markup_text(section->out, section->columns[i].title);
		(void)fputs("</th>", section->out);
	}
	(void)fputs("</tr>\n", section->out);
}

static void begin(struct section *section)
{
	if (section->titled)
		return;
	section->titled = true;
	if (section->form == SECTION_TEXT)
		(void)fprintf(section->out, "\n%s\n", section->title);
	if (section->form != SECTION_HTML || section->title[0] == '\0')
		return;
	(void)fputs("<h2>", section->out);
	markup_text(section->out, section->title);
	(void)fputs("</h2>\n", section->out);
}

static void begin_table(struct section *section)
{
	begin(section);
	if (section->in_table)
		return;
	section->in_table = true;
	if (section->form == SECTION_HTML) {
		html_titles(section);
	} else if (has_titles(section)) {
		for (unsigned i = 0; i < section->column_count; i++)
			(void)snprintf(section->cells[i], SECTION_CELL_SIZE, "%s",
			               section->columns[i].title);
		section_text_row(section);
	}
}

static void end_table(struct section *section)
{
	if (section->in_table && section->form == SECTION_HTML)
		(void)fputs("</table></div>\n", section->out);
	section->in_table = false;
}

void section_column(struct section *section, enum section_align align, const char *title)
{
	struct section_column *column;

	if (section->column_count == SECTION_COLUMNS_MAX)
		return;
	column = &section->columns[section->column_count++];
	column->title = title;
	column->align = align;
}

void section_tone(struct section *section, enum section_tone tone)
{
	section->tone = tone;
}

static void html_row(struct section *section)
{
	static const char *const rows[] = {[SECTION_PLAIN] = "<tr>",
	                                   [SECTION_GOOD] = "<tr class=\"good\">",
	                                   [SECTION_BAD] = "<tr class=\"bad\">"};

	(void)fputs(rows[section->tone], section->out);
	section->tone = SECTION_PLAIN;
	for (unsigned i = 0; i < section->column_count; i++) {
		(void)fprintf(section->out, "<td%s>", html_class(&section->columns[i]));
		markup_text(section->out, section->cells[i]);
		(void)fputs("</td>", section->out);
	}
	(void)fputs("</tr>\n", section->out);
}

void section_cell(struct section *section, const char *format, ...)
{
	va_list arguments;

	if (section->filled == 0)
		begin_table(section);
	va_start(arguments, format);
	format_clean(section->cells[section->filled++], format, arguments);
	va_end(arguments);
	if (section->filled < section->column_count)
		return;
	section->filled = 0;
	if (section->form == SECTION_HTML)
		html_row(section);
	else
		section_text_row(section);
}

void section_span(struct section *section, const char *format, ...)
{
	char text[SECTION_CELL_SIZE];
	va_list arguments;

	begin_table(section);
	va_start(arguments, format);
	format_clean(text, format, arguments);
	va_end(arguments);
	if (section->form == SECTION_TEXT)
		section_text_paragraph(section->out, 2, text);
	if (section->form != SECTION_HTML)
		return;
	(void)fprintf(section->out, "<tr><th class=\"span\" colspan=\"%u\">",
	              section->column_count);
	markup_text(section->out, text);
	(void)fputs("</th></tr>\n", section->out);
}

void section_note(struct section *section, const char *format, ...)
{
	char text[SECTION_CELL_SIZE];
	va_list arguments;

	begin(section);
	end_table(section);
	va_start(arguments, format);
	format_clean(text, format, arguments);
	va_end(arguments);
	if (section->form == SECTION_TEXT)
		section_text_paragraph(section->out, 2, text);
	if (section->form != SECTION_HTML)
		return;
	(void)fputs("<p>", section->out);
	markup_text(section->out, text);
	(void)fputs("</p>\n", section->out);
}

void section_write_text(FILE *out, const char *title, section_source source, const void *context)
{
	struct section section = {.out = out, .title = title, .form = SECTION_MEASURE};

	source(&section, context);
	section_text_fit(&section);
	section.form = SECTION_TEXT;
	section.titled = false;
	section.in_table = false;
	section.column_count = 0;
	source(&section, context);
}

void section_write_html(FILE *out, const char *title, section_source source, const void *context)
{
	struct section section = {.out = out, .title = title, .form = SECTION_HTML};

	source(&section, context);
	end_table(&section);
}
