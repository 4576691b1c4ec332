/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * Serves the keys of a store over a unix stream socket, by the protocol of doc/ike-key-protocol.md: one thread, which never waits
 * for a client, and whom no client keeps from the others.
 */
#ifndef CHARON_IPPM_KEYS_KEY_SERVER_H
#define CHARON_IPPM_KEYS_KEY_SERVER_H

#include <stddef.h>

#include "base/error.h"
#include "key_log.h"
#include "key_settings.h"
#include "sa_store.h"

/** How long and how much a client may leave undone; 0: the default. */
struct key_server_limits {
	int half_message_ms;   /**< 10,000: a message that has begun must end within */
	int leave_ms;          /**< 1,000: to read the error that ends the connection */
	size_t unsent_maximum; /**< 1 MiB of changes that a subscriber leaves unread */
};

struct key_server;

/**
 * Listens; nobody is answered before key_server_run. settings and store outlive the server. log may be NULL; it is called from
 * key_server_run's thread alone. ERROR_MEMORY; ERROR_SYSTEM and ERROR_EXISTS as server_socket_open.
 */
int key_server_create(const struct key_settings *settings, const struct key_server_limits *limits,
                      struct sa_store *store, key_log_write *log, void *log_context,
                      struct key_server **server, struct error *error);

/** Serves in the calling thread until key_server_end. */
void key_server_run(struct key_server *server);

/** Ends key_server_run promptly, also when it has not begun. From any thread. */
void key_server_end(struct key_server *server);

/** Hangs all clients up and removes the socket's file. key_server_run has returned. server may be NULL. */
void key_server_destroy(struct key_server *server);

#endif
