/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the reflector's Sequence Numbers say. It numbers its replies from zero, one more for each (RFC 5357 section 4.2.1), whatever
 * happened to packets on their way to it. So a number that never came is a reply lost on the way back, and a packet that is missing beside
 * these never reached the reflector.
 *
 * Known is what lies between two answered packets. Unknown is what became of the packets behind the last one answered, and, if the warm-up's last
 * packet was not answered, of those before the first one. Besides, the numbers can't tell:
 * - a doubled request whose replies were lost from a packet whose reply was lost: then up to so many are told as lost on the way back
 *   instead of the way there;
 * - which side of the beginning or the end a number belongs to, when packets overtook each other on the way there at that very place
 *   and replies were lost too: off by so many packets at most;
 * - anything, if the reflector just echoes the sender's numbers. Without loss on the way there nobody sees it; with it, it is told as
 *   loss on the way back.
 * A reflector whose numbers break the rule (twice, or more than packets were sent) has all its session's loss told as unknown.
 */
#ifndef SPECULAR_LOAD_LOSS_H
#define SPECULAR_LOAD_LOSS_H

#include "load_session.h"

/** What there is to say of a reply's Sequence Number. */
enum loss_number {
	LOSS_NUMBER_NEW,
	LOSS_NUMBER_SEEN, /**< another reply had it */
	LOSS_NUMBER_OLD, /**< too far behind the highest to know; at most LOSS_WINDOW are remembered */
	LOSS_NUMBER_IMPOSSIBLE, /**< beyond what the reflector can have counted to, or long before */
};

#define LOSS_WINDOW 64u

/** A right reply: takes note of its number. The lcore. */
enum loss_number loss_note_number(struct load_session *session, uint32_t number);

/** The first right reply to a packet (load_session_sequence), late or not, once its number is noted. The lcore. */
void loss_note_first(struct load_session *session, uint64_t sequence, uint32_t number);

#endif
