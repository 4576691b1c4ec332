/* SPDX-License-Identifier: BSD-3-Clause */
#include "lcore.h"

#include <string.h>

#include "burst_trial.h"
#include "departure.h"
#include "flights.h"
#include "intake.h"
#include "nap.h"
#include "reflect/idle.h"
#include "stats/counters.h"

/** Sessions that begin or end a trial in one turn of the loop: the kernel's frames shall not wait for a million. */
#define SESSIONS_A_TURN 128u
/** More packets than any warm-up sends of one session: the first that counts is beyond them until it is known. */
#define WARM_UP_PACKETS (UINT64_C(1) << 62)
#define NS_PER_SECOND   1e9

static void enter(struct lcore *lcore, enum lcore_phase phase)
{
	lcore->phase = phase;
	lcore->group = lcore->session = 0;
}

/** The next of the lcore's sessions; false when that was the last. */
static bool step(struct lcore *lcore, unsigned *left, struct turn_group **group, unsigned *index)
{
	for (; lcore->group < lcore->turn.count; lcore->group++, lcore->session = 0) {
		*group = &lcore->turn.groups[lcore->group];
		if (lcore->session == (*group)->count)
			continue;
		*index = lcore->session++;
		--*left;
		return true;
	}
	return false;
}

/** What is still on its way to a session that does not take part is of an earlier trial. */
static void begin_session(struct lcore *lcore, const struct turn_group *group, unsigned index)
{
	struct load_session *session = group->sessions[index];

	if (lcore->flights != NULL && index < group->taking_part) {
		flights_give(session, lcore->flights, group->flights);
		lcore->flights += group->flights;
	} else if (lcore->flights != NULL) {
		flights_give(session, lcore->nowhere, FLIGHTS_MINIMUM);
	}
	receive_begin(session);
	if (lcore->order.warm_up_ns > 0 && lcore->order.kind == TRIAL_PACED)
		session->counted_sequence = session->next_sequence + WARM_UP_PACKETS;
}

static uint64_t ticks_of(const struct lcore *lcore, uint64_t nanoseconds)
{
	return (uint64_t)((double)nanoseconds * (double)lcore->tsc_hz / NS_PER_SECOND);
}

static void begin_schedule(struct lcore *lcore)
{
	uint64_t begin = tsc_now(), total = lcore->order.warm_up_ns + lcore->order.duration_ns;

	pacer_begin(&lcore->pacer, begin, lcore->tsc_hz, lcore->order.rate, lcore->late_ticks);
	/* A tick less: a slot that is due just at the end, but for what is rounded, is the next. */
	lcore->pacer.end_tsc = begin + ticks_of(lcore, lcore->order.warm_up_ns) - 1;
	lcore->end_tsc = begin + ticks_of(lcore, total) - 1;
	/* No share of the rate: then nothing is ever due. */
	if (!(lcore->order.rate > 0))
		lcore->pacer.next_tsc = lcore->end_tsc;
	enter(lcore, LCORE_WARMING_UP);
}

static void open_sessions(struct lcore *lcore)
{
	struct turn_group *group;
	unsigned left = SESSIONS_A_TURN, index;

	while (left > 0) {
		if (step(lcore, &left, &group, &index)) {
			begin_session(lcore, group, index);
			continue;
		}
		if (lcore->order.kind == TRIAL_BURST) {
			burst_trial_begin(lcore);
			departure_count_from_here(lcore);
			enter(lcore, LCORE_BUILDING);
		} else {
			begin_schedule(lcore);
		}
		return;
	}
}

static void wait_for_replies(struct lcore *lcore)
{
	lcore->deadline_tsc = tsc_now() + lcore->timeout_ticks;
	enter(lcore, LCORE_WAITING);
}

static bool all_is_answered(const struct lcore *lcore)
{
	const struct load_measures *measures = lcore->receiver.measures;

	return measures->answered + measures->late >= lcore->counted;
}

/** The last reply may come twice, the second one a little behind the first. No longer than for replies. */
static void linger(struct lcore *lcore)
{
	uint64_t until = tsc_now() + lcore->linger_ticks;

	if (until < lcore->deadline_tsc)
		lcore->deadline_tsc = until;
	enter(lcore, LCORE_LINGERING);
}

