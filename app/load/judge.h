/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What one right or wrong reply is. Pure: knows a reply that was opened, its session, and the packet that it answers.
 *
 * The first rule that a reply breaks is its fault; judge.c has them in their order. Some faults refuse it: nobody could say then that it
 * is the answer to the packet that it names. With the others it is the answer, a wrong one: it is counted as both, since the packet was not lost.
 *
 * | fault | refuses | detail: what was expected |
 * |---|---|---|
 * | TRUNCATED | yes | octets of the mode's header; 0: the frame is shorter than its headers say, or a fragment |
 * | UDP_CHECKSUM, HMAC, FOREIGN | yes | 0 |
 * | ZERO_MULTIPLIER | yes: RFC 4656 section 4.1.2 has it discarded | 0 |
 * | UNKNOWN_SEQUENCE | yes | the sequence number that will be sent next |
 * | NOT_COPIED | yes | the timestamp that was sent |
 * | LENGTH | no: equal length is a SHOULD (RFC 5357 section 4.2.1) | octets |
 * | SENDER_TTL | no | the TTL that was sent; 255 is right too: the reflector could not see it (RFC 5357 section 4.2) |
 * | TTL | no | the lowest TTL that is right: 255, less JUDGE_HOPS_MAX hops |
 * | DSCP | no: the path may have changed it | DSCP |
 * | PADDING | no: it may have padding of its own, though it should not; not looked at with reply_padding_any | where in the UDP payload it is another |
 * | MBZ | no: to be ignored when received | where in the UDP payload |
 * | REFLECTOR_SEQUENCE | no: the packet was answered, but loss by direction can't be told | the highest number so far, one more |
 * | TURNAROUND | no: but no delay is told that needs the reflector's timestamps | the round trip in nanoseconds, turnaround included |
 */
#ifndef SPECULAR_LOAD_JUDGE_H
#define SPECULAR_LOAD_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "load_session.h"
#include "measures.h"
#include "wire/test_packet.h"

/** Hops that a reply may have taken: what most hosts' default TTL of 64 gets across. A neighbour's reply has 255. */
#define JUDGE_HOPS_MAX 64u

/**
 * A turnaround may seem longer than the round trip by so much, and by 1/32 of it: two clocks measured them, and either may be slewed just
 * then.
 */
#define JUDGE_TURNAROUND_SLACK_NS 100000
#define JUDGE_TURNAROUND_PARTS    32

/** A reply whose checksum is right and which is opened. */
struct judge_reply {
	const uint8_t *payload;
	uint16_t length;
	uint8_t ttl;           /**< received */
	uint8_t traffic_class; /**< received */
	/** Of LOAD_PEER_SWAP only the sender's: sequence, timestamp and error estimate of our own packet. */
	struct reflector_packet fields;
};

/** fault is LOAD_FAULT_COUNT when there is none. */
struct judgement {
	enum load_fault fault;
	uint64_t detail;
};

/** TRUNCATED, or none; length of the UDP payload. */
struct judgement judge_length(const struct load_session *session, uint16_t length);

/** Reads the fields of a reply that is long enough. */
void judge_read(const struct load_session *session, struct judge_reply *reply);

/** The packet that it answers: sent, in this life of the session, and not forgotten. NULL: none. */
struct load_flight *judge_flight(const struct load_session *session, uint32_t sequence);

/** The faults that refuse; flight is judge_flight's. */
struct judgement judge_answer(const struct load_session *session, const struct judge_reply *reply,
                              const struct load_flight *flight);

/** The faults of an answer that are seen in its octets. */
struct judgement judge_form(const struct load_session *session, const struct judge_reply *reply,
                            const struct load_flight *flight);

/** TURNAROUND, or none; round_trip_ns from departure to arrival, turnaround included. */
struct judgement judge_turnaround(int64_t turnaround_ns, int64_t round_trip_ns);

#endif
