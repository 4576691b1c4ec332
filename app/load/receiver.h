/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Replies, opened and judged in memory: RFC 5357 section 4.2.1, RFC 6038 section 5.2, RFC 4737. No DPDK type, no malloc, lock, log or
 * system call. Trusts no octet.
 */
#ifndef SPECULAR_LOAD_RECEIVER_H
#define SPECULAR_LOAD_RECEIVER_H

#include <stdint.h>

#include "clock/tsc_clock.h"
#include "crypto/suite.h"
#include "evidence.h"
#include "load_session.h"
#include "measures.h"
#include "reflect/reflector.h"

#define RECEIVE_BURST_MAX 64u

/** Durations of a burst, which go into the histograms together. */
struct receive_times {
	unsigned counts[LOAD_DISTRIBUTION_COUNT];
	int64_t values[LOAD_DISTRIBUTION_COUNT][RECEIVE_BURST_MAX];
};

struct receiver {
	const struct load_sessions *sessions;
	struct reflector_settings
	        settings; /**< our addresses and ports, as replies have them as their destination */
	struct suite *suite; /**< NULL when no session has keys */
	const struct tsc_clock *clock;
	struct load_measures *measures;
	struct evidence *evidence; /**< NULL: none is kept */
	double ns_per_tsc;
	uint64_t timeout_tsc;   /**< a reply later than this behind its packet is late */
	uint8_t core;           /**< this lcore's index: only sessions that it owns are judged */
	const uint8_t *station; /**< the port's Ethernet address; NULL: none */
	/* Of TRIAL_BURST: the reflector's first and last Timestamp of the right replies, and how many. */
	uint64_t first_timestamp, last_timestamp;
	uint32_t timestamps;
	/* What the packet before had, and what that means: the receiver's own. */
	uint64_t arrival_tsc, arrival_ntp;
	uint32_t error_estimates;   /**< both, the sender's and the reflector's */
	struct receive_times times; /**< empty between bursts */
};

enum received_as {
	RECEIVED_TEST,      /**< judged, or counted as a fault: the buffer is free */
	RECEIVED_OTHER,     /**< no test traffic: the kernel's */
	RECEIVED_ELSEWHERE, /**< a session of lcore `owner`: untouched, to be handed to it */
};

/** The first part by the caller, the second by receive_burst. octets are changed (decrypted) in place when judged. */
struct received_frame {
	uint8_t *octets;
	uint16_t length;
	uint64_t arrival_tsc;

	uint8_t as; /**< enum received_as */
	uint8_t owner;
};

/** Handles count <= RECEIVE_BURST_MAX frames in order of arrival. */
void receive_burst(struct receiver *receiver, struct received_frame frames[], unsigned count);

/** A trial begins: sequence numbers from the sessions' next on; the first `warm_up` packets of each session do not count. */
void receive_begin(struct load_session *session);
/** From here on the session's packets count (the warm-up is over). The sender's lcore, between two packets. */
void receive_count_from_here(struct load_session *session);

/** Loss of a session by direction, once the trial is over: RFC 5357 section 4.2.1's two numbers. */
struct session_loss {
	uint64_t sent, answered, forward, backward, unknown;
};
struct session_loss receive_loss(const struct load_session *session);

#endif
