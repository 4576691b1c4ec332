/* SPDX-License-Identifier: BSD-3-Clause */
#include "markup.h"
#include "report_sections.h"
#include "report_words.h"
#include "reports.h"

void report_html(FILE *out, const struct run_result *result)
{
	(void)fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">", out);
	(void)fputs("<title>specular-load</title></head><body>\n", out);
	for (unsigned i = 0; i < REPORT_SECTION_COUNT; i++)
		section_write_html(out, report_sections[i].title, report_sections[i].source,
		                   result);
	(void)fputs("</body></html>\n", out);
}
