/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * An open-loop schedule: slot k is due at begin + k / rate, whatever happened to the slots before. What could not be sent in time is sent
 * late (its delay counts from the schedule); what is later than the limit is given up and counted as missed. Pure; one lcore.
 */
#ifndef SPECULAR_LOAD_PACER_H
#define SPECULAR_LOAD_PACER_H

#include <stdbool.h>
#include <stdint.h>

#define PACER_NO_END UINT64_MAX

struct pacer {
	uint64_t begin_tsc;
	/** No slot from here on is due. The owner may move it at any time: the schedule goes on as if it had not been there. */
	uint64_t end_tsc;
	uint64_t
	        ticks_integer; /**< of a slot: 64.64 fixed point, so that a week at any rate is off by less than a tick */
	uint64_t ticks_fraction;
	uint64_t limit_ticks;
	/* The next slot. */
	uint64_t next_tsc;
	uint64_t next_fraction;
	uint64_t slots; /**< due so far: sent and missed */
};

/**
 * slots_per_second may be any positive number; late_ticks: how far behind a slot may be sent. There is no end. A slot of more than
 * 2^62 ticks lasts so long.
 */
void pacer_begin(struct pacer *pacer, uint64_t begin_tsc, uint64_t tsc_hz, double slots_per_second,
                 uint64_t late_ticks);

/**
 * Takes up to `most` slots that are due at now, their times into due[]; the slots given up before them are added to *missed. Returns how
 * many were taken.
 */
unsigned pacer_take(struct pacer *pacer, uint64_t now_tsc, uint64_t due[], unsigned most,
                    uint64_t *missed);

/** Gives up every slot before the end, due or not. Returns how many. */
uint64_t pacer_give_up(struct pacer *pacer);

/** Whether pacer_take would find something to take or to give up. */
static inline bool pacer_is_due(const struct pacer *pacer, uint64_t now_tsc)
{
	return pacer->next_tsc <= now_tsc && pacer->next_tsc < pacer->end_tsc;
}

/** Whether every slot before the end was taken or given up. */
static inline bool pacer_is_over(const struct pacer *pacer)
{
	return pacer->next_tsc >= pacer->end_tsc;
}

#endif
