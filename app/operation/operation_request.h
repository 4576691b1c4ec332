/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A request of specular-status/1: one line of words, `COMMAND [NAME=VALUE]...`. Command and names are of a-z and -; values are
 * percent-encoded where they hold blanks, control characters or %. doc/operations.md describes the protocol.
 */
#ifndef SPECULAR_OPERATION_OPERATION_REQUEST_H
#define SPECULAR_OPERATION_OPERATION_REQUEST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "wire/control_message.h"

#define OPERATION_REQUEST_SIZE   1024u /**< octets of a line with its end */
#define OPERATION_PARAMETERS_MAX 16u

/** Whence a request came. */
enum operation_origin { ORIGIN_SOCKET, ORIGIN_HTTP, ORIGIN_TELEMETRY };

/** Who asks: of a client of the unix socket as the kernel says, else zero. */
struct operation_peer {
	enum operation_origin origin;
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

struct operation_request {
	char text[OPERATION_REQUEST_SIZE]; /**< what the others point into */
	const char *command;
	unsigned count;
	struct {
		const char *name;
		const char *value;
	} parameters[OPERATION_PARAMETERS_MAX];
	struct operation_peer peer;
};

/** line: size octets, without the line's end; any octets. Sets all but peer. ERROR_FORMAT, ERROR_LIMIT. */
int operation_request_read(const char *line, size_t size, struct operation_request *request,
                           struct error *error);

/** The value of a parameter; NULL: not given. */
const char *operation_parameter(const struct operation_request *request, const char *name);

/** An integer of minimum to maximum; *value stays where the parameter is not given. ERROR_ARGUMENT. */
int operation_unsigned(const struct operation_request *request, const char *name, uint64_t minimum,
                       uint64_t maximum, uint64_t *value, struct error *error);

/** A session's name, 32 hexadecimal digits, which must be given. ERROR_ARGUMENT. */
int operation_sid(const struct operation_request *request, const char *name, uint8_t sid[SID_SIZE],
                  struct error *error);

/** The index of the value in names, which ends with NULL; *index stays where the parameter is not given. ERROR_ARGUMENT. */
int operation_choice(const struct operation_request *request, const char *name,
                     const char *const *names, int *index, struct error *error);

#endif
