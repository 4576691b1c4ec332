/* SPDX-License-Identifier: BSD-3-Clause */
/** What an operator does to the running Server. Slow path only, from the event loop: not from within the Server's own call-backs. */
#ifndef SPECULAR_CONTROL_CONTROL_OPERATOR_H
#define SPECULAR_CONTROL_CONTROL_OPERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "control/control_server.h"

/**
 * Another configuration, or its own changed in place, and other or the same providers, as in struct control_environment. Connections that
 * are set up, and sessions, keep what they negotiated and have; a lower limit refuses new ones only. Set-ups that wait for a key ask anew.
 * What was derived from keys that are gone is wiped. SERVWAIT and REFWAIT are the new ones from the next time that they are counted.
 * control.listen is not looked at.
 *
 * When it returns, nothing of the Server uses the old configuration and the old providers: the caller frees them.
 */
void control_server_reconfigure(struct control_server *server, const struct config *config,
                                struct key_provider *psk_provider,
                                struct key_provider *ike_provider);

/** Another observer from now on; NULL: none. */
void control_server_observe(struct control_server *server, const struct control_audit *audit);

/**
 * No new connection (the greeting has Modes 0, RFC 4656 section 3.1), set-up (Accept 5) and session (Accept 5) from now on; what there is
 * goes on until its client ends it.
 */
void control_server_drain(struct control_server *server);

/** What is closed, though the last of very many sessions, and of connections, may take some turns of the event loop. */
struct control_closed {
	unsigned connections;
	unsigned sessions;
};

/** Closes a connection, which withdraws its accepted and started sessions. ERROR_NOT_FOUND. */
int control_server_close_connection(struct control_server *server, uint64_t id,
                                    struct control_closed *closed);

/** Withdraws a session at once, a stopped one too; its connection stays. ERROR_NOT_FOUND. */
int control_server_close_session(struct control_server *server, const uint8_t sid[SID_SIZE],
                                 struct control_closed *closed);

/** Closes all connections and withdraws all sessions that there are now. From now on none of those is listened to. */
struct control_closed control_server_close_all(struct control_server *server);

#endif
