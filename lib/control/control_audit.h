/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the Server tells an observer of who did what: connections that were refused, opened and closed, test sessions that started and
 * ended. An audit trail is written of it; nothing here is bounded in rate, and nothing is a secret.
 */
#ifndef SPECULAR_CONTROL_CONTROL_AUDIT_H
#define SPECULAR_CONTROL_CONTROL_AUDIT_H

#include <stdint.h>

#include "base/address.h"
#include "session/session_registry.h"
#include "wire/control_message.h"

/** Why a test session or a connection ended, or never came to be: symbol, stable name, meaning. */
#define CONTROL_ENDS(X)                                                                            \
	X(STOPPED, "stopped", "the client stopped the session")                                    \
	X(REFWAIT, "refwait", "no test packet for REFWAIT")                                        \
	X(SERVWAIT, "servwait", "no command for SERVWAIT")                                         \
	X(CONNECTION_CLOSED, "connection-closed", "the client closed the connection, or lost it")  \
	X(PROTOCOL_ERROR, "protocol-error",                                                        \
	  "a message with a wrong HMAC, a wrong number of sessions, or not the protocol's")        \
	X(INTERNAL_ERROR, "internal-error", "something failed on our side")                        \
	X(OPERATOR, "operator", "closed by the operator")                                          \
	X(SHUT_DOWN, "shut-down", "the appliance ended, or is about to")                           \
	X(LIMIT, "limit", "over a limit, or made room for another connection")                     \
	X(SET_UP_EXPIRED, "set-up-expired", "the set-up was not complete in time")                 \
	X(SET_UP_DECLINED, "set-up-declined", "the client chose no mode")                          \
	X(MODE_REFUSED, "mode-refused", "a Mode that can't be had")                                \
	X(KEY_UNKNOWN, "key-unknown", "no key with that KeyID")                                    \
	X(TOKEN_WRONG, "token-wrong", "the Token was not made with that key")                      \
	X(SA_NOT_FOUND, "sa-not-found", "no IKE SA with those SPIs")                               \
	X(SA_NOT_ALLOWED, "sa-not-allowed", "an IKE SA that is not for this client")               \
	X(KEY_PROVIDER_UNREACHABLE, "key-provider-unreachable", "the key provider did not answer")

#define CONTROL_END_ENUM_(symbol, name, meaning) CONTROL_END_##symbol,
enum control_end { CONTROL_ENDS(CONTROL_END_ENUM_) CONTROL_END_COUNT };

/** Its stable name; never NULL. */
const char *control_end_name(enum control_end end);

/** By which kind of key a connection is protected. */
enum control_key_kind { CONTROL_KEY_NONE, CONTROL_KEY_ID, CONTROL_KEY_IKE_SA };

/** Pointers are valid during the call. */
struct control_audit_connection {
	uint64_t id; /**< from 1, of this process; 0: refused before it had one */
	const struct endpoint *client;
	const struct endpoint *local;
	uint32_t mode; /**< bits of enum twamp_mode; 0: none was agreed on */
	enum control_key_kind key_kind;
	const char *key;      /**< the KeyID, or "spi-i/spi-r" in hexadecimal; "" without a key */
	const char *identity; /**< of the IKE peer, where the provider knows it; else "" */
	unsigned sessions;    /**< accepted or started on it, and not stopped */
};

/** Times are NTP format; 0: it never was. */
struct control_audit_session {
	uint64_t connection; /**< id; the connection itself may be gone */
	uint8_t sid[SID_SIZE];
	enum test_mode mode;
	struct endpoint sender;
	struct endpoint reflector;
	uint16_t vlan;       /**< 0: none */
	uint16_t outer_vlan; /**< 0: none */
	uint64_t accepted;
	uint64_t started;
	uint64_t
	        ended; /**< when it was stopped, though packets in transit were answered for its Timeout more */
	struct session_totals totals;
};

/** The observer. Called on the slow path, from within the Server's work: calls back nothing. */
struct control_audit {
	void *context;
	/** The connection never was open: refused at once (id 0), rejected, displaced, or not set up in time. detail: text, may be "". */
	void (*refused)(void *context, const struct control_audit_connection *connection,
	                enum control_end end, const char *detail);
	/** Server-Start with Accept 0 is sent. */
	void (*opened)(void *context, const struct control_audit_connection *connection);
	/** One that was open; its remaining sessions end next. */
	void (*closed)(void *context, const struct control_audit_connection *connection,
	               enum control_end end);
	void (*session_started)(void *context, const struct control_audit_session *session);
	/** No packet of it is answered any more; one that was accepted and never started ends too. */
	void (*session_ended)(void *context, const struct control_audit_session *session,
	                      enum control_end end);
};

#endif
