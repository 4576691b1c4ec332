/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Sessions of the load with a receiver, and replies to them, written octet by octet: what a reflector would send, right or wrong. No code of
 * lib/reflect builds them. Stops the program when it can't be set up: the fuzz target uses it too.
 */
#ifndef SPECULAR_TEST_REPLY_WORLD_H
#define SPECULAR_TEST_REPLY_WORLD_H

#include "receiver.h"

#define REPLY_WORLD_FLIGHTS 256u
#define REPLY_WORLD_MODES   3u
#define REPLY_WORLD_SESSIONS                                                                       \
	8u /**< each mode over both families, then one of LOAD_PEER_SWAP each */
#define REPLY_WORLD_SWAP        6u /**< the first of these */
#define REPLY_WORLD_SIZES       2u
#define REPLY_WORLD_FRAME_MAX   512u
#define REPLY_WORLD_PAYLOAD_MAX 256u
#define REPLY_WORLD_PORT        20000u /**< ours, of the first session; the others follow */
#define REPLY_WORLD_TTL         200u   /**< that is sent */
#define REPLY_WORLD_DSCP        10u
#define REPLY_WORLD_TIMEOUT     1000000u /**< ticks; a tick is a nanosecond */
#define REPLY_WORLD_ROUND_TRIP  400u
#define REPLY_WORLD_ESTIMATE    0x8105u

struct reply_world {
	struct load_group_format swap;
	struct load_sessions sessions;
	struct load_session array[REPLY_WORLD_SESSIONS];
	struct load_flight flights[REPLY_WORLD_SESSIONS][REPLY_WORLD_FLIGHTS];
	struct core_table *table;
	struct tsc_clock clock;
	struct suite *suite;
	struct load_measures measures;
	struct receiver receiver;
	void *keys;
	uint64_t now; /**< TSC */
};

/** Addresses: of the reflector 192.0.2.2 and 2001:db8::2, ours 192.0.2.1 and 2001:db8::1. */
void reply_world_set_up(struct reply_world *world);
/** The receiver's evidence too, if there is any. */
void reply_world_tear_down(struct reply_world *world);

/** Frames by what became of them: as many as were received. */
uint64_t reply_world_counted(const struct reply_world *world);

/** Notes a packet as sent now, scheduled 10 ticks ago. Returns its number. */
uint32_t reply_world_send(struct reply_world *world, struct load_session *session);

/** A reply: what it says, and how. */
struct answer {
	struct load_session *session;
	struct reflector_packet fields;
	uint8_t ttl;
	uint8_t traffic_class;
	uint16_t length; /**< of the UDP payload */
	bool zero_padding;
	bool no_checksum;
	/** When not 0: the payload's first octets, before it is sealed. */
	uint16_t plain_size;
	uint8_t plain[REPLY_WORLD_PAYLOAD_MAX];
	/* Damage: the octet at place, unless 0, is changed. */
	uint16_t poke_plain;   /**< of the payload, before it is sealed */
	uint16_t poke_sealed;  /**< the same, after it and before the checksum */
	uint16_t poke_summed;  /**< of the frame, after all */
	int16_t length_change; /**< of the frame, after all */
};

/** A right one: received 100 ticks after the packet was sent, returned 50 later. */
struct answer answer_make(struct reply_world *world, struct load_session *session,
                          uint32_t sequence, uint32_t number);

/** Sends a packet, and REPLY_WORLD_ROUND_TRIP ticks later has a right reply to it with the reflector's next number. */
struct answer answer_next(struct reply_world *world, struct load_session *session);

/** Writes the frame, returns its length. */
uint16_t answer_build(const struct reply_world *world, const struct answer *answer,
                      uint8_t frame[REPLY_WORLD_FRAME_MAX]);

/** Builds it and gives it to the receiver, arriving now. */
enum received_as answer_receive(struct reply_world *world, const struct answer *answer);

#endif
