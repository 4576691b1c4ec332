/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A test session: made by the slow path from an accepted Request-TW-Session, read by the polling lcores.
 *
 * Every core has a view of its own, struct core_session. One flow stays on one core, so one of them is in use; every core has
 * one, since RSS alone knows which.
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
	bool monitoring;          /**< DSCP and ECN, RFC 7750 */
	bool ptp_timestamps;      /**< RFC 8186 section 2.2 */
	uint16_t padding_to_reflect_length; /**< octets; 0 without reflect_octets */
	uint8_t dscp;                       /**< of replies, RFC 5357 section 3.5 */
};

struct ahead;

/* Features of core_session. */
#define SESSION_MONITORING 0x01u /**< replies tell DSCP and ECN of the request, RFC 7750 */
#define SESSION_PTP        0x02u /**< replies' timestamps are PTPv2's, RFC 8186 */

/**
 * What follows from the length of a session's packets, which have one length as a rule: kept from packet to packet (reflect/plan.h).
 * Lengths in octets; sums as reflect/checksum.h has them.
 */
struct reply_plan {
	uint16_t
	        payload_length; /**< UDP payload of the request that it is for; 0: there is no plan yet */
	uint16_t kind;          /**< enum plan_kind */
	uint16_t reply_length; /**< UDP payload of the reply */
	uint16_t udp_length;   /**< the reply's, network order */
	uint16_t
	        reused; /**< the reply's padding begins with so many octets of the request's; the others are zero */
	uint16_t moved; /**< how many of these move */
	uint16_t
	        lost_at; /**< of PLAN_USUAL_*: where in the request is what the reply does not have */
	uint8_t lost_turn; /**< 8 when lost_at is odd, else 0 */
	uint8_t turn;      /**< 8 when padding moves by an odd number of octets, else 0 */
	uint16_t udp_sum;  /**< what is the same for all packets in the UDP checksum */
	uint16_t ip_sum;   /**< and in IPv4's header checksum */
	uint32_t ip_first; /**< the first four octets of the IP header */
};

/**
 * One core's view of a session: all that its datapath needs, in the order it needs it. That core writes the second cache line, the
 * slow path reads it (relaxed); the first is fixed while published, but for reflect_until_tsc.
 */
struct core_session {
	struct flow_key flow; /**< compared on look-up */
	/** Slow path writes, the core reads (relaxed): reply while the receive TSC is below it. */
	uint64_t reflect_until_tsc;
	uint8_t mode;               /**< enum test_mode */
	uint8_t traffic_class;      /**< DSCP << 2; the two ECN bits of the reply are zero */
	uint8_t sender_header_size; /**< incl. Symmetrical Size MBZ */
	uint8_t features;           /**< SESSION_ bits; few sessions have any */
	uint16_t padding_to_reflect_length;
	uint16_t least_length; /**< UDP payload: the sender's header and the padding to reflect */
	/** Expanded by the suite kind of the cores, which only read them; NULL in unauthenticated mode. */
	const void *keys;

	/** Replies so far; RFC 5357 section 4.2.1: the next one's sequence number is its low half, its own count from zero. */
	uint64_t reflected;
	/** Valid test packets (verified, of a started session) without a reply; with the others they are those received. */
	uint64_t not_reflected;
	uint64_t last_received_tsc; /**< for REFWAIT; 0 when none came */
	struct ahead *
	        ahead; /**< the core's: what it computed ahead of time; NULL for none. reflect/ahead.h */
	uint32_t
	        expected_sequence; /**< one more than that of the last request that ahead.h took note of */
	struct reply_plan plan; /**< the core's, of the last packet */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct core_session) == 128, "two cache lines");

/** What the slow path knows of it; its memory is session_slab's. */
struct session {
	struct core_session *cores; /**< one a core; NULL when it is not in use */
	union {
		uint8_t sid[SID_SIZE]; /**< while published */
		struct {
			struct session *next;    /**< of the withdrawn, or of the free ones */
			uint64_t withdraw_token; /**< RCU token after withdrawal */
		};
	};
};

#endif
