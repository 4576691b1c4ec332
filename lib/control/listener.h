/* SPDX-License-Identifier: BSD-3-Clause */
/** A listening TCP socket and what is done to the sockets it accepts. */
#ifndef SPECULAR_CONTROL_LISTENER_H
#define SPECULAR_CONTROL_LISTENER_H

#include "base/error.h"
#include "config/config.h"

struct control_server;
struct listener;

/**
 * Listens; connections go to control_server_adopt, with the DSCP of their SYN on all our packets (RFC 5357 section 3.1). ERROR_SYSTEM
 * says what to do; ERROR_MEMORY.
 */
int listener_open(struct control_server *server, const struct config_listen *where,
                  struct listener **listener, struct error *error);
void listener_close(struct listener *listener);

#endif
