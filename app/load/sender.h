/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Session-Sender test packets, built in memory: RFC 4656 section 4.1.2, RFC 6038 section 5.1. No DPDK type, no malloc, lock, log or system
 * call. Which packet is due when is the pacer's; here it is written, sealed, stamped, and noted in its session's flights.
 */
#ifndef SPECULAR_LOAD_SENDER_H
#define SPECULAR_LOAD_SENDER_H

#include <stdint.h>

#include "clock/tsc_clock.h"
#include "crypto/suite.h"
#include "load_session.h"

#define SEND_BURST_MAX 64u

struct sender {
	struct suite *suite; /**< NULL when no session has keys */
	const struct tsc_clock *clock;
};

/** One packet: the first part by the caller, the second by send_build. */
struct send_slot {
	struct load_session *session;
	uint64_t scheduled_tsc;
	uint8_t *octets; /**< room for the session's largest frame */

	uint16_t length;            /**< of the frame, without FCS */
	struct load_flight *flight; /**< its sent_tsc is to be the time of departure */
};

/** Octets of the largest frame of a format, given the octets of the headers. */
uint32_t send_frame_size(const struct load_group_format *format, unsigned headers_size);

/**
 * Builds count <= SEND_BURST_MAX packets; a session may be there more than once. Takes the sequence numbers. The timestamp is the time of
 * building (one TSC reading a burst, before sealing in encrypted mode, after it in the others); flights' sent_tsc is the same reading until
 * the caller knows better.
 */
void send_build(struct sender *sender, struct send_slot slots[], unsigned count);

#endif
