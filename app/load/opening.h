/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Opens the control connections and negotiates every session, then starts them (RFC 5357 section 3); stops them at the end. Blocking: runs
 * in a thread of its own, since the kernel's frames (TCP through the port's TAP) need the main loop meanwhile.
 */
#ifndef SPECULAR_LOAD_OPENING_H
#define SPECULAR_LOAD_OPENING_H

#include <stdint.h>

#include "base/error.h"
#include "crypto/suite.h"
#include "load_sessions.h"

struct opening;

struct opening_settings {
	const struct load_config *config;
	const struct suite *suite;                  /**< expands keys; NULL without keyed groups */
	const uint8_t *station;                     /**< the port's Ethernet address */
	const uint8_t (*next_hops)[FRAME_MAC_SIZE]; /**< one a group */
	int interrupt_fd; /**< readable when the person wants to stop; -1 for none */
};

/** Reads the key files. What settings point to outlives it. */
int opening_create(const struct opening_settings *settings, struct opening **opening,
                   struct error *error);
/**
 * Every session of every group, started; with LOAD_PEER_SWAP there is nobody to ask. What the server refuses is an error that names the
 * group, session and Accept in words. *sessions is the caller's to free, also after an error.
 */
int opening_run(struct opening *opening, struct load_sessions *sessions, struct error *error);
/** Once sessions run: ERROR_UNAVAILABLE when a server closed its control connection. Does not block. */
int opening_watch(struct opening *opening, struct error *error);
/**
 * Stop-Sessions on every connection, then waits a little for the servers to close; errors are logged. Closes the connections, wipes the
 * control keys, frees. opening may be NULL.
 */
void opening_close(struct opening *opening);

#endif
