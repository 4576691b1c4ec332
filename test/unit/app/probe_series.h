/* SPDX-License-Identifier: BSD-3-Clause */
/** Makes session records by hand: packets at known times and replies with known delays. */
#ifndef SPECULAR_TEST_PROBE_SERIES_H
#define SPECULAR_TEST_PROBE_SERIES_H

#include "clock/timestamp.h"
#include "session_record.h"

#define SERIES_EPOCH_S 1700000000
/** The reflector's clock is this far ahead of ours. */
#define SERIES_OFFSET_NS 5000000000
#define SERIES_TIMEOUT   1000000000
/** S bit, Scale 0, Multiplier 1. */
#define SERIES_ERROR_ESTIMATE 0x8001

static inline uint64_t series_ntp(int64_t ns)
{
	struct timespec time = {.tv_sec = SERIES_EPOCH_S + ns / 1000000000,
	                        .tv_nsec = ns % 1000000000};
	return ntp_from_timespec(&time);
}

/** Sends the next packet at ns. */
static inline void series_send(struct session_record *record, int64_t ns)
{
	struct packet_record *packet = session_record_send(record);

	packet->timestamp = packet->departure = series_ntp(ns);
	packet->sent_ns = ns;
	packet->error_estimate = SERIES_ERROR_ESTIMATE;
}

/** The reply to sequence: forward, turnaround and reverse delays in ns. */
static inline struct reply series_reply(const struct session_record *record, uint32_t sequence,
                                        uint32_t reflector_sequence, int64_t forward,
                                        int64_t turnaround, int64_t reverse)
{
	const struct packet_record *packet = &record->packets[sequence];
	int64_t received = packet->sent_ns + forward;
	int64_t arrival = received + turnaround + reverse;

	return (struct reply){
	        .packet = {.sequence = reflector_sequence,
	                   .timestamp = series_ntp(received + turnaround + SERIES_OFFSET_NS),
	                   .error_estimate = SERIES_ERROR_ESTIMATE,
	                   .receive_timestamp = series_ntp(received + SERIES_OFFSET_NS),
	                   .sender_sequence = sequence,
	                   .sender_timestamp = packet->timestamp,
	                   .sender_error_estimate = packet->error_estimate,
	                   .sender_ttl = 250},
	        .received_ns = arrival,
	        .arrival = series_ntp(arrival),
	        .octets = 41,
	        .ttl = 252,
	        .ttl_known = true,
	        .dscp_known = true,
	};
}

static inline enum reply_verdict series_answer(struct session_record *record, uint32_t sequence,
                                               uint32_t reflector_sequence)
{
	struct reply reply =
	        series_reply(record, sequence, reflector_sequence, 1000000, 50000, 2000000);
	return session_record_reply(record, &reply);
}

#endif
