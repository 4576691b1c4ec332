/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_pages.h"

#include <stdlib.h>
#include <string.h>

#include "health.h"
#include "http_query.h"
#include "metrics.h"
#include "page_files.h"

#define HTTP_OK          200u
#define HTTP_BAD_REQUEST 400u
#define HTTP_FORBIDDEN   403u
#define HTTP_NOT_FOUND   404u
#define HTTP_FAILED      500u
#define HTTP_UNAVAILABLE 503u

#define TYPE_TEXT         "text/plain; charset=utf-8"
#define TYPE_JSON         "application/json"
#define TYPE_METRICS      "text/plain; version=0.0.4; charset=utf-8"
#define TYPE_OPEN_METRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

typedef void (*page)(struct operation *operation, const struct http_request *request,
                     struct http_answer *answer);

static void answer_text(struct http_answer *answer, unsigned status, const char *text)
{
	answer->status = status;
	answer->type = TYPE_TEXT;
	answer->size = 0;
	if (asprintf(&answer->text, "%s\n", text) < 0)
		answer->text = NULL;
	else
		answer->size = strlen(answer->text);
}

static void write_metrics(struct operation *operation, const struct http_request *request,
                          struct http_answer *answer)
{
	bool open = request->accept != NULL &&
	            strstr(request->accept, "application/openmetrics-text") != NULL;

	answer->status = HTTP_OK;
	answer->type = open ? TYPE_OPEN_METRICS : TYPE_METRICS;
	answer->text = metrics_text(operation_source(operation), open, &answer->size);
}

static void write_health(struct operation *operation, const struct http_request *request,
                         struct http_answer *answer)
{
	char text[HEALTH_TEXT_SIZE];
	bool well = health_check(operation_source(operation), text);

	(void)request;
	answer_text(answer, well ? HTTP_OK : HTTP_UNAVAILABLE, text);
}

static unsigned status_of(int error)
{
	switch (error) {
	case 0:
		return HTTP_OK;
	case ERROR_ARGUMENT:
	case ERROR_FORMAT:
	case ERROR_LIMIT:
		return HTTP_BAD_REQUEST;
	case ERROR_NOT_FOUND:
		return HTTP_NOT_FOUND;
	case ERROR_PERMISSION:
		return HTTP_FORBIDDEN;
	case ERROR_UNAVAILABLE:
		return HTTP_UNAVAILABLE;
	default:
		return HTTP_FAILED;
	}
}

static void write_status(struct operation *operation, const struct http_request *request,
                         struct http_answer *answer)
{
	const struct operation_peer peer = {.origin = ORIGIN_HTTP};
	struct operation_answer document = {.status = ERROR_LIMIT};
	char line[OPERATION_REQUEST_SIZE];
	size_t size;

	if (http_query_line(request->parameters, request->count, line, &size))
		operation_answer(operation, line, size, &peer, &document);
	else
		operation_answer_error("", "wrong-parameter", "the query is too long", &document);
	answer->status = status_of(document.status);
	answer->type = TYPE_JSON;
	answer->text = document.text;
	answer->size = document.size;
}

static const struct {
	const char *path;
	page write;
} pages[] = {
        {"/metrics", write_metrics},
        {HTTP_HEALTH_PATH, write_health},
        {"/status.json", write_status},
};

static const struct page_file *find_file(const char *path)
{
	for (const struct page_file *file = page_files; file->path != NULL; file++) {
		if (strcmp(file->path, path) == 0)
			return file;
	}
	return NULL;
}

void http_pages_answer(struct operation *operation, const struct http_request *request,
                       struct http_answer *answer)
{
	const struct page_file *file = find_file(request->path);

	*answer = (struct http_answer){.status = HTTP_OK};
	for (unsigned i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(request->path, pages[i].path) == 0) {
			pages[i].write(operation, request, answer);
			return;
		}
	}
	if (file == NULL) {
		answer_text(answer, HTTP_NOT_FOUND,
		            "nothing is here; there are /, /metrics, /healthz and /status.json");
		return;
	}
	answer->type = file->type;
	answer->page = file->text;
	answer->size = file->size;
}