static void close_session(struct lcore *lcore, const struct turn_group *group, unsigned index)
{
	struct session_loss *sum = &lcore->result.loss, loss;

	if (index >= group->taking_part)
		return;
	if (turn_is_fresh(group, index))
		receive_count_from_here(group->sessions[index]);
	loss = receive_loss(group->sessions[index]);
	sum->sent += loss.sent;
	sum->answered += loss.answered;
	sum->forward += loss.forward;
	sum->backward += loss.backward;
	sum->unknown += loss.unknown;
}

/** What comes from here on belongs to no trial. */
static void finish(struct lcore *lcore)
{
	struct lcore_result *result = &lcore->result;

	result->first_sent_tsc = lcore->burst.first_sent_tsc;
	result->last_sent_tsc = lcore->burst.last_sent_tsc;
	result->first_timestamp = lcore->receiver.first_timestamp;
	result->last_timestamp = lcore->receiver.last_timestamp;
	result->timestamps = lcore->receiver.timestamps;
	lcore->receiver.measures = lcore->between;
	enter(lcore, LCORE_RESTING);
	__atomic_store_n(&lcore->finished, lcore->seen >> LCORE_COMMAND_BITS, __ATOMIC_RELEASE);
}

static void close_sessions(struct lcore *lcore)
{
	struct turn_group *group;
	unsigned left = SESSIONS_A_TURN, index;

	while (left > 0) {
		if (!step(lcore, &left, &group, &index)) {
			finish(lcore);
			return;
		}
		close_session(lcore, group, index);
	}
}

static void begin_trial(struct lcore *lcore)
{
	lcore->receiver.measures = lcore->measures;
	memset(lcore->measures, 0, sizeof(*lcore->measures));
	memset(&lcore->result, 0, sizeof(lcore->result));
	memset(&lcore->pending, 0, sizeof(lcore->pending));
	memset(&lcore->held_back, 0, sizeof(lcore->held_back));
	lcore->receiver.first_timestamp = lcore->receiver.last_timestamp = 0;
	lcore->receiver.timestamps = 0;
	lcore->counted = 0;
	turn_begin(&lcore->turn);
	burst_trial_begin(lcore);
	__atomic_store_n(&lcore->begun, lcore->seen >> LCORE_COMMAND_BITS, __ATOMIC_RELEASE);
	enter(lcore, LCORE_OPENING);
}

/** Whatever was to be sent is not. */
static void interrupt(struct lcore *lcore)
{
	uint64_t now = tsc_now();

	switch (lcore->phase) {
	case LCORE_OPENING:
		lcore->order.duration_ns = lcore->order.warm_up_ns = 0;
		lcore->order.frames = 0;
		break;
	case LCORE_WARMING_UP:
	case LCORE_SENDING:
		if (now < lcore->end_tsc)
			lcore->end_tsc = now;
		/* A warm-up that is over, or none, does not become longer: its packets would not count, and their replies would. */
		if (now < lcore->pacer.end_tsc)
			lcore->pacer.end_tsc = now;
		break;
	case LCORE_BUILDING:
		lcore->burst.wanted = lcore->burst.built;
		break;
	default:
		break;
	}
}

/** False when it is to leave. */
static bool obey(struct lcore *lcore)
{
	uint64_t command = __atomic_load_n(&lcore->command, __ATOMIC_ACQUIRE);

	if (command == lcore->seen)
		return true;
	bool is_new = command >> LCORE_COMMAND_BITS != lcore->seen >> LCORE_COMMAND_BITS;
	lcore->seen = command;
	if ((command & LCORE_COMMAND_MASK) == LCORE_STOP)
		return false;
	if (is_new)
		begin_trial(lcore);
	if ((command & LCORE_COMMAND_MASK) == LCORE_INTERRUPT)
		interrupt(lcore);
	return true;
}

static bool send_by_schedule(struct lcore *lcore)
{
	bool found = departure_send(lcore);
	/* A device that takes nothing more (its link is gone) would hold up the schedule for ever. */
	bool stuck = tsc_now() > lcore->pacer.end_tsc + lcore->timeout_ticks;

	if (!pacer_is_over(&lcore->pacer) && !stuck)
		return found;
	if (lcore->phase == LCORE_WARMING_UP && tsc_now() >= lcore->pacer.end_tsc) {
		departure_give_up(lcore);
		departure_count_from_here(lcore);
		lcore->pacer.end_tsc = lcore->end_tsc;
		enter(lcore, LCORE_SENDING);
	} else if (lcore->phase == LCORE_SENDING) {
		departure_give_up(lcore);
		wait_for_replies(lcore);
	}
	return true;
}

