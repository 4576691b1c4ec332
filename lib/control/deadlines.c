/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/deadlines.h"

#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "control/server.h"

/** One round of the wheel is more than a minute: what waits for longer is looked at once a round. */
#define TICKS 4096u
/** What is so many ticks away waits for a tick that is a multiple of COARSE: the sessions of hours keep the event loop asleep for a second. */
#define FAR_TICKS 1024u
#define COARSE    64u

LIST_HEAD(deadline_list, deadline);

struct deadlines {
	deadline_passed passed;
	const unsigned *portion;
	struct event *timer;
	uint64_t timer_tick;      /**< when it fires; UINT64_MAX: never */
	unsigned count;           /**< armed */
	uint64_t next;            /**< the first tick whose list has not been taken yet */
	struct deadline_list due; /**< taken, and not yet looked at */
	struct deadline_list ticks[TICKS];
};

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static void fire_at(struct deadlines *deadlines, uint64_t tick)
{
	uint64_t now = now_ms();
	uint64_t due = tick * DEADLINES_TICK_MS;

	deadlines->timer_tick = tick;
	timer_arm(deadlines->timer, due > now ? due - now : 0);
}

static void hang_in(struct deadlines *deadlines, struct deadline *deadline)
{
	LIST_INSERT_HEAD(&deadlines->ticks[deadline->tick % TICKS], deadline, link);
}

/** The whole list of the next tick is due now; there was nothing due. */
static void take_tick(struct deadlines *deadlines)
{
	struct deadline_list *list = &deadlines->ticks[deadlines->next++ % TICKS];

	LIST_FIRST(&deadlines->due) = LIST_FIRST(list);
	if (!LIST_EMPTY(list))
		LIST_FIRST(list)->link.le_prev = &LIST_FIRST(&deadlines->due);
	LIST_INIT(list);
}

/** The first one that is due passes, unless it was hung in for a later round. */
static void look_at_first(struct deadlines *deadlines, uint64_t tick)
{
	struct deadline *deadline = LIST_FIRST(&deadlines->due);

	LIST_REMOVE(deadline, link);
	if (deadline->tick > tick) {
		hang_in(deadlines, deadline);
		return;
	}
	deadline->is_armed = false;
	deadlines->count--;
	deadlines->passed(deadline);
}

/** Fires when the next list has something; not at all when there is nothing. */
static void go_on(struct deadlines *deadlines, uint64_t tick)
{
	uint64_t next = deadlines->next;

	deadlines->timer_tick = UINT64_MAX;
	if (!LIST_EMPTY(&deadlines->due)) {
		fire_at(deadlines, tick);
		return;
	}
	if (deadlines->count == 0)
		return;
	while (LIST_EMPTY(&deadlines->ticks[next % TICKS]))
		next++;
	fire_at(deadlines, next);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct deadlines *deadlines = context;
	uint64_t tick = now_ms() / DEADLINES_TICK_MS;
	unsigned left = *deadlines->portion;

	(void)fd;
	(void)what;
	/* After a long sleep one round sees all. */
	if (tick - deadlines->next >= TICKS && tick > deadlines->next)
		deadlines->next = tick - TICKS + 1;
	for (; left > 0; left--) {
		while (LIST_EMPTY(&deadlines->due) && deadlines->next <= tick)
			take_tick(deadlines);
		if (LIST_EMPTY(&deadlines->due))
			break;
		look_at_first(deadlines, tick);
	}
	go_on(deadlines, tick);
}

struct deadlines *deadlines_create(struct event_base *base, deadline_passed passed,
                                   const unsigned *portion)
{
	struct deadlines *deadlines = calloc(1, sizeof(*deadlines));

	if (deadlines == NULL)
		return NULL;
	deadlines->passed = passed;
	deadlines->portion = portion;
	deadlines->timer_tick = UINT64_MAX;
	deadlines->timer = evtimer_new(base, on_timer, deadlines);
	if (deadlines->timer != NULL)
		return deadlines;
	free(deadlines);
	return NULL;
}

void deadlines_destroy(struct deadlines *deadlines)
{
	if (deadlines == NULL)
		return;
	event_free(deadlines->timer);
	free(deadlines);
}

void deadline_arm(struct deadlines *deadlines, struct deadline *deadline, uint64_t milliseconds)
{
	uint64_t now = now_ms();
	uint64_t tick = now / DEADLINES_TICK_MS;

	deadline_disarm(deadlines, deadline);
	if (deadlines->count == 0)
		deadlines->next = tick;
	/* The next one after it: `now` has lost up to a millisecond. */
	deadline->tick = (now + milliseconds) / DEADLINES_TICK_MS + 1;
	/* Its list has been taken: the next one. */
	if (deadline->tick < deadlines->next)
		deadline->tick = deadlines->next;
	if (deadline->tick - tick >= FAR_TICKS)
		deadline->tick = (deadline->tick + COARSE - 1) / COARSE * COARSE;
	deadline->is_armed = true;
	deadlines->count++;
	hang_in(deadlines, deadline);
	if (deadline->tick < deadlines->timer_tick)
		fire_at(deadlines, deadline->tick);
}

void deadline_disarm(struct deadlines *deadlines, struct deadline *deadline)
{
	if (!deadline->is_armed)
		return;
	LIST_REMOVE(deadline, link);
	deadline->is_armed = false;
	deadlines->count--;
}
