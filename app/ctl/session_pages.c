/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_pages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

#define LIMIT_PRESET 100
#define PAGES_MAX    10000 /* more is no end at all */
#define CURSOR_SIZE  64

/** What was asked for, and the pages so far. */
struct pages {
	struct request request;
	const char *order; /**< the member to sort by; NULL: none */
	bool filtered;     /**< else each page's `matched` is all of them */
	size_t limit;
	uint64_t matched;
	char next[CURSOR_SIZE];
};

static const char *parameter(const struct request *request, const char *name)
{
	for (unsigned i = 0; i < request->count; i++) {
		if (strcmp(request->parameters[i].name, name) == 0)
			return request->parameters[i].value;
	}
	return NULL;
}

static struct pages pages_of(const struct request *request)
{
	const char *limit = parameter(request, "limit");
	const char *order = parameter(request, "sort");

	return (struct pages){.request = *request,
	                      .order = order != NULL && strcmp(order, "none") != 0 ? order : NULL,
	                      .filtered = parameter(request, "state") != NULL ||
	                                  parameter(request, "mode") != NULL ||
	                                  parameter(request, "peer") != NULL,
	                      .limit = limit != NULL ? strtoul(limit, NULL, 10) : LIMIT_PRESET};
}

static void note(struct pages *pages, const struct answer *page)
{
	uint64_t matched = document_count(page->document, "matched");

	pages->matched = pages->filtered ? pages->matched + matched : matched;
	(void)snprintf(pages->next, sizeof(pages->next), "%s",
	               document_text(page->document, "next", ""));
}

/** Below 0 when left comes first: the most, the latest; where they are equal, and for the order sid, the smaller SID. */
static int compare(const void *left, const void *right, void *order)
{
	const json_t *a = *(json_t *const *)left, *b = *(json_t *const *)right;
	uint64_t more = document_count(a, order), less = document_count(b, order);
	int later = 0;

	if (strcmp(order, "started") == 0)
		later = strcmp(document_text(b, order, ""), document_text(a, order, ""));
	if (more != less)
		return more > less ? -1 : 1;
	return later != 0 ? later
	                  : strcmp(document_text(a, "sid", ""), document_text(b, "sid", ""));
}

/** The first `limit` in order stay. */
static int put_in_order(const struct pages *pages, json_t *sessions, struct error *error)
{
	size_t count = json_array_size(sessions);
	json_t **found = calloc(count + 1, sizeof(json_t *)), *first = json_array();
	bool well = found != NULL && first != NULL;

	for (size_t i = 0; well && i < count; i++)
		found[i] = json_array_get(sessions, i);
	if (well)
		qsort_r(found, count, sizeof(json_t *), compare, (void *)(uintptr_t)pages->order);
	for (size_t i = 0; well && i < count && i < pages->limit; i++)
		well = json_array_append(first, found[i]) == 0;
	well = well && json_array_clear(sessions) == 0 && json_array_extend(sessions, first) == 0;
	json_decref(first);
	free(found);
	return well ? 0 : error_set(error, ERROR_MEMORY, "no memory for the sessions");
}

static bool wants_more(const struct pages *pages, const struct answer *whole)
{
	size_t count = json_array_size(document_at(whole->document, "sessions"));

	return pages->next[0] != '\0' && (pages->order != NULL || count < pages->limit);
}

static int add_page(const struct call *call, struct pages *pages, struct answer *whole,
                    struct error *error)
{
	json_t *sessions = document_at(whole->document, "sessions");
	char left[CURSOR_SIZE];
	struct answer page;

	(void)snprintf(left, sizeof(left), "%zu",
	               pages->order != NULL ? pages->limit
	                                    : pages->limit - json_array_size(sessions));
	request_set(&pages->request, "limit", left);
	request_set(&pages->request, "after", pages->next);
	int status = call_appliance(call, &pages->request, &page, error);
	if (status == 0 && json_array_extend(sessions, document_at(page.document, "sessions")) != 0)
		status = error_set(error, ERROR_FORMAT, "the answer has no list of sessions");
	if (status == 0)
		note(pages, &page);
	answer_clear(&page);
	return status != 0 || pages->order == NULL ? status : put_in_order(pages, sessions, error);
}

/** What the pages say of themselves is said of all of them. */
static int finish(const struct pages *pages, struct answer *whole, struct error *error)
{
	bool goes_on = pages->next[0] != '\0';
	char *text = NULL;

	if (json_object_set_new(whole->document, "matched",
	                        json_integer((json_int_t)pages->matched)) == 0 &&
	    json_object_set_new(whole->document, "complete", json_boolean(!goes_on)) == 0 &&
	    json_object_set_new(whole->document, "next",
	                        goes_on ? json_string(pages->next) : json_null()) == 0)
		text = json_dumps(whole->document, JSON_INDENT(2));
	if (text == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the sessions");
	free(whole->text);
	whole->text = text;
	whole->size = strlen(text);
	return 0;
}

int session_pages_call(const struct call *call, const struct request *request,
                       struct answer *answer, struct error *error)
{
	struct pages pages = pages_of(request);
	int status = call_appliance(call, request, answer, error), count = 1;

	if (status != 0)
		return status;
	note(&pages, answer);
	while (status == 0 && wants_more(&pages, answer)) {
		if (++count > PAGES_MAX)
			return error_set(error, ERROR_LIMIT, "the sessions have no end");
		status = add_page(call, &pages, answer, error);
	}
	return status != 0 || count == 1 ? status : finish(&pages, answer, error);
}
