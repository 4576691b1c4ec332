/* SPDX-License-Identifier: BSD-3-Clause */
#include "paging.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

#define PAGE_SIZE_TEXT "1000"
#define PAGES_MAX      10000 /* more is no end at all */
#define CURSOR_SIZE    64

static int add_page(struct answer *whole, const struct answer *page, const char *list,
                    struct error *error)
{
	if (json_array_extend(document_at(whole->document, list),
	                      document_at(page->document, list)) != 0)
		return error_set(error, ERROR_FORMAT, "the answer has no list of %s", list);
	return 0;
}

/** False: no memory. What is not there is not said of the whole either. */
static bool replace(json_t *document, const char *name, json_t *value)
{
	if (document_at(document, name) != NULL)
		return json_object_set_new(document, name, value) == 0;
	json_decref(value);
	return true;
}

/** What a page says of itself is said of the whole. */
static int finish(struct answer *whole, const char *list, struct error *error)
{
	json_t *document = whole->document;
	size_t count = json_array_size(document_at(document, list));
	char *text;

	if (!replace(document, "matched", json_integer((json_int_t)count)) ||
	    !replace(document, "complete", json_true()) ||
	    !replace(document, "next", json_null()) ||
	    (text = json_dumps(document, JSON_INDENT(2))) == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the %s", list);
	free(whole->text);
	whole->text = text;
	whole->size = strlen(text);
	return 0;
}

int paging_call(const struct call *call, const struct request *first, struct answer *answer,
                struct error *error)
{
	const char *list = first->command;
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
			return error_set(error, ERROR_LIMIT, "the %s have no end", list);
		request_set(&request, "after", cursor);
		status = call_appliance(call, &request, &page, error);
		if (status == 0)
			status = add_page(answer, &page, list, error);
		(void)snprintf(cursor, sizeof(cursor), "%s",
		               document_text(page.document, "next", ""));
		answer_clear(&page);
	}
	return status != 0 || pages == 1 ? status : finish(answer, list, error);
}
