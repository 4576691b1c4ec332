/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The unix socket of specularctl: one request a connection, one document, then it is closed. At most SOCKET_CLIENTS_MAX clients at
 * once, more of them wait; each has SOCKET_CLIENT_SECONDS for all of it. While SOCKET_PENDING_MAX octets of answers wait to be
 * fetched there is no further one. Event loop, slow path only.
 */
#ifndef SPECULAR_OPERATION_SOCKET_SERVER_H
#define SPECULAR_OPERATION_SOCKET_SERVER_H

#include "base/error.h"
#include "operation.h"

#define SOCKET_CLIENTS_MAX    32u
#define SOCKET_CLIENT_SECONDS 10
#define SOCKET_PENDING_MAX    (16u << 20)

struct socket_server;

/**
 * Listens at path, with mode 0600, or 0660 and that group (""; none), owned by user ("": who runs the process). What a dead
 * process has left at path is removed. ERROR_EXISTS: a live one listens there, or it is no socket. ERROR_NOT_FOUND: no such
 * user or group. ERROR_SYSTEM.
 */
int socket_server_create(struct operation *operation, const struct config_operation *config,
                         struct socket_server **server, struct error *error);
/** Drops every client and removes the socket. NULL is allowed. */
void socket_server_destroy(struct socket_server *server);

#endif
