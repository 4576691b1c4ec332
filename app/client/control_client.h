/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The Control-Client: RFC 4656 section 3, RFC 5357 section 3, RFC 5938 section 3. Calls follow the protocol's order: connect,
 * greeting, set_up, request_session for each session, start, stop, close. After an error only close is allowed. Everything a
 * server sends is checked. One thread; blocking with deadlines.
 */
#ifndef SPECULAR_CLIENT_CONTROL_CLIENT_H
#define SPECULAR_CLIENT_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control_channel.h"
#include "credentials.h"
#include "crypto/control_stream.h"
#include "crypto/suite.h"
#include "wire/control_message.h"

/** What a person changes, by its name in a program's own language: for the remedies in error texts. */
struct control_words {
	const char *key;      /**< where KeyID and passphrase are given */
	const char *sa;       /**< where the IKE SA and the derivation of its key are given */
	const char *session;  /**< what a session asks for, and what else to try */
	const char *sessions; /**< how many are asked for */
};

struct control_client {
	const struct control_words *words; /**< after connect; NULL: specular-probe's options */
	struct control_channel channel;
	struct control_stream *stream; /**< from set_up on */
	struct session_keys keys; /**< of TWAMP-Control; zero in unauthenticated mode. A secret. */
	struct server_greeting greeting;
	struct server_start server_start;
	uint32_t mode;         /**< chosen, with feature bits */
	bool server_hmac_seen; /**< a right HMAC came: the server does hold the key */
};

/** Connects and reads Server-Greeting; as control_channel_connect, and ERROR_UNAVAILABLE when the server offers no mode. */
int control_client_connect(struct control_client *client, const struct endpoint *server,
                           const struct address *source, uint8_t dscp, int interrupt_fd,
                           struct error *error);

/**
 * Refuses PBKDF2 counts that are below 1,024, no power of two (RFC 4656 section 6.3) or above allowed_count: ERROR_LIMIT.
 */
int control_client_check_count(uint32_t count, uint32_t allowed_count, struct error *error);

/**
 * Set-Up-Response and Server-Start. mode: one security mode, IKEv2Derived or not, and features. ERROR_NOT_FOUND when the server
 * answers Accept 6 (no IKE SA); ERROR_PERMISSION for other refusals.
 */
int control_client_set_up(struct control_client *client, uint32_t mode,
                          const struct credentials *credentials, struct error *error);

/**
 * Request-TW-Session and Accept-Session; a suggested port is taken once. *accept is what the server granted (Accept 0, its port
 * and SID). ERROR_PERMISSION with the Accept code in words when it declined.
 */
int control_client_request_session(struct control_client *client,
                                   struct request_tw_session *request,
                                   struct accept_session *accept, struct error *error);

/**
 * The halves of control_client_request_session, for requests that do not wait for each other's answers: count Request-TW-Sessions in one
 * write, and the next Accept-Session, which is that of the oldest request not answered yet.
 */
int control_client_send_requests(struct control_client *client,
                                 const struct request_tw_session *requests, unsigned count,
                                 struct error *error);
/**
 * request: the one that is answered. *suggested: on return, whether the server suggests another port, which is in request now, and wants
 * it sent once more; before, whether it did so with this request already: only one suggestion is taken. Errors as
 * control_client_request_session's.
 */
int control_client_receive_accept(struct control_client *client, struct request_tw_session *request,
                                  bool *suggested, struct accept_session *accept,
                                  struct error *error);

/** Start-Sessions, or Start-N-Sessions with the SIDs when individual session control was chosen; waits for every Ack. */
int control_client_start(struct control_client *client, const uint8_t (*sids)[SID_SIZE],
                         uint32_t sessions, struct error *error);

/** Stop-Sessions, or Stop-N-Sessions and its Acks. */
int control_client_stop(struct control_client *client, const uint8_t (*sids)[SID_SIZE],
                        uint32_t sessions, struct error *error);

/** Wipes the keys and closes; a zeroed or closed client too (its channel.socket must be -1 then). */
void control_client_close(struct control_client *client);

#endif
