/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * From a Request-TW-Session to the parameters of a test session, or to the reason why not: RFC 5357 section 3.5, RFC 6038
 * section 4.2, RFC 4656 section 6.2. Decides only: sends, counts and logs nothing.
 */
#ifndef SPECULAR_CONTROL_NEGOTIATION_H
#define SPECULAR_CONTROL_NEGOTIATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "config/config.h"
#include "session/session_registry.h"
#include "wire/control_message.h"

/** What is fixed before the request comes. */
struct negotiation_terms {
	const struct config *config;
	uint32_t mode;          /**< the Mode of the Set-Up-Response */
	struct endpoint client; /**< of the control connection */
	struct endpoint local;
};

/** Octets live on the caller's stack; nothing is to be freed. */
struct negotiation {
	enum accept accept;
	const char *reason;        /**< static text for the log when accept is not ACCEPT_OK */
	bool foreign_address;      /**< refused for an address that is not ours or the client's */
	struct endpoint sender;    /**< resolved: never zero */
	struct endpoint reflector; /**< port as requested until negotiate_port */
	uint16_t vlan;
	uint16_t outer_vlan;
	uint64_t timeout; /**< 32.32 seconds */
	/** All but flow (negotiate_port fills it), sid and keys (the caller's). */
	struct session_parameters parameters;
};

/** Checks every field and fills result; result->accept tells the outcome. */
void negotiate(const struct negotiation_terms *terms, const struct request_tw_session *request,
               struct negotiation *result);

/**
 * Chooses the Receiver Port: the one asked for when it is in the range and its flow is free, else the next free one after it (RFC
 * 5357 section 3.5: the Server MAY suggest an alternate port). Fills reflector.port and parameters.flow. ACCEPT_TEMPORARY_LIMIT when
 * none is free.
 */
void negotiate_port(const struct config *config, const struct session_registry *sessions,
                    struct negotiation *result);

#endif
