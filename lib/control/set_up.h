/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Connection set-up: greeting, Set-Up-Response, key look-up, Server-Start. RFC 4656 section 3.1, RFC 5618 section 3.1, RFC 7717
 * section 5. doc/key-path.md tells the key's way.
 */
#ifndef SPECULAR_CONTROL_SET_UP_H
#define SPECULAR_CONTROL_SET_UP_H

#include <stdbool.h>
#include <stdint.h>

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

/** The connection ends: no answer of a key provider is awaited any more. */
void set_up_cancel(struct connection *connection);

#endif
