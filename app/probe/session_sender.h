/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The Session-Sender: sends every session's packets at absolute times, whatever comes back and when (open loop), and takes the
 * replies in between. RFC 5357 section 4.1. One thread; blocks until the run is over.
 */
#ifndef SPECULAR_PROBE_SESSION_SENDER_H
#define SPECULAR_PROBE_SESSION_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "local_clock.h"
#include "test_session.h"

/** How far a run is; for the live line and for a line a packet. */
struct sender_observer {
	void *context;
	/** Now and then, and at the end. May be NULL. */
	void (*progress)(void *context, const struct test_session *sessions, unsigned number);
	/** After each datagram. May be NULL. */
	void (*received)(void *context, unsigned session, const struct session_record *record,
	                 uint32_t sequence, enum reply_verdict verdict);
};

struct sender_settings {
	int64_t interval_ns;
	bool exponential; /**< gaps drawn around interval_ns instead of equal ones */
	int64_t timeout_ns;
	int interrupt_fd; /**< readable: the first time sending ends, the second time waiting too */
	int control_fd;   /**< the control connection: its end ends the run */
	struct sender_observer observer;
};

enum sender_end {
	SENDER_FINISHED,
	SENDER_INTERRUPTED,
	SENDER_CONTROL_CLOSED,
};

/**
 * Runs until each session has sent all its packets and each packet is answered or timed out. Returns an enum sender_end or
 * ERROR_SYSTEM, ERROR_MEMORY.
 */
int session_sender_run(struct test_session *sessions, unsigned number, struct local_clock *clock,
                       const struct sender_settings *settings, struct error *error);

#endif
