/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One control connection: its life, its buffered input and output, the framing of messages. Set-up is set_up.h's, commands are
 * commands.h's; they never free a connection: a handler that returns false asks for it to be closed.
 *
 * Memory of a connection is bounded: input by a high-water mark, output by not reading while a client does not take its answers.
 */
#ifndef SPECULAR_CONTROL_CONNECTION_H
#define SPECULAR_CONTROL_CONNECTION_H

#include <event2/bufferevent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "control/portions.h"
#include "control/server.h"
#include "control/test_session.h"
#include "crypto/control_stream.h"
#include "key/key_provider.h"
#include "wire/control_message.h"

enum connection_state {
	CONNECTION_GREETED,    /**< greeting sent, Set-Up-Response awaited */
	CONNECTION_KEY_LOOKUP, /**< the key provider is asked; input waits */
	CONNECTION_OPEN,       /**< commands */
	CONNECTION_WORKING,    /**< a command is being done in portions; input waits */
	CONNECTION_FLUSHING,   /**< closed as soon as the last message has left */
	CONNECTION_ENDED,      /**< closed; what is left of its sessions ends in portions */
};

struct connection {
	struct control_server *server;
	uint64_t id;    /**< from 1 on, never used again */
	uint64_t since; /**< NTP: when it was accepted */
	struct bufferevent *stream;
	struct endpoint client;
	struct endpoint local;
	enum connection_state state;
	bool paused;         /**< reading stopped until the client has taken its answers */
	struct event *timer; /**< set-up deadline, then SERVWAIT; at the end the time to flush */
	struct address_usage *usage;
	enum limit_pool pool;
	enum control_end
	        end; /**< why it closes; CONTROL_END_STOPPED, a session's, while nobody has told */

	/* Set-up. */
	uint8_t challenge[CHALLENGE_SIZE];
	uint8_t salt[SALT_SIZE];
	struct set_up_response response;
	struct key_provider *provider; /**< asked; NULL when no answer is awaited */
	struct key_lookup *lookup;
	struct event
	        *look_up_timer; /**< ikev2.timeout; NULL when no IKE provider's answer is awaited */
	/** Waits for its token key; a copy, wiped when the key is there. NULL when there is nothing to wait for. */
	struct shared_secret *secret;
	char *identity;       /**< of the IKE peer; NULL: not known */
	bool secret_is_known; /**< false: it stands in for that of an unknown KeyID */
	/** The SA was gone before the token key was there: the provider is asked once more. */
	bool asks_anew;

	/* From Server-Start on. */
	uint32_t mode;                 /**< bits of enum twamp_mode that both know */
	struct session_keys keys;      /**< secret; zero in unauthenticated mode */
	struct control_stream *cipher; /**< passes through in unauthenticated mode */

	/* The message that is being received: have of need octets. */
	uint8_t *message;
	size_t message_capacity;
	size_t have;
	size_t need;

	uint32_t
	        sessions_most; /**< sessions-per-connection when it was set up; the limit may be lower by now */
	struct test_session_queue accepted;
	struct test_session_queue started;
	unsigned session_count; /**< in both */
	unsigned in_progress;   /**< of them those that are started */
	/** Started and not yet accounted for by a Stop-Sessions; those that REFWAIT ended still count. */
	unsigned unstopped;

	/* While CONNECTION_WORKING. */
	portion_step step;    /**< the command's */
	uint64_t command_tsc; /**< when it came */
	struct sid_list
	        *sids; /**< of Start-N-Sessions and Stop-N-Sessions; individual_control.c's */
	bool hung_up;  /**< the client has closed, or is lost */
	TAILQ_ENTRY(connection) portion_link; /**< while it has a step, or has ended */

	TAILQ_ENTRY(connection) link;
	TAILQ_ENTRY(connection) half_open_link; /**< while pool is POOL_NONE */
};

/** Takes the stream, sends the greeting. The limits have been taken for it. ERROR_MEMORY, ERROR_CRYPTO: the stream is freed. */
int connection_create(struct control_server *server, struct bufferevent *stream,
                      const struct endpoint *client, const struct endpoint *local,
                      struct address_usage *usage);

/** The set-up is complete: from half-open into the pool of its mode. False, and still half-open, when there is no room. */
bool connection_enter_pool(struct connection *connection, enum limit_pool pool);

/**
 * Ends it at once: hangs up, wipes its keys, withdraws its accepted and started sessions, many of them in portions. Not from within a
 * message handler, nor to be used afterwards. end is why, unless connection->end has been told before.
 */
void connection_close(struct connection *connection, enum control_end end);

/** For portions.h: one that is closed and has no session. */
void connection_free(struct connection *connection);
/** For portions.h: any session that it has; NULL: none. */
struct test_session *connection_any_session(const struct connection *connection);
/** For portions.h: input waits. */
void connection_command_goes_on(struct connection *connection, portion_step step);
/** For portions.h: on with the input; or it is closed, when the command failed. */
void connection_command_done(struct connection *connection, bool well);

/** Octets as they are, for set-up. They are sent when the event's messages have been handled. */
void connection_write(struct connection *connection, const void *octets, size_t size);

/** Completes the HMAC in the last 16 octets, encrypts in place, sends. False when the cipher fails. */
bool connection_send(struct connection *connection, uint8_t *octets, size_t size);

/** Nothing more is read; closes when the output is empty. From a message handler, or followed by connection_resume. */
void connection_finish(struct connection *connection, enum control_end end);

/** Goes on with input that has waited and sends what has been written; later, from the event loop. */
void connection_resume(struct connection *connection);

/** sessions-per-connection of its pool, as it is now. */
uint32_t connection_session_limit(const struct connection *connection);

/** True while a session is started and not stopped. */
static inline bool connection_is_measuring(const struct connection *connection)
{
	return connection->in_progress > 0;
}

/** SERVWAIT (RFC 5357 section 3.1): restarts it, or suspends it while a session is in progress. */
void connection_watch_activity(struct connection *connection);

#endif
