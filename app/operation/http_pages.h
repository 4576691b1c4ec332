/* SPDX-License-Identifier: BSD-3-Clause */
/** What the HTTP listener has at which path. All of it only watches. Slow path. */
#ifndef SPECULAR_OPERATION_HTTP_PAGES_H
#define SPECULAR_OPERATION_HTTP_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#include "http_query.h"
#include "operation.h"

#define HTTP_HEALTH_PATH "/healthz"

struct http_request {
	const char *path;
	const char *accept; /**< NULL: the header is not there */
	unsigned count;     /**< of parameters; those above OPERATION_PARAMETERS_MAX are not kept */
	struct http_parameter parameters[OPERATION_PARAMETERS_MAX];
};

struct http_answer {
	unsigned status;
	const char *type; /**< Content-Type; constant */
	char *text;       /**< allocated: the caller frees it; NULL with size 0: no memory */
	const char *page; /**< instead of text: constant */
	size_t size;
};

void http_pages_answer(struct operation *operation, const struct http_request *request,
                       struct http_answer *answer);

#endif
