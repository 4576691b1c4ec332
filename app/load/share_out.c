/* SPDX-License-Identifier: BSD-3-Clause */
#include "share_out.h"

#include <stdlib.h>

/** One packet of a share of 1; a whole number of turns comes out for any number of lcores, as near as nobody can tell. */
#define SHARE_ONE ((double)(UINT64_C(1) << 20))

/** Sessions that take part, by group. */
struct part {
	unsigned sessions[LOAD_GROUPS_MAX];
	uint64_t share; /**< of all groups that take part */
};

static struct part part_of(const struct share_out *share, unsigned sessions)
{
	struct part part = {.share = 0};

	for (unsigned i = 0; i < sessions; i++)
		part.sessions[share->sessions->sessions[i].group]++;
	for (unsigned i = 0; i < share->config->group_count; i++)
		part.share += part.sessions[i] > 0 ? share->config->groups[i].share : 0;
	return part;
}

static void set_owners(const struct share_out *share)
{
	unsigned next[LOAD_GROUPS_MAX];

	/* Groups of one session do not all go to the first lcore. */
	for (unsigned i = 0; i < LOAD_GROUPS_MAX; i++)
		next[i] = i;
	for (unsigned i = 0; i < share->sessions->count; i++) {
		struct load_session *session = &share->sessions->sessions[i];
		session->owner = (uint8_t)(next[session->group]++ % share->lcore_count);
	}
}

static struct turn_group *group_of(struct turn *turn, unsigned number)
{
	for (unsigned i = 0; i < turn->count; i++) {
		if (turn->groups[i].number == number)
			return &turn->groups[i];
	}
	struct turn_group *group = &turn->groups[turn->count++];
	*group = (struct turn_group){.number = number};
	return group;
}

static void fill_turns(const struct share_out *share)
{
	struct load_session **place = share->order;

	for (unsigned i = 0; i < share->sessions->count; i++) {
		const struct load_session *session = &share->sessions->sessions[i];
		group_of(&share->lcores[session->owner]->turn, session->group)->count++;
	}
	for (unsigned i = 0; i < share->lcore_count; i++) {
		struct turn *turn = &share->lcores[i]->turn;
		for (unsigned k = 0; k < turn->count; k++) {
			turn->groups[k].sessions = place;
			place += turn->groups[k].count;
			turn->groups[k].count = 0;
		}
	}
	for (unsigned i = 0; i < share->sessions->count; i++) {
		struct load_session *session = &share->sessions->sessions[i];
		struct turn_group *group =
		        group_of(&share->lcores[session->owner]->turn, session->group);
		group->sessions[group->count++] = session;
	}
}

int share_out_create(struct share_out *share, const struct load_config *config,
                     struct load_sessions *sessions, struct lcore **lcores, unsigned lcore_count,
                     struct error *error)
{
	*share = (struct share_out){.config = config,
	                            .sessions = sessions,
	                            .lcores = lcores,
	                            .lcore_count = lcore_count};
	share->order = malloc(sessions->count * sizeof(struct load_session *));
	if (share->order == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for %u sessions", sessions->count);
	set_owners(share);
	fill_turns(share);
	return 0;
}

void share_out_destroy(struct share_out *share)
{
	free(share->order);
	share->order = NULL;
}

uint64_t share_out_flights(const struct share_out *share, unsigned sessions,
                           const struct flights_need *need)
{
	struct part part = part_of(share, sessions);
	uint64_t count = 0;

	for (unsigned i = 0; i < share->config->group_count; i++) {
		if (part.sessions[i] > 0)
			count += (uint64_t)part.sessions[i] *
			         flights_of_session(need, share->config->groups[i].share,
			                            part.share, part.sessions[i]);
	}
	return count;
}

/** Returns its part of all traffic, 0 to 1. */
static double set_turn(const struct share_out *share, struct turn *turn, const struct part *part,
                       const struct flights_need *need)
{
	double whole = 0;

	for (unsigned i = 0; i < turn->count; i++) {
		struct turn_group *group = &turn->groups[i];
		uint32_t weight = share->config->groups[group->number].share;
		unsigned sessions = part->sessions[group->number];

		group->share = 0;
		group->flights = 0;
		if (group->taking_part == 0)
			continue;
		double own = (double)weight * group->taking_part / sessions;
		whole += own;
		group->share = (int64_t)(own * SHARE_ONE) + 1;
		group->flights = flights_of_session(need, weight, part->share, sessions);
	}
	return whole / (double)part->share;
}

static void set_taking_part(const struct share_out *share, unsigned sessions)
{
	for (unsigned i = 0; i < share->lcore_count; i++) {
		struct turn *turn = &share->lcores[i]->turn;
		for (unsigned k = 0; k < turn->count; k++)
			turn->groups[k].taking_part = 0;
	}
	for (unsigned i = 0; i < sessions; i++) {
		const struct load_session *session = &share->sessions->sessions[i];
		group_of(&share->lcores[session->owner]->turn, session->group)->taking_part++;
	}
}

void share_out_order(const struct share_out *share, const struct trial_order *order,
                     const struct flights_need *need, struct flights *flights, bool give)
{
	struct part part = part_of(share, order->sessions);
	struct load_flight *place = flights->entries;
	double before = 0;

	set_taking_part(share, order->sessions);
	for (unsigned i = 0; i < share->lcore_count; i++) {
		struct lcore *lcore = share->lcores[i];
		double own = set_turn(share, &lcore->turn, &part, need), up_to = before + own;

		if (i + 1 == share->lcore_count)
			up_to = 1;
		lcore->order = *order;
		lcore->order.rate = order->rate * own;
		lcore->order.frames = (uint32_t)(order->frames * up_to + 0.5) -
		                      (uint32_t)(order->frames * before + 0.5);
		lcore->flights = give ? place : NULL;
		lcore->nowhere = flights->nowhere;
		for (unsigned k = 0; k < lcore->turn.count; k++)
			place += (uint64_t)lcore->turn.groups[k].taking_part *
			         lcore->turn.groups[k].flights;
		before = up_to;
	}
}
