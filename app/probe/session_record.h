/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What one test session saw: a record for each packet sent and the order in which replies came. Filled by the Session-Sender,
 * read by the statistics. No I/O. One thread.
 */
#ifndef SPECULAR_PROBE_SESSION_RECORD_H
#define SPECULAR_PROBE_SESSION_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/test_packet.h"

enum packet_state {
	PACKET_SENT,     /**< no reply yet */
	PACKET_ANSWERED, /**< a reply came within the timeout */
	PACKET_LATE,     /**< the first reply came after the timeout: the packet counts as lost */
};

/** One packet sent. Times named _ns are CLOCK_MONOTONIC, so that no step of the wall clock reaches a round-trip time. */
struct packet_record {
	uint64_t timestamp;  /**< T1 as written into the packet, NTP 32.32 */
	uint64_t departure;  /**< T1 as known best: the kernel's transmit timestamp, or timestamp */
	int64_t sent_ns;     /**< departure on the monotonic clock */
	int64_t received_ns; /**< arrival of the first reply on the monotonic clock */
	uint64_t arrival;    /**< T4, NTP 32.32 */
	uint64_t receive_timestamp; /**< T2, NTP 32.32 */
	uint64_t reflect_timestamp; /**< T3, NTP 32.32 */
	uint16_t error_estimate;    /**< ours, as written into the packet */
	uint16_t reflector_error_estimate;
	uint32_t reflector_sequence;
	uint8_t state;      /**< enum packet_state */
	uint8_t sender_ttl; /**< TTL or Hop Limit with which the packet reached the reflector */
	uint8_t reply_ttl;  /**< TTL or Hop Limit of the reply; valid with reply_ttl_known */
	uint8_t reply_dscp; /**< DSCP of the reply; valid with reply_dscp_known */
	uint8_t sender_dscp_ecn; /**< DSCP << 2 | ECN with which the packet reached the reflector; with monitoring */
	bool ptp; /**< the reflector's timestamps came in PTP format */
	bool reply_ttl_known;
	bool reply_dscp_known;
};

/** A valid reply in order of arrival. */
struct arrival {
	uint32_t sequence;           /**< the sender's */
	uint32_t reflector_sequence; /**< the reflector's own */
	bool first;                  /**< false for a duplicate */
	bool late;                   /**< it came after the timeout */
};

/** A reply that passed the socket, with what the kernel told about it. */
struct reply {
	struct reflector_packet packet; /**< timestamps NTP 32.32, whatever they came as */
	bool ptp;                       /**< they came in PTP format */
	int64_t received_ns;
	uint64_t arrival; /**< NTP 32.32 */
	bool arrival_kernel; /**< both are the kernel's receive timestamp, not a reading in user space */
	uint16_t octets; /**< UDP payload */
	uint8_t ttl;
	uint8_t dscp;
	bool ttl_known;
	bool dscp_known;
};

/** Why a received datagram is no reply. */
enum reply_verdict {
	REPLY_ANSWER,
	REPLY_DUPLICATE,
	REPLY_LATE,
	REPLY_UNKNOWN_SEQUENCE, /**< a sequence number that was never sent */
	REPLY_NOT_COPIED,       /**< Sender Timestamp or Error Estimate is not what was sent */
	REPLY_ZERO_MULTIPLIER,  /**< RFC 4656 section 4.1.2: to be considered corrupt */
	REPLY_TOO_SHORT,
	REPLY_BAD_HMAC,
	REPLY_BAD_PADDING, /**< RFC 6038: the padding to be reflected came back changed */
	REPLY_FOREIGN,     /**< not from the reflector's address and port */
	REPLY_VERDICT_COUNT,
};

/** snake_case name, stable: it is the key in the JSON report. */
const char *reply_verdict_name(enum reply_verdict verdict);

struct session_record {
	struct packet_record *packets; /**< indexed by the sender's sequence number */
	uint32_t capacity;             /**< packets that may be sent */
	uint32_t sent;
	struct arrival *arrivals;
	size_t arrival_count;
	size_t arrival_capacity;
	uint32_t answered;
	int64_t timeout_ns;
	uint8_t dscp;    /**< asked for: replies with another one are counted */
	uint8_t ecn;     /**< of the packets sent */
	bool monitoring; /**< of DSCP and ECN, RFC 7750 */
	uint16_t reply_octets_minimum;
	uint16_t reply_octets_maximum;
	uint64_t kernel_departures; /**< packets with the kernel's transmit timestamp */
	uint64_t kernel_arrivals;   /**< answers whose arrival is the kernel's receive timestamp */
	uint64_t verdicts[REPLY_VERDICT_COUNT];
};

/** Memory for capacity packets and twice as many replies; ERROR_MEMORY. session_record_free takes a zeroed one too. */
int session_record_init(struct session_record *record, uint32_t capacity, int64_t timeout_ns,
                        uint8_t dscp);
void session_record_free(struct session_record *record);

/** The next packet's record, zeroed, with state PACKET_SENT; its index is its sequence number. NULL when all are used. */
struct packet_record *session_record_send(struct session_record *record);

/**
 * Judges a reply against what was sent and keeps what it tells; counts the verdict. RFC 5357 section 4.2.1: sequence number,
 * Timestamp and Error Estimate of the sender are exact copies.
 */
enum reply_verdict session_record_reply(struct session_record *record, const struct reply *reply);

/** Counts a datagram that was refused before it could be read as a reply. */
void session_record_refuse(struct session_record *record, enum reply_verdict verdict);

/**
 * The kernel's transmit timestamp of a packet, which replaces the earlier reading in user space; ignored when it lies outside
 * what is possible (before the reading, or after the reply).
 */
void session_record_departure(struct session_record *record, uint32_t sequence, int64_t sent_ns,
                              uint64_t departure);

#endif
