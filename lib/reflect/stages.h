/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The stages of reflect_burst, in the order in which it runs them; the bench runs them one by one to say what each costs.
 * Each takes the packets that the one before it left, and drops or hands on.
 */
#ifndef SPECULAR_REFLECT_STAGES_H
#define SPECULAR_REFLECT_STAGES_H

#include "reflect/packet.h"

/** What every stage works on: the packets that are still to be answered, in the order of arrival. */
struct burst {
	struct reflector *reflector;
	struct packet packets[REFLECT_BURST_MAX];
	struct packet *live[REFLECT_BURST_MAX];
	unsigned count;
};

/** Headers, flows; the caller has set burst->reflector. */
void stage_parse(struct burst *burst, struct reflect_frame *frames, unsigned count);
/** Flow to session. */
void stage_lookup(struct burst *burst);
/** Started, not stopped, long enough; plans the reply. */
void stage_admit(struct burst *burst);
/** Decrypts and verifies. */
void stage_open(struct burst *burst);
/** Takes sequence numbers and builds the replies. */
void stage_build(struct burst *burst);
/** Authenticates and encrypts. */
void stage_seal(struct burst *burst);
/** Checksums and transmit timestamps. */
void stage_stamp(struct burst *burst);

#endif
