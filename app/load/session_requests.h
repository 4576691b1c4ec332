/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The sessions of a control connection: Request-TW-Session for some of them ahead of the answers, so that a distant or busy server is not
 * waited for once a session. A step at a time, so that several connections take turns and all their servers work. The opening's thread.
 */
#ifndef SPECULAR_LOAD_SESSION_REQUESTS_H
#define SPECULAR_LOAD_SESSION_REQUESTS_H

#include "base/error.h"
#include "control_client.h"
#include "load_sessions.h"
#include "opening.h"

struct session_request;

struct session_requests {
	/* The caller's. */
	const struct opening_settings *settings;
	struct control_client *client; /**< set up */
	unsigned group;
	unsigned first, count; /**< of the group's sessions */
	/* Its own. */
	struct session_request *waiting; /**< a ring, oldest first: asked, not answered */
	unsigned size, oldest, asked;    /**< its room, where it begins, and how many are in it */
	unsigned begun, accepted;        /**< of count */
};

/** Where packets of a session of the group go, by its number there. */
void session_way_make(const struct opening_settings *settings, unsigned group, unsigned number,
                      struct frame_way *way);

/** The caller's members are set, the others zero. ERROR_MEMORY. */
int session_requests_make(struct session_requests *requests, struct error *error);
/** A zeroed one too. */
void session_requests_free(struct session_requests *requests);

/**
 * Sends as many as control.requests allows and takes half of their answers; does nothing when all are accepted. What the server refuses is
 * an error that names the session.
 */
int session_requests_step(struct session_requests *requests, struct load_sessions *sessions,
                          struct error *error);
/** Whether all are accepted. */
bool session_requests_done(const struct session_requests *requests);

#endif
