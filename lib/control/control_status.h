/* SPDX-License-Identifier: BSD-3-Clause */
/** What the Server shows of its connections and test sessions. Slow path only; nothing here is a secret. */
#ifndef SPECULAR_CONTROL_CONTROL_STATUS_H
#define SPECULAR_CONTROL_CONTROL_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "control/control_audit.h"
#include "key/key_provider.h"
#include "session/session_registry.h"
#include "wire/test_packet.h"

struct connection;
struct control_server;

struct control_counts {
	unsigned connections;      /**< TCP connections, half-open ones included */
	unsigned half_open;        /**< set-ups in progress */
	unsigned sessions_started; /**< started and not stopped */
	unsigned sessions_stopped; /**< stopped, within their Timeout */
};

struct control_counts control_counts(const struct control_server *server);

struct control_connection_status {
	uint64_t id; /**< from 1 on, never used again */
	const struct endpoint *client;
	const struct endpoint *local;
	const char *state; /**< "set-up", "key-look-up", "open", "closing" */
	uint32_t mode;     /**< bits of enum twamp_mode; 0: none was agreed on yet */
	enum control_key_kind key_kind;
	char key[KEY_NAME_SIZE];
	const char *identity;      /**< of the IKE peer; NULL: not known */
	uint64_t since;            /**< NTP: when TCP was accepted */
	unsigned sessions;         /**< accepted or started */
	unsigned sessions_started; /**< of them */
};

/** What a visit is told is valid during the call; false ends the visits. */
typedef bool (*control_connection_visit)(void *context,
                                         const struct control_connection_status *connection);
/** Every connection, newest first. The visitor changes nothing. */
void control_visit_connections(const struct control_server *server, control_connection_visit visit,
                               void *context);

enum control_session_state {
	CONTROL_SESSION_ACCEPTED,
	CONTROL_SESSION_STARTED,
	CONTROL_SESSION_STOPPED
};

/** Times are NTP; 0: it never was. */
struct control_session_status {
	const uint8_t *sid; /**< SID_SIZE octets */
	enum control_session_state state;
	uint64_t connection;            /**< id; the connection of a stopped session may be gone */
	const struct connection *owner; /**< for control_key_of; NULL from Stop on */
	const struct core_session
	        *agreed; /**< flow, mode, DSCP, lengths: what is the same on every core */
	uint64_t accepted;
	uint64_t started;
	uint64_t stopped;
	uint64_t timeout; /**< 32.32 seconds */
	struct session_totals totals;
};

typedef bool (*control_session_visit)(void *context, const struct control_session_status *session);

/**
 * Sessions in an order of their own (by the random octets of their SIDs), behind a SID or, with NULL, from the first on. `most`
 * bounds what is looked at. Returns false when it ended before the last session.
 */
bool control_visit_sessions(const struct control_server *server, const uint8_t *after,
                            uint32_t most, control_session_visit visit, void *context);

/** Visits the one with this SID; ERROR_NOT_FOUND. */
int control_find_session(const struct control_server *server, const uint8_t sid[SID_SIZE],
                         control_session_visit visit, void *context);

/** The name of the key of a session's owner; "" when that is NULL or has none. */
void control_key_of(const struct connection *owner, char name[KEY_NAME_SIZE]);

#endif
