/* SPDX-License-Identifier: BSD-3-Clause */
/** One question to an IKE daemon by the protocol of doc/ike-key-protocol.md, waiting for the answer: the probe's way. */
#ifndef SPECULAR_KEY_IKE_KEY_QUERY_H
#define SPECULAR_KEY_IKE_KEY_QUERY_H

#include "base/error.h"
#include "wire/ike_key_message.h"

/**
 * Connects to the unix socket at path, sends the request (its number is chosen here), waits up to timeout_ms for the answer, and
 * closes. 0: *answer is the SA, with what was wanted; the caller wipes it. ERROR_NOT_FOUND: the daemon has no such SA. ERROR_UNAVAILABLE:
 * nobody listens there, or no answer in time. ERROR_PERMISSION: the daemon or the file system refuses us. ERROR_FORMAT: what answers
 * there does not speak the protocol, or answers what was not asked. ERROR_ARGUMENT: the path is too long for a unix socket,
 * or request is not GET_BY_SPIS or GET_BY_PEER. ERROR_SYSTEM. The text says what to do. interrupt_fd: readable when the wait shall end (ERROR_UNAVAILABLE); -1: none.
 */
int ike_key_query(const char *path, const struct ike_key_message *request, int timeout_ms,
                  int interrupt_fd, struct ike_key_message *answer, struct error *error);

#endif
