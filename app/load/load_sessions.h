/* SPDX-License-Identifier: BSD-3-Clause */
/** The array of sessions: memory for all of them at once, filled one by one as the reflector accepts them. Main or opening thread. */
#ifndef SPECULAR_LOAD_LOAD_SESSIONS_H
#define SPECULAR_LOAD_LOAD_SESSIONS_H

#include "base/error.h"
#include "crypto/suite.h"
#include "frame_headers.h"
#include "load_session.h"

/** Room for every group's sessions, and the groups' formats. suite: NULL without keyed groups. Nothing stays behind on an error. */
int load_sessions_make(const struct load_config *config, const struct suite *suite,
                       struct load_sessions *sessions, struct error *error);

/** What became of a request; nothing of it is kept. */
struct accepted_session {
	unsigned group;
	struct frame_way way;
	const uint8_t *sid; /**< NULL: none, LOAD_PEER_SWAP */
	const struct session_keys
	        *keys; /**< TWAMP-Control's; unused in unauthenticated test mode */
};

/** Appends a session and finds it by its replies from now on. ERROR_EXISTS: another has the same addresses and ports. ERROR_CRYPTO. */
int load_sessions_add(struct load_sessions *sessions, const struct suite *suite,
                      const struct accepted_session *accepted, struct error *error);

/** Frees the sessions and wipes their keys. A zeroed one too. */
void load_sessions_free(struct load_sessions *sessions, const struct suite *suite);

#endif
