/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Sessions of the load beside a reflector that knows them: test/unit/reflect's world, whose builder of requests shares no code with
 * the sender, so that a request of it is what the sender must write, octet for octet.
 */
#ifndef SPECULAR_TEST_LOAD_WORLD_H
#define SPECULAR_TEST_LOAD_WORLD_H

#include "../reflect/world.h"
#include "load_session.h"

#define LOAD_WORLD_SESSIONS_MAX 1024u
#define LOAD_WORLD_FLIGHTS      1024u /**< of each session */

/** Sessions that are alike. */
struct load_world_group {
	uint8_t family;
	enum test_mode mode;
	enum load_peer peer;
	bool symmetrical;
	unsigned tags;
	uint16_t sizes[LOAD_SIZES_MAX]; /**< octets of the UDP payload */
	unsigned size_count;
	unsigned count;
	bool unknown; /**< to the reflector */
};

struct load_world {
	struct world world;
	struct load_sessions sessions;
	struct request requests
	        [LOAD_WORLD_SESSIONS_MAX]; /**< of session i; sequence and padding are those of a size and packet */
	struct load_flight *flights;
	uint8_t *keys;
};

void load_world_set_up(struct load_world *world, enum suite_kind kind);
/** Adds a format and its sessions, numbers from sequence 0 on. */
void load_world_add(struct load_world *world, const struct load_world_group *group);
/** No more are added: the table is made. */
void load_world_complete(struct load_world *world);
void load_world_tear_down(struct load_world *world);

/** What session's packet with this sequence number must be, size being the number of its format's; returns its length. */
size_t load_world_expect(struct load_world *world, const struct load_session *session,
                         uint32_t sequence, unsigned size, uint8_t frame[WORLD_FRAME_MAX]);

#endif
