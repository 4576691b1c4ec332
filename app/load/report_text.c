/* SPDX-License-Identifier: BSD-3-Clause */
#include "markup.h"
#include "report_sections.h"
#include "report_words.h"
#include "reports.h"
#include "section_text.h"

#define LINE_SIZE 2048u

void report_text(FILE *out, const struct run_result *result)
{
	char line[LINE_SIZE];
	struct words started = words_time(&result->environment.started);

	(void)snprintf(line, sizeof(line), "%s: %s, %s to %s%s", result->environment.version,
	               words_run(result->config->run), started.text,
	               words_time(&result->environment.ended).text,
	               result->interrupted ? ", interrupted" : "");
	markup_clean(line, sizeof(line));
	section_text_paragraph(out, 0, line);
	for (unsigned i = 0; i < REPORT_SECTION_COUNT; i++)
		section_write_text(out, report_sections[i].title, report_sections[i].source,
		                   result);
	(void)fputc('\n', out);
	words_verdict(result, line, sizeof(line));
	markup_clean(line, sizeof(line));
	(void)fprintf(out, "%s\n", line);
}
