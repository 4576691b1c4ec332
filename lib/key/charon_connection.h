/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A connection to an IKE daemon's unix socket: messages of ike_key_message.h in and out, from an event loop. What comes lies in one
 * buffer of the connection's own and is wiped once it has been handled; libevent's buffers never see it.
 */
#ifndef SPECULAR_KEY_CHARON_CONNECTION_H
#define SPECULAR_KEY_CHARON_CONNECTION_H

#include "base/error.h"
#include "wire/ike_key_message.h"

struct event_base;
struct charon_connection;

/** Called from the event loop only. */
struct charon_receiver {
	/** A message has come. Not 0, with a text: the connection is of no use any more; ended follows. It must not be closed here. */
	int (*message)(void *context, const struct ike_key_message *message, struct error *error);
	/**
	 * Nothing comes any more; the receiver closes the connection. status: ERROR_UNAVAILABLE (the daemon hung up), ERROR_FORMAT (it
	 * does not speak the protocol), ERROR_PERMISSION (another version of it), or what message returned.
	 */
	void (*ended)(void *context, int status, const char *reason);
	void *context;
};

/** ERROR_ARGUMENT when a path is too long for a unix socket; the text says how long it may be. */
int charon_connection_check_path(const char *path, struct error *error);

/**
 * Connects, which does not block. ERROR_UNAVAILABLE: it can't; the text has what the system says and what to do about it.
 * ERROR_ARGUMENT: the path is too long. ERROR_MEMORY.
 */
int charon_connection_open(struct event_base *base, const char *path,
                           const struct charon_receiver *receiver,
                           struct charon_connection **connection, struct error *error);

/** Queues a request; the event loop sends it. ERROR_LIMIT when too much is queued. Never calls the receiver. */
int charon_connection_send(struct charon_connection *connection,
                           const struct ike_key_message *request);

/** Wipes and frees; the receiver isn't called. connection may be NULL. */
void charon_connection_close(struct charon_connection *connection);

#endif
