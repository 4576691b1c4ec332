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
#include "load_session.h"

struct opening;

/** suite: expands keys; NULL without keyed groups. interrupt_fd: readable when the person wants to stop. */
int opening_create(const struct load_config *config, struct suite *suite, int interrupt_fd,
                   struct opening **opening, struct error *error);
/** Every session of every group, started. What the server refuses is an error that names the group, session and Accept in words. */
int opening_run(struct opening *opening, struct load_sessions *sessions, struct error *error);
/** Stop-Sessions on every connection; errors are logged. Then the connections are closed, the control keys wiped. */
void opening_close(struct opening *opening);

/** Frees the sessions and wipes their keys. */
void load_sessions_free(struct load_sessions *sessions, const struct suite *suite);

#endif
