/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The HTTP listener of operation.http: GET and HEAD of what http_pages has. libmicrohttpd within the event loop, no thread of its own.
 * At most HTTP_CLIENTS_MAX connections at once, more of them wait; none has more than HTTP_REQUEST_SECONDS for a request and its
 * answer. Slow path only.
 */
#ifndef SPECULAR_OPERATION_HTTP_SERVER_H
#define SPECULAR_OPERATION_HTTP_SERVER_H

#include "base/error.h"
#include "operation.h"

#define HTTP_CLIENTS_MAX 32u
/** Octets of a connection's request, headers and all, and of its answer's headers. */
#define HTTP_CLIENT_MEMORY 16384u

struct http_server;

/** config outlives it; its hosts may change. ERROR_EXISTS: somebody listens there. ERROR_SYSTEM: no such address, no permission. ERROR_MEMORY. */
int http_server_create(struct operation *operation, const struct config_http *config,
                       struct http_server **server, struct error *error);
/** Closes every connection. NULL is allowed. */
void http_server_destroy(struct http_server *server);

#endif
