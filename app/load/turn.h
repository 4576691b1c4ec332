/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Whose packet is next: groups by their shares (smooth weighted round robin), the sessions of a group one after the other. One lcore's.
 * The main thread sets it up between trials.
 */
#ifndef SPECULAR_LOAD_TURN_H
#define SPECULAR_LOAD_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "load_session.h"
#include "receiver.h"

/** Sessions are fetched so many turns ahead. */
#define TURN_AHEAD 8u

/** The sessions of a group that this lcore owns. */
struct turn_group {
	unsigned number;                /**< of the group in the configuration */
	struct load_session **sessions; /**< in their order */
	unsigned count;
	unsigned taking_part; /**< in the trial: the first so many */
	uint32_t flights;     /**< entries for each of them; a power of two */
	int64_t share;        /**< of the turns, against the other groups' */
	int64_t credit;
	unsigned next;
	/** Sessions that had no turn since packets count: the next so many. */
	unsigned fresh;
};

struct turn {
	struct turn_group groups[LOAD_GROUPS_MAX];
	unsigned
	        count; /**< of groups that this lcore has sessions of, whether they take part or not */
	int64_t total; /**< of the shares of those that take part */
	bool counts;   /**< packets count */
};

/** A trial begins; taking_part and share are set. */
void turn_begin(struct turn *turn);

/** From here on packets count: a session's from its next turn on. */
void turn_count_from_here(struct turn *turn);

/** Whether the i-th session of a group that takes part had no turn since packets count. */
static inline bool turn_is_fresh(const struct turn_group *group, unsigned i)
{
	unsigned behind = i >= group->next ? i - group->next : i + group->taking_part - group->next;

	return behind < group->fresh;
}

/** The group whose turn it is: the one that waits for longest, measured in its share. Shares are not all zero. */
struct turn_group *turn_choose(struct turn *turn);

static inline struct load_session *turn_next(struct turn *turn)
{
	struct turn_group *group = turn_choose(turn);
	struct load_session *session = group->sessions[group->next];
	unsigned ahead = group->next + TURN_AHEAD;

	if (ahead < group->taking_part)
		__builtin_prefetch(&group->sessions[ahead]->next_sequence, 1);
	if (++group->next == group->taking_part)
		group->next = 0;
	if (turn->counts && group->fresh > 0) {
		group->fresh--;
		receive_count_from_here(session);
	}
	return session;
}

#endif
