/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The plan of a reply: all that follows from its session and the request's length. It is made once for a session whose packets have
 * one length, and kept beside the session's counters; the core that has the session makes and reads it.
 */
#ifndef SPECULAR_REFLECT_PLAN_H
#define SPECULAR_REFLECT_PLAN_H

#include "reflect/packet.h"

/** What the usual request loses on its way to be a reply in unauthenticated mode: padding, or the MBZ of Symmetrical Size. */
#define USUAL_LOSS SENDER_SYMMETRICAL_MBZ

/** How the reply is built. */
enum plan_kind {
	PLAN_ANY,        /**< as it has to be */
	PLAN_USUAL_IPV4, /**< unauthenticated, without features, no octet of padding becomes zero, just USUAL_LOSS octets go */
	PLAN_USUAL_IPV6,
};

/** The packet must be as long as the session's least_length says. */
void plan_make(struct core_session *session, const struct packet *packet, bool zero_padding);

/** The session's plan, made to fit the packet. zero_padding is a setting: one for the life of the process. */
HOT const struct reply_plan *plan_for(struct core_session *session, const struct packet *packet,
                                      bool zero_padding)
{
	if (session->plan.payload_length != packet->payload_length)
		plan_make(session, packet, zero_padding);
	return &session->plan;
}

#endif
