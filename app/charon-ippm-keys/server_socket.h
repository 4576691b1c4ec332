/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The key server's unix socket and its file. */
#ifndef CHARON_IPPM_KEYS_SERVER_SOCKET_H
#define CHARON_IPPM_KEYS_SERVER_SOCKET_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/error.h"

struct server_socket {
	int fd;
	const char *path; /**< the caller's */
	dev_t device;     /**< of the file made */
	ino_t inode;
};

/**
 * Listens at path, non-blocking; the file has the mode before anybody can connect. The file of a socket that nobody listens on is
 * replaced. ERROR_EXISTS: somebody listens there, or something else than a socket has that name. ERROR_SYSTEM; ERROR_ARGUMENT:
 * the path is too long.
 */
int server_socket_open(struct server_socket *listener, const char *path, mode_t mode, int backlog,
                       struct error *error);

/** Closes, and removes the file unless another has taken its place. */
void server_socket_close(struct server_socket *listener);

#endif
