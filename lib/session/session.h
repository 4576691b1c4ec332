/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A test session: made by the slow path from an accepted Request-TW-Session, read by the polling lcores.
 *
 * struct session is shared by all cores: fixed when published, but for reflect_until_tsc. What a core changes (reply sequence,
 * counts) is in struct core_session, one a core. One flow stays on one core, so one of them is in use; every core has one,
 * since RSS alone knows which.
 */
#ifndef SPECULAR_SESSION_SESSION_H
#define SPECULAR_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/suite.h"
#include "session/flow.h"
#include "wire/control_message.h"
#include "wire/test_packet.h"

/** Values of reflect_until_tsc beside a deadline. */
#define REFLECT_NOT_STARTED 0u         /**< accepted, Start not seen */
#define REFLECT_NO_DEADLINE UINT64_MAX /**< started, Stop not seen */

/** What the control protocol agreed on. */
struct session_parameters {
	struct flow_key flow;
	uint8_t sid[SID_SIZE];
	enum test_mode mode;
	struct session_keys keys; /**< TWAMP-Test keys; unused in unauthenticated mode. Secret. */
	bool symmetrical_size;    /**< RFC 6038 section 5.1.4 */
	bool reflect_octets;      /**< RFC 6038 section 5.1.2 */
	uint16_t padding_to_reflect_length; /**< octets; 0 without reflect_octets */
	uint8_t dscp;                       /**< of replies, RFC 5357 section 3.5 */
};

struct core_session;

struct session {
	/* Read by cores; fixed while published. */
	enum test_mode mode;
	uint16_t sender_header_size; /**< incl. Symmetrical Size MBZ */
	uint16_t reflector_header_size;
	uint16_t padding_to_reflect_length;
	uint8_t traffic_class; /**< DSCP << 2; the two ECN bits of the reply are zero */
	bool symmetrical_size;
	/** Expanded by the suite kind of the cores, which only read them; NULL in unauthenticated mode. */
	void *keys;
	/** Slow path writes, cores read (relaxed): reply while the receive TSC is below it. */
	uint64_t reflect_until_tsc;
	/* Slow path only. */
	struct flow_key flow;
	uint8_t sid[SID_SIZE];
	struct core_session *cores; /**< one a core */
	uint64_t withdraw_token;    /**< RCU token after withdrawal */
	unsigned index;             /**< among the published */
	struct session *next_withdrawn;
} __attribute__((aligned(64)));

/** One core's view: the table's entries. That core writes the second half, the slow path reads it (relaxed). */
struct core_session {
	struct flow_key flow;    /**< compared on look-up; fixed */
	struct session *session; /**< fixed */
	uint32_t
	        sequence; /**< of the next reply; RFC 5357 section 4.2.1: its own count from zero */
	uint64_t received; /**< valid test packets, i.e. verified and of a started session */
	uint64_t reflected;
	uint64_t last_received_tsc; /**< for REFWAIT; 0 when none came */
} __attribute__((aligned(64)));

#endif
