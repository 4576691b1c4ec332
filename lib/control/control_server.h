/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The Server of RFC 5357: listens, negotiates, and publishes sessions. libevent, slow path only.
 * One connection's life is in connection.h, its set-up in set_up.h, its commands in commands.h, who may have how much in limits.h.
 */
#ifndef SPECULAR_CONTROL_CONTROL_SERVER_H
#define SPECULAR_CONTROL_CONTROL_SERVER_H

#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "clock/tsc_clock.h"
#include "config/config.h"
#include "control/control_audit.h"
#include "key/key_provider.h"
#include "session/session_registry.h"
#include "stats/counters.h"

struct event_base;
struct bufferevent;
struct control_server;

/** What the Server needs; everything outlives it and stays its owner's. */
struct control_environment {
	struct event_base *base;
	const struct config *config;
	struct session_registry *sessions;
	struct key_provider *psk_provider; /**< NULL: no KeyID is known */
	struct key_provider *ike_provider; /**< NULL: MODE_IKEV2_DERIVED is not offered */
	const struct tsc_clock *clock;
	uint64_t tsc_hz;
	struct control_counters *counters;
	const struct control_audit *audit; /**< NULL: nobody observes */
};

/** Does not listen yet. */
int control_server_create(const struct control_environment *environment,
                          struct control_server **server, struct error *error);

/**
 * Listens on every address of control.listen. ERROR_SYSTEM names the address and what to do (port taken: by whom to look; address not
 * there: the TAP or interface is missing).
 */
int control_server_listen(struct control_server *server, struct error *error);

/** Takes a connected stream as if it had been accepted: for unit tests and fuzz targets (bufferevent_pair). Owns it from now on. */
int control_server_adopt(struct control_server *server, struct bufferevent *stream,
                         const struct endpoint *client, const struct endpoint *local);

/** Closes every connection, withdraws its sessions, wipes its keys. */
void control_server_destroy(struct control_server *server);

/** Open connections: for tests and status. */
unsigned control_server_connections(const struct control_server *server);

#endif
