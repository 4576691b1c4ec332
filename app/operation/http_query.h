/* SPDX-License-Identifier: BSD-3-Clause */
/** The query of /status.json as a line of the unix socket's protocol, whose reader judges it. */
#ifndef SPECULAR_OPERATION_HTTP_QUERY_H
#define SPECULAR_OPERATION_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "operation_request.h"

struct http_parameter {
	const char *name;
	const char *value; /**< decoded; NULL: there is no = */
};

/**
 * The parameter "command" is the line's first word, by default status. line has no end and no terminator that counts, *size octets.
 * False: too many parameters, or too long.
 */
bool http_query_line(const struct http_parameter *parameters, unsigned count,
                     char line[OPERATION_REQUEST_SIZE], size_t *size);

#endif
