/* SPDX-License-Identifier: BSD-3-Clause */
/** The socket in the file system: who may come in, and what another process has left there. */
#ifndef SPECULAR_OPERATION_SOCKET_PATH_H
#define SPECULAR_OPERATION_SOCKET_PATH_H

#include <sys/stat.h>

#include "base/error.h"
#include "config/config.h"

/** A listening socket, non-blocking, closed on exec; *made is its file's status. Errors as socket_server_create. */
int socket_path_listen(const struct config_operation *config, int *fd, struct stat *made,
                       struct error *error);

/** Removes the socket if it is still the one that was made. */
void socket_path_remove(const char *path, const struct stat *made);

#endif
