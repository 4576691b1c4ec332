/* SPDX-License-Identifier: BSD-3-Clause */
/** A question to the appliance, and its answer, over its unix socket. */
#ifndef SPECULAR_CTL_CALL_H
#define SPECULAR_CTL_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "answer.h"
#include "request.h"

#define CALL_SOCKET_PRESET "/run/specular/specular.sock"
/** Octets of an answer: more than 10,000 sessions need. */
#define CALL_ANSWER_MAX (64u << 20)

struct call {
	const char *socket;
	int64_t wait_ms;           /**< for all of a call */
	const volatile int *ended; /**< not zero: stop; NULL: nobody stops it */
};

/**
 * Asks; the answer was read (answer.h), and answer_clear() frees it, on an error too. ERROR_NOT_FOUND, ERROR_PERMISSION,
 * ERROR_UNAVAILABLE: nobody there, not allowed, no answer in time or stopped; the texts name the remedy. ERROR_SYSTEM, and the
 * errors of answer_read() and request_write().
 */
int call_appliance(const struct call *call, const struct request *request, struct answer *answer,
                   struct error *error);

#endif
