/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What one lcore counts in a trial. It alone writes, the main thread reads at any time (relaxed) and merges when the trial is over.
 * Durations in nanoseconds.
 */
#ifndef SPECULAR_LOAD_MEASURES_H
#define SPECULAR_LOAD_MEASURES_H

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"

/**
 * What is wrong with a received packet: name (stable, the key of reports), and what a person reads. The first packets of each kind
 * are kept as evidence.
 */
#define LOAD_FAULTS(X)                                                                             \
	X(TRUNCATED, "truncated", "shorter than its headers or its mode's format say")             \
	X(UDP_CHECKSUM, "udp_checksum",                                                            \
	  "wrong UDP or IPv4 header checksum: damaged on the way, or built wrongly")               \
	X(HMAC, "hmac", "the HMAC is not that of this session's key (RFC 5357 section 4.2.1)")     \
	X(UNKNOWN_SEQUENCE, "unknown_sequence",                                                    \
	  "Sender Sequence Number of a packet never sent, or long ago")                            \
	X(NOT_COPIED, "not_copied", "Sender Timestamp or Error Estimate is not what was sent")     \
	X(SENDER_TTL, "sender_ttl", "Sender TTL is above the TTL that was sent, and not 255")      \
	X(TTL, "ttl",                                                                              \
	  "TTL or Hop Limit of the reply is not 255 less the hops of its neighbours (RFC 5357 "    \
	  "section 4.2.1)")                                                                        \
	X(DSCP, "dscp", "DSCP of the reply is not the one negotiated")                             \
	X(LENGTH, "length", "the reply is not as long as the format asks for")                     \
	X(PADDING, "padding", "padding is neither the sender's nor zero")                          \
	X(MBZ, "mbz", "a Must-Be-Zero field is not zero")                                          \
	X(ZERO_MULTIPLIER, "zero_multiplier",                                                      \
	  "Error Estimate with a Multiplier of zero (RFC 4656 section 4.1.2)")                     \
	X(REFLECTOR_SEQUENCE, "reflector_sequence",                                                \
	  "Sequence Number used twice, or beyond what was sent: not one more for each reply "      \
	  "(RFC 5357 section 4.2.1)")                                                              \
	X(TURNAROUND, "turnaround",                                                                \
	  "Timestamp is before Receive Timestamp, or the turnaround longer than the round trip")   \
	X(FOREIGN, "foreign", "test port, but no session's flow")

#define LOAD_FAULT_ENUM_(name, text, meaning) LOAD_FAULT_##name,
enum load_fault { LOAD_FAULTS(LOAD_FAULT_ENUM_) LOAD_FAULT_COUNT };

struct load_fault_description {
	const char *name;
	const char *meaning;
};
extern const struct load_fault_description load_fault_descriptions[LOAD_FAULT_COUNT];

/** A distribution each. */
enum load_distribution {
	LOAD_RTT, /**< from the scheduled departure to arrival, the reflector's turnaround subtracted: what users feel */
	LOAD_RTT_SENT, /**< the same from the real departure: what the network and reflector did */
	LOAD_RESPONSE, /**< from the scheduled departure to arrival, turnaround included */
	LOAD_FORWARD,  /**< T2 - T1; needs both clocks */
	LOAD_BACKWARD, /**< T4 - T3; needs both clocks */
	LOAD_TURNAROUND, /**< T3 - T2, by the reflector's clock alone */
	LOAD_DELAY_VARIATION, /**< |RTT_SENT of a packet less that of the one before it in its session|, RFC 3393 */
	LOAD_DISTRIBUTION_COUNT,
};

struct load_measures {
	/* Sender. */
	uint64_t scheduled; /**< slots whose time came */
	uint64_t
	        missed; /**< slots that were given up: the lcore was more than late_slot behind. Not sent, not lost */
	uint64_t sent;          /**< frames that the device took */
	uint64_t transmit_full; /**< calls of the device that took less than all: the frames wait */
	uint64_t
	        held_back_ns; /**< frames waited for the device, and nothing arrived: time to spare */
	uint64_t no_buffer;   /**< times that the pool had no buffers */
	uint64_t lag_maximum_ns; /**< longest delay of a departure behind its schedule */
	uint64_t
	        nap_maximum_ns; /**< longest nap before something was received: it may have arrived so much earlier */
	uint64_t busy_polls, polls; /**< turns of the loop, and those that sent or received */
	/* Receiver. */
	uint64_t received;   /**< frames of test flows */
	uint64_t answered;   /**< first right replies in time */
	uint64_t late;       /**< first right replies after the timeout: they count as lost */
	uint64_t duplicates; /**< further right replies to the same packet */
	uint64_t
	        duplicates_forward; /**< of these, with a Sequence Number of their own: the request was doubled */
	uint64_t
	        reordered; /**< right replies whose sender's number is below one that came before (RFC 4737 section 3.3) */
	uint64_t
	        reordered_forward; /**< by the reflector's numbers against the sender's: already in the order of arrival there */
	uint64_t reordering_extent; /**< largest distance in packets, RFC 4737 section 4.2.1 */
	uint64_t stale;             /**< right replies to packets of an earlier trial */
	uint64_t warm_up;           /**< right replies to packets of the warm-up */
	uint64_t faults[LOAD_FAULT_COUNT];
	uint64_t handed_over; /**< frames received by an lcore that is not their session's */
	uint64_t other;       /**< frames that are no test traffic: for the kernel */
	struct histogram distributions[LOAD_DISTRIBUTION_COUNT];
	/* Of all replies judged. */
	uint64_t error_maximum_ns; /**< largest sum of both Error Estimates */
	uint64_t unsynchronized;   /**< replies in which either side's S bit is not set */
};

/**
 * True when a reply with this fault is no answer: the packet is lost unless a right reply comes. With the other faults it surely is the
 * answer, though it breaks a rule, and is counted as that too; judge.h.
 */
bool load_fault_refuses(enum load_fault fault);

/** The sum of the faults that refuse. received = answered + late + duplicates + stale + warm_up + refused. */
uint64_t load_measures_refused(const struct load_measures *measures);

/** The sum of all faults but LOAD_FAULT_FOREIGN: replies that broke a rule. */
uint64_t load_measures_wrong(const struct load_measures *measures);

/** to += from; maxima are maxima. */
void load_measures_merge(struct load_measures *to, const struct load_measures *from);

#endif
