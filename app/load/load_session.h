/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A test session as the load's lcores see it, and what they share. Made by the main thread (opening.h) before the lcores are started,
 * then written by its one lcore alone; the main thread reads between trials.
 */
#ifndef SPECULAR_LOAD_LOAD_SESSION_H
#define SPECULAR_LOAD_LOAD_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "load_config.h"
#include "session/core_table.h"
#include "session/session.h"

enum flight_state {
	FLIGHT_NONE,
	FLIGHT_SENT,
	FLIGHT_ANSWERED, /**< further replies are duplicates */
};

/** A packet on its way; entry `sequence & flight_mask` of its session. */
struct load_flight {
	union {
		uint64_t scheduled_tsc;
		struct {
			uint32_t number;  /**< Sequence Number of the first reply */
			uint32_t arrival; /**< its place among the session's */
		} answer;                 /**< once answered: the receiver's */
	};
	uint64_t sent_tsc;
	uint64_t timestamp; /**< as written, host order */
	uint32_t sequence;
	uint16_t error_estimate; /**< as written, host order */
	uint8_t state;           /**< enum flight_state */
	uint8_t size;            /**< index into format->sizes */
};
_Static_assert(sizeof(struct load_flight) == 32, "two a cache line");

/** One size of a group's packets, the same for all its sessions. Sums are reflect/checksum.h's, in memory order. */
struct load_size {
	uint16_t payload; /**< octets of the UDP payload */
	uint16_t reply;   /**< octets that the reply's UDP payload must have */
	uint64_t
	        padding_sum; /**< of the padding where it stands: checksum_at(sender_header_size, its sum) */
};

/** What a group's sessions have in common. Fixed once made. */
struct load_group_format {
	enum test_mode mode; /**< of the packets; unauthenticated with LOAD_PEER_SWAP */
	enum load_peer peer;
	bool symmetrical;
	bool reply_padding_any;      /**< replies' padding is not looked at */
	uint8_t reply_traffic_class; /**< DSCP << 2 that replies must have */
	uint16_t sender_header_size;
	uint16_t reflector_header_size;
	uint16_t protected_size; /**< that suite_seal_burst seals */
	unsigned size_count;
	struct load_size sizes[LOAD_SIZES_MAX];
	uint8_t *padding; /**< of the largest size; owned by load_sessions */
};

struct load_session {
	/**
	 * flow: of the replies, so source is the reflector; keys: the test keys, expanded, NULL in unauthenticated mode; mode, header sizes.
	 * First, so that a core_table of them finds this struct.
	 */
	struct core_session core;
	const struct load_group_format *format;
	/** The frame up to the payload, lengths and checksums left zero: Ethernet, VLAN tags, IP, UDP. */
	uint8_t headers[14 + 8 + 40 + 8];
	uint8_t headers_size;
	uint8_t network_offset;
	bool ipv6;
	uint8_t owner; /**< the lcore's index */
	uint8_t ttl;   /**< that is sent */
	uint16_t group;
	uint64_t network_sum; /**< IPv4 header without length, identification and checksum */
	uint64_t udp_sum;     /**< pseudo-header without length, and ports */
	/*
	 * Numbers on the wire go round at 2^32, which a long test passes: here they are the whole ones, and so are all counts of packets.
	 */
	/* Sender. */
	uint64_t next_sequence;
	uint32_t next_size; /**< index into format->sizes */
	uint32_t flight_mask;
	struct load_flight *flights;
	/* Receiver. All zero when the session is made; receive_begin and receive_count_from_here write what they need. */
	uint64_t first_sequence;   /**< of the trial's packets */
	uint64_t counted_sequence; /**< of the first packet that counts, behind the warm-up's */
	uint64_t
	        highest_answered; /**< highest sender's number answered, one more; of the session's whole life */
	uint64_t
	        reflector_next; /**< highest number of the reflector, one more; of the session's whole life */
	uint32_t
	        reflector_at_highest; /**< the number on the wire in the reply to highest_answered - 1 */
	uint32_t arrivals; /**< first replies, of the session's whole life; goes round at 2^32 */
	/** Which of the reflector's last 64 numbers were seen, so that one used twice is told from a reply that came twice. */
	uint64_t reflector_window;
	/* Of the packets that count; loss.h. */
	uint64_t
	        known_from; /**< lowest sender's number from which on it is known what became of packets */
	uint64_t reflector_first; /**< the reflector's number there */
	uint64_t
	        unique; /**< packets known to have reached the reflector: right first replies, late ones included */
	uint64_t late; /**< of these, those that came too late */
	uint64_t duplicates_forward;
	bool begin_known; /**< known_from is counted_sequence, since what was before it was answered */
	bool misnumbered; /**< the reflector's numbers break the rule: they tell nothing of loss */
	int64_t last_rtt_ns; /**< of the reply to highest_answered - 1; -1 for none */
	uint8_t sid[SID_SIZE];
} __attribute__((aligned(64)));

/** The newest number up to the next one that is this one on the wire. */
static inline uint64_t load_session_sequence(const struct load_session *session, uint32_t sequence)
{
	return session->next_sequence - (uint32_t)((uint32_t)session->next_sequence - sequence);
}

/** All sessions, in one array that lcores share; load_sessions.h makes it. Owned by the main thread. */
struct load_sessions {
	struct load_session *sessions;
	unsigned count;
	unsigned capacity;
	uint8_t *keys; /**< the expanded ones, keys_size octets each; the sessions point into it */
	size_t keys_size;
	unsigned keys_count;
	/** Finds a session by a reply's flow; read only once lcores run. */
	struct core_table *table;
	struct load_group_format formats[LOAD_GROUPS_MAX];
	unsigned format_count;
};

#endif
