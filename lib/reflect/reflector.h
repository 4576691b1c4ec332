/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The datapath of one polling lcore on a burst of frames in memory: parse, look up, open, build the reply in place, seal, stamp.
 * No DPDK type, no malloc, lock, log or system call: unit tests, fuzz targets and the bench run the very same code.
 * The packet's way with its RX and TX queues is worker.h's.
 */
#ifndef SPECULAR_REFLECT_REFLECTOR_H
#define SPECULAR_REFLECT_REFLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "clock/tsc_clock.h"
#include "crypto/suite.h"
#include "session/core_table.h"
#include "stats/counters.h"

#define REFLECT_BURST_MAX     64u
#define REFLECT_ADDRESSES_MAX 256u

enum reflect_verdict {
	VERDICT_REFLECT,   /**< frame holds the reply: transmit it on the port it came from */
	VERDICT_EXCEPTION, /**< frame is untouched: for the kernel */
	VERDICT_DROP,      /**< counted in counter */
};

/** What the NIC said of the received checksums. */
enum reflect_checksum { CHECKSUM_UNKNOWN, CHECKSUM_GOOD, CHECKSUM_BAD };

/** One frame. The first part is filled by the caller, the second by reflect_burst. */
struct reflect_frame {
	uint8_t *octets;   /**< from the Ethernet header on; a reply may start further on */
	uint16_t length;   /**< without FCS; changed to the reply's */
	uint16_t capacity; /**< octets that the buffer has from `octets` on */

	uint8_t verdict; /**< enum reflect_verdict */
	uint8_t counter; /**< enum datapath_counter of the verdict */
};
_Static_assert(sizeof(struct reflect_frame) == 16, "four to a cache line");

/** What a NIC alone knows of a frame. */
struct reflect_offload {
	struct clock_timestamp
	        receive_time; /**< the NIC's; where it has none, that of the arrival */
	uint8_t ip_checksum;  /**< enum reflect_checksum, of the IPv4 header */
};

/** What the frames of a burst have in common: they came by one queue of one port, in one poll. */
struct reflect_arrival {
	uint64_t receive_tsc; /**< of the poll; session deadlines are compared with it */
	struct clock_timestamp receive_time; /**< tsc_clock_read(receive_tsc) */
	/** Ethernet address of the port; what goes to another station is not answered. NULL: the port has none. */
	const uint8_t *station;
	/** One a frame, or NULL: then all was received at receive_time, and no checksum is known. */
	const struct reflect_offload *offloads;
	uint16_t mtu; /**< of the port: the largest IP packet that a reply may be */
};

/** An address that test packets may be sent to. */
struct reflect_address {
	uint8_t octets[16]; /**< v4-mapped form for IPv4 */
	uint16_t vlan;
	uint16_t outer_vlan;
};

/** Fixed for the life of the process; shared by all cores, read only. */
struct reflector_settings {
	struct reflect_address addresses[REFLECT_ADDRESSES_MAX];
	unsigned address_count;
	uint16_t
	        port_lower; /**< host order, inclusive: UDP to one of our addresses in this range is test traffic */
	uint16_t port_upper;
	bool zero_padding; /**< replies' padding is zero, else the sender's is re-used */
	bool discard_zero_multiplier;
};

struct ahead_pool;

/** One core's reflector; made at start by the slow path, used by that core alone. */
struct reflector {
	const struct reflector_settings *settings;
	const struct tsc_clock *clock;
	struct core_table *table;
	struct suite *suite;
	struct datapath_counters *counters;
	struct ahead_pool *ahead; /**< NULL: nothing is computed ahead of time */
};

/**
 * Handles count <= REFLECT_BURST_MAX frames of one poll. Counts the drops; RECEIVED, REFLECTED and EXCEPTION are
 * counted by the caller, which alone knows whether a frame got out.
 *
 * Reply: Ethernet, IP and UDP source and destination swapped in place, VLAN tags kept, TTL 255, DSCP of the session, no IPv4
 * options and no IPv6 extension headers (octets then advances past what they took), UDP checksum by RFC 1624 increments so that
 * a corrupted packet stays visibly corrupted. The transmit timestamp of clear headers is taken last, of encrypted ones before
 * sealing. doc/packet-path.md has the reasons.
 */
void reflect_burst(struct reflector *reflector, const struct reflect_arrival *arrival,
                   struct reflect_frame *frames, unsigned count);

/** A step of what can be done ahead of time, when a poll found nothing: one burst of the suite at most. False: nothing to do. */
bool reflect_idle(struct reflector *reflector);

/** A short look at what a session that has ended may have left here: to be called now and then, also when no poll is empty. */
void reflect_tidy(struct reflector *reflector);

#endif