/**
 * Until as many have come back as were sent, or nothing was sent for the timeout: replies of a burst with a loss are judged then, so
 * that one lost frame does not make the lcore slow for the rest.
 */
static bool send_burst(struct lcore *lcore)
{
	unsigned sent = lcore->burst.sent;
	bool gone = burst_trial_send(lcore);

	if (lcore->burst.sent != sent)
		lcore->deadline_tsc = tsc_now() + lcore->timeout_ticks;
	bool over = tsc_now() > lcore->deadline_tsc;
	if (lcore->judge_afterwards && (over || burst_trial_is_complete(lcore))) {
		burst_trial_judge(lcore);
		if (gone || over)
			enter(lcore, LCORE_WAITING);
	} else if (!lcore->judge_afterwards && (over || gone)) {
		enter(lcore, LCORE_WAITING);
	}
	return true;
}

/** For the device to take what waits, for replies, and for their doubles. */
static bool wait_a_while(struct lcore *lcore)
{
	bool over = tsc_now() > lcore->deadline_tsc;

	if (lcore->pending.at < lcore->pending.end)
		(void)departure_send(lcore);
	if (!over && lcore->phase == LCORE_WAITING && all_is_answered(lcore))
		linger(lcore);
	if (!over)
		return false;
	departure_drop(lcore);
	burst_trial_drop(lcore);
	enter(lcore, LCORE_CLOSING);
	return true;
}

/** A step of the trial; whether there was anything to do. */
static bool proceed(struct lcore *lcore)
{
	switch (lcore->phase) {
	case LCORE_RESTING:
		return false;
	case LCORE_OPENING:
		open_sessions(lcore);
		return true;
	case LCORE_WARMING_UP:
	case LCORE_SENDING:
		return send_by_schedule(lcore);
	case LCORE_BUILDING:
		if (burst_trial_build(lcore)) {
			lcore->deadline_tsc = tsc_now() + lcore->timeout_ticks;
			enter(lcore, LCORE_BURSTING);
		}
		return true;
	case LCORE_BURSTING:
		return send_burst(lcore);
	case LCORE_WAITING:
	case LCORE_LINGERING:
		return wait_a_while(lcore);
	case LCORE_CLOSING:
		close_sessions(lcore);
		return true;
	}
	return false;
}

static unsigned take_in(struct lcore *lcore)
{
	unsigned found = lcore->phase == LCORE_BURSTING && lcore->judge_afterwards
	                         ? burst_trial_collect(lcore)
	                         : intake_port(lcore);

	found += intake_hand_over(lcore);
	return found + intake_kernel(lcore);
}

/** What arrived may have waited for all of the nap. */
static void note_nap(const struct lcore *lcore, uint64_t ticks)
{
	struct load_measures *measures = lcore->receiver.measures;
	uint64_t nap = (uint64_t)((double)ticks * NS_PER_SECOND / (double)lcore->tsc_hz);

	if (nap > measures->nap_maximum_ns)
		__atomic_store_n(&measures->nap_maximum_ns, nap, __ATOMIC_RELAXED);
}

int lcore_run(void *argument)
{
	struct lcore *lcore = argument;
	unsigned empty_polls = 0;
	uint64_t napped = 0;

	idle_begin(lcore->idle);
	while (obey(lcore)) {
		unsigned found = take_in(lcore);

		if (found > 0 && napped > 0)
			note_nap(lcore, napped);
		found += proceed(lcore);
		counter_add(&lcore->receiver.measures->polls, 1);
		if (found > 0) {
			counter_add(&lcore->receiver.measures->busy_polls, 1);
			empty_polls = 0;
			napped = 0;
		} else {
			napped = nap_take(lcore, ++empty_polls);
		}
	}
	burst_trial_judge(lcore);
	departure_drop(lcore);
	burst_trial_drop(lcore);
	departure_free(lcore);
	return 0;
}
