/* SPDX-License-Identifier: BSD-3-Clause */
#include "paging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

#define PAGE_SIZE_TEXT "10000"
#define PAGES_MAX      1000 /* more is no end at all */
#define CURSOR_SIZE    64

static int add_page(struct answer *whole, const struct answer *page, struct error *error)
{
	json_t *sessions = document_at(whole->document, "sessions");

	if (json_array_extend(sessions, document_at(page->document, "sessions")) != 0)
		return error_set(error, ERROR_FORMAT, "the answer has no list of sessions");
	return 0;
}

/** What a page says of itself is said of the whole. */
static int finish(struct answer *whole, struct error *error)
{
	json_t *document = whole->document;
	size_t count = json_array_size(document_at(document, "sessions"));
	char *text;

	if (json_object_set_new(document, "matched", json_integer((json_int_t)count)) != 0 ||
	    json_object_set_new(document, "complete", json_true()) != 0 ||
	    json_object_set_new(document, "next", json_null()) != 0 ||
	    (text = json_dumps(document, JSON_INDENT(2))) == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the sessions");
	free(whole->text);
	whole->text = text;
	whole->size = strlen(text);
	return 0;
}

int paging_sessions(const struct call *call, const struct request *first, struct answer *answer,
                    struct error *error)
{
	struct request request = *first;
	char cursor[CURSOR_SIZE];
	int status, pages = 1;

	request_set(&request, "limit", PAGE_SIZE_TEXT);
	status = call_appliance(call, &request, answer, error);
	if (status != 0)
		return status;
	(void)snprintf(cursor, sizeof(cursor), "%s", document_text(answer->document, "next", ""));
	while (status == 0 && cursor[0] != '\0') {
		struct answer page;
		if (++pages > PAGES_MAX)
			return error_set(error, ERROR_LIMIT, "the sessions have no end");
		request_set(&request, "after", cursor);
		status = call_appliance(call, &request, &page, error);
		if (status == 0)
			status = add_page(answer, &page, error);
		(void)snprintf(cursor, sizeof(cursor), "%s",
		               document_text(page.document, "next", ""));
		answer_clear(&page);
	}
	return status != 0 ? status : finish(answer, error);
}
