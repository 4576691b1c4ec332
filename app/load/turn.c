/* SPDX-License-Identifier: BSD-3-Clause */
#include "turn.h"

void turn_begin(struct turn *turn)
{
	turn->counts = false;
	turn->total = 0;
	for (unsigned i = 0; i < turn->count; i++) {
		struct turn_group *group = &turn->groups[i];

		group->credit = 0;
		group->next = 0;
		group->fresh = group->taking_part;
		turn->total += group->share;
	}
}

void turn_count_from_here(struct turn *turn)
{
	turn->counts = true;
}

struct turn_group *turn_choose(struct turn *turn)
{
	struct turn_group *chosen = &turn->groups[0];

	if (turn->count == 1)
		return chosen;
	for (unsigned i = 0; i < turn->count; i++) {
		struct turn_group *group = &turn->groups[i];

		group->credit += group->share;
		if (group->credit > chosen->credit)
			chosen = group;
	}
	chosen->credit -= turn->total;
	return chosen;
}
