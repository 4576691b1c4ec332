/* SPDX-License-Identifier: BSD-3-Clause */
#include "loss.h"

#include "receiver.h"

/** Numbers that a burst of doubled packets may be ahead by, beside twice what was sent. */
#define NUMBERS_SLACK 64u

/** left - right of numbers that go round at 2^32: less than zero when left is before right. */
static inline int32_t distance(uint32_t left, uint32_t right)
{
	return (int32_t)(left - right);
}

/** The reflector's whole number that is this one on the wire: that which is nearest to the next one. */
static inline uint64_t whole_number(const struct load_session *session, uint32_t number)
{
	return session->reflector_next +
	       (uint64_t)(int64_t)distance(number, (uint32_t)session->reflector_next);
}

/** A number from reflector_next on. More packets than were sent since the last answered one, each doubled, can't have been counted. */
static enum loss_number note_ahead(struct load_session *session, uint32_t ahead)
{
	uint64_t outstanding = session->next_sequence - session->highest_answered;

	if (ahead > 2 * outstanding + NUMBERS_SLACK)
		return LOSS_NUMBER_IMPOSSIBLE;
	session->reflector_window =
	        ahead + 1 < LOSS_WINDOW ? session->reflector_window << (ahead + 1) | 1 : 1;
	session->reflector_next += ahead + 1;
	return LOSS_NUMBER_NEW;
}

enum loss_number loss_note_number(struct load_session *session, uint32_t number)
{
	uint32_t next = (uint32_t)session->reflector_next, behind = next - 1 - number;

	if (distance(number, next) >= 0)
		return note_ahead(session, number - next);
	if (behind >= LOSS_WINDOW)
		return behind > 2 * (uint64_t)session->flight_mask + NUMBERS_SLACK
		               ? LOSS_NUMBER_IMPOSSIBLE
		               : LOSS_NUMBER_OLD;
	if ((session->reflector_window >> behind & 1) != 0)
		return LOSS_NUMBER_SEEN;
	session->reflector_window |= UINT64_C(1) << behind;
	return LOSS_NUMBER_NEW;
}

/** What counts begins with this sender's number, which the reflector gave this number of its own; packets may have overtaken others. */
static void begin_at(struct load_session *session, uint64_t sequence, uint64_t number)
{
	bool known = session->begin_known || session->unique > 0;

	if (!known || sequence < session->known_from)
		session->known_from = sequence;
	if (!known || (int64_t)(number - session->reflector_first) < 0)
		session->reflector_first = number;
}

void loss_note_first(struct load_session *session, uint64_t sequence, uint32_t number)
{
	uint64_t whole = whole_number(session, number);

	if (sequence >= session->highest_answered) {
		session->highest_answered = sequence + 1;
		session->reflector_at_highest = number;
	}
	session->arrivals++;
	if (sequence >= session->counted_sequence) {
		begin_at(session, sequence, whole);
		session->unique++;
	} else if (sequence + 1 == session->counted_sequence) {
		begin_at(session, session->counted_sequence, whole + 1);
		session->begin_known = true;
	}
}

void receive_count_from_here(struct load_session *session)
{
	session->counted_sequence = session->next_sequence;
	session->unique = 0;
	session->late = 0;
	session->duplicates_forward = 0;
	session->misnumbered = false;
	/* All that was sent before is answered: then so many has the reflector counted. */
	session->begin_known = session->highest_answered == session->counted_sequence;
	session->known_from = session->counted_sequence;
	session->reflector_first = session->reflector_next;
}

void receive_begin(struct load_session *session)
{
	session->first_sequence = session->next_sequence;
	session->last_rtt_ns = -1;
	receive_count_from_here(session);
}

/** Numbers of the reflector that never came, as far as they can be those of packets that have no answer. */
static uint64_t missing_numbers(const struct load_session *session, uint64_t unanswered)
{
	int64_t counted = (int64_t)(session->reflector_next - session->reflector_first);
	int64_t missing = counted - (int64_t)(session->unique + session->duplicates_forward);

	if (missing < 0)
		return 0;
	return (uint64_t)missing < unanswered ? (uint64_t)missing : unanswered;
}

struct session_loss receive_loss(const struct load_session *session)
{
	uint64_t sent = session->next_sequence - session->counted_sequence;
	struct session_loss loss = {
	        .sent = sent,
	        .answered = session->unique - session->late,
	        .backward = session->late,
	};

	if (session->unique == 0 || session->misnumbered ||
	    session->format->peer == LOAD_PEER_SWAP) {
		loss.unknown = sent - session->unique;
		return loss;
	}
	uint64_t between = session->highest_answered - session->known_from;
	uint64_t unanswered = between - session->unique;
	uint64_t missing = missing_numbers(session, unanswered);
	loss.backward += missing;
	loss.forward = unanswered - missing;
	loss.unknown = sent - between;
	return loss;
}
