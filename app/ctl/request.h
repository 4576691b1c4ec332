/* SPDX-License-Identifier: BSD-3-Clause */
/** One line of specular-status/1: `COMMAND [NAME=VALUE]...` (doc/operations.md). */
#ifndef SPECULAR_CTL_REQUEST_H
#define SPECULAR_CTL_REQUEST_H

#include "base/error.h"

/** Octets of a line with its end; the appliance takes no longer one. */
#define REQUEST_SIZE           1024u
#define REQUEST_PARAMETERS_MAX 8u

/** Texts are borrowed. */
struct request {
	const char *command;
	unsigned count;
	struct {
		const char *name;
		const char *value;
	} parameters[REQUEST_PARAMETERS_MAX];
};

/** Adds a parameter, or replaces the one of that name. At most REQUEST_PARAMETERS_MAX names. */
void request_set(struct request *request, const char *name, const char *value);

/** The line with its end, values percent-encoded. ERROR_LIMIT. */
int request_write(const struct request *request, char line[REQUEST_SIZE], struct error *error);

#endif
