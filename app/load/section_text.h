/* SPDX-License-Identifier: BSD-3-Clause */
/** Sections as text: columns and wrapping. section.c's own. */
#ifndef SPECULAR_LOAD_SECTION_TEXT_H
#define SPECULAR_LOAD_SECTION_TEXT_H

#include "section.h"

/** The row in section->cells: measured, or written by the columns' widths. */
void section_text_row(struct section *section);
/** After measuring: left columns give way until a row fits a line. */
void section_text_fit(struct section *section);
/** Wrapped, all lines indented. */
void section_text_paragraph(FILE *out, unsigned indent, const char *text);

#endif
