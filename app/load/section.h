/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A section of a report for people: a title, paragraphs and one table, written as text or as HTML from the same source. Nothing is
 * stored: for text the source runs twice, first to learn the columns' widths. What comes from outside is made harmless here: broken
 * UTF-8 and control characters become U+FFFD, and HTML is escaped. Main thread.
 */
#ifndef SPECULAR_LOAD_SECTION_H
#define SPECULAR_LOAD_SECTION_H

#include <stdbool.h>
#include <stdio.h>

#define SECTION_COLUMNS_MAX 12u
#define SECTION_CELL_SIZE   1024u
#define SECTION_WIDTH       110u /**< characters of a line of text */

enum section_align { SECTION_LEFT, SECTION_RIGHT };
enum section_tone { SECTION_PLAIN, SECTION_GOOD, SECTION_BAD };
enum section_form { SECTION_MEASURE, SECTION_TEXT, SECTION_HTML };

struct section_column {
	const char *title;
	enum section_align align;
	unsigned width; /**< characters */
};

struct section {
	FILE *out;
	enum section_form form;
	const char *title;
	bool titled;   /**< the title was written */
	bool in_table; /**< the columns' titles were */
	struct section_column columns[SECTION_COLUMNS_MAX];
	unsigned column_count;
	char cells[SECTION_COLUMNS_MAX][SECTION_CELL_SIZE];
	unsigned filled;
	enum section_tone tone;
};

/** Writes a section's paragraphs and rows by the functions below; a section without any is left out, title and all. */
typedef void (*section_source)(struct section *section, const void *context);

void section_write_text(FILE *out, const char *title, section_source source, const void *context);
void section_write_html(FILE *out, const char *title, section_source source, const void *context);

/** For a source, before the first row. title "" in all columns: no row of titles. Numbers stand on the right. */
void section_column(struct section *section, enum section_align align, const char *title);
/** The next cell; the last column's ends the row. Left columns are wrapped in text where the line is too short for all. */
void section_cell(struct section *section, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/** Of the row that begins, in HTML. */
void section_tone(struct section *section, enum section_tone tone);
/** A row of one cell: what the rows below it are about. */
void section_span(struct section *section, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/** A paragraph; it ends the table. */
void section_note(struct section *section, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
