/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One test session's life at the Server: accepted, started, stopped, withdrawn. From Stop on it belongs to the server, not to its
 * connection, and packets in transit are still answered for its Timeout (RFC 5357 section 3.8).
 */
#ifndef SPECULAR_CONTROL_TEST_SESSION_H
#define SPECULAR_CONTROL_TEST_SESSION_H

#include <stdint.h>
#include <sys/queue.h>

#include "control/server.h"
#include "session/session.h"

enum test_session_state { TEST_SESSION_ACCEPTED, TEST_SESSION_STARTED, TEST_SESSION_STOPPED };

/** What a look at all sessions needs stands first. */
struct test_session {
	LIST_ENTRY(test_session) sid_link;
	struct session *session;       /**< published */
	struct connection *connection; /**< NULL from Stop on */
	uint64_t connection_id;
	uint64_t timeout; /**< 32.32 seconds */
	uint64_t started; /**< NTP; 0: not yet */
	uint64_t ended;   /**< NTP: when it was stopped; 0: not yet */
	enum test_session_state state;
	enum limit_pool pool;
	struct control_server *server;
	uint64_t started_tsc;     /**< REFWAIT counts from here until a packet comes */
	uint64_t until_tsc;       /**< once stopped: packets are answered until here */
	uint64_t stop_number;     /**< once stopped: from 1 on, in the order of being stopped */
	struct deadline deadline; /**< REFWAIT while started, Timeout once stopped */
	struct address_usage *usage;
	TAILQ_ENTRY(test_session) link; /**< connection's accepted, its started, server's stopped */
};

/**
 * Publishes a session and puts it on its connection. The limits have been taken for it; they are given back when it ends. Errors of
 * session_publish, ERROR_MEMORY.
 */
int test_session_create(struct connection *connection, const struct session_parameters *parameters,
                        uint64_t timeout, struct test_session **created, struct error *error);

/** The accepted or started session of this connection with this SID; NULL: none. */
struct test_session *test_session_find(const struct connection *connection,
                                       const uint8_t sid[SID_SIZE]);

/** The session with this SID, whoever's it is, or was until it was stopped; NULL: none. */
struct test_session *test_session_by_sid(const struct control_server *server,
                                         const uint8_t sid[SID_SIZE]);

/** Test packets are answered from now on, and REFWAIT runs. */
void test_session_start(struct test_session *test);

/** Test packets are answered until Timeout after stopped_tsc; then the session ends by itself. */
void test_session_stop(struct test_session *test, uint64_t stopped_tsc);

/** For the server's deadlines. */
void test_session_deadline(struct deadline *deadline);

/** Withdraws at once and frees. */
void test_session_end(struct test_session *test, enum control_end end);

#endif
