/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Connection set-up: greeting, Set-Up-Response, Server-Start. RFC 4656 section 3.1, RFC 5618 section 3.1; keys are key_agreement.h's.
 */
#ifndef SPECULAR_CONTROL_SET_UP_H
#define SPECULAR_CONTROL_SET_UP_H

#include <stdbool.h>
#include <stdint.h>

#include "control/control_audit.h"
#include "wire/control_message.h"

struct bufferevent;
struct connection;

/** Sends the greeting with a Challenge of its own and the Salt of now. ERROR_CRYPTO without entropy. */
int set_up_greet(struct connection *connection);

/** A greeting with Modes 0: the Server does not wish to talk. */
void set_up_refuse(struct bufferevent *stream);

/** A whole Set-Up-Response. Answers now, or later when the key provider has to be waited for. False: close. */
bool set_up_response_handle(struct connection *connection,
                            const uint8_t octets[SET_UP_RESPONSE_SIZE]);

/** The positive Server-Start: keys are in place, or the mode has none. Rejects when the pool is full. */
void set_up_complete(struct connection *connection);

/** A negative Server-Start, in clear with Server-IV and Start-Time zero, ends the connection. */
void set_up_reject(struct connection *connection, enum accept accept, enum control_end end);

/** Logs what failed on our side and rejects with ACCEPT_INTERNAL_ERROR. */
void set_up_fail(struct connection *connection, const char *what);

#endif
