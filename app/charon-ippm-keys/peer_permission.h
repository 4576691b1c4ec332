/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Which local processes may ask for keys: by the user and groups that the kernel says they had when they connected. */
#ifndef CHARON_IPPM_KEYS_PEER_PERMISSION_H
#define CHARON_IPPM_KEYS_PEER_PERMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/** Whoever has one of the uids, or one of the gids as its group or a supplementary one, may ask. */
struct peer_permission {
	uid_t *uids;
	gid_t *gids;
	size_t uid_count;
	size_t gid_count;
};

struct peer_credentials {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/**
 * Reads two lists of names or numbers, separated by spaces or commas; an empty list allows nobody. ERROR_FORMAT: no such user or
 * group; ERROR_MEMORY. peer_permission_clear frees what was read, also after an error.
 */
int peer_permission_parse(const char *uids, const char *gids, struct peer_permission *permission,
                          struct error *error);
void peer_permission_clear(struct peer_permission *permission);

/** True when only the process's own user and root may ask: then nobody else needs to reach the socket. */
bool peer_permission_is_private(const struct peer_permission *permission);

/**
 * Asks the kernel about a connected unix socket's other end. Sets *who. 0; ERROR_PERMISSION: it may not ask; ERROR_SYSTEM: the
 * kernel does not say.
 */
int peer_permission_check(const struct peer_permission *permission, int connection,
                          struct peer_credentials *who);

#endif
