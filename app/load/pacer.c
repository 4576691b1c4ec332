/* SPDX-License-Identifier: BSD-3-Clause */
#include "pacer.h"

#define TICKS_MAXIMUM (UINT64_C(1) << 62)
#define FRACTION_ONE  0x1p64L
#define FRACTION_BITS 64

_Static_assert(__LDBL_MANT_DIG__ >= 64, "a week of ticks has 51 bits: 13 more remain of a tick");

void pacer_begin(struct pacer *pacer, uint64_t begin_tsc, uint64_t tsc_hz, double slots_per_second,
                 uint64_t late_ticks)
{
	long double ticks = (long double)tsc_hz / (long double)slots_per_second;

	*pacer = (struct pacer){
	        .begin_tsc = begin_tsc,
	        .end_tsc = PACER_NO_END,
	        .ticks_integer = TICKS_MAXIMUM,
	        .limit_ticks = late_ticks,
	        .next_tsc = begin_tsc,
	};
	if (ticks < (long double)TICKS_MAXIMUM) {
		pacer->ticks_integer = (uint64_t)ticks;
		ticks -= (long double)pacer->ticks_integer;
		pacer->ticks_fraction = (uint64_t)(ticks * FRACTION_ONE);
	}
}

static void advance(struct pacer *pacer, unsigned __int128 ticks)
{
	unsigned __int128 next =
	        ((unsigned __int128)pacer->next_tsc << FRACTION_BITS | pacer->next_fraction) +
	        ticks;

	pacer->next_tsc = (uint64_t)(next >> FRACTION_BITS);
	pacer->next_fraction = (uint64_t)next;
}

/** Gives up all slots before `until` at once, however many. */
static uint64_t skip(struct pacer *pacer, uint64_t until)
{
	if (pacer->next_tsc >= until)
		return 0;
	unsigned __int128 slot =
	        (unsigned __int128)pacer->ticks_integer << FRACTION_BITS | pacer->ticks_fraction;
	unsigned __int128 behind = ((unsigned __int128)(until - pacer->next_tsc) << FRACTION_BITS) -
	                           pacer->next_fraction;
	uint64_t skipped = (uint64_t)((behind + slot - 1) / slot);

	advance(pacer, skipped * slot);
	return skipped;
}

unsigned pacer_take(struct pacer *pacer, uint64_t now_tsc, uint64_t due[], unsigned most,
                    uint64_t *missed)
{
	uint64_t limit = now_tsc > pacer->limit_ticks ? now_tsc - pacer->limit_ticks : 0;
	uint64_t given_up = skip(pacer, limit < pacer->end_tsc ? limit : pacer->end_tsc);
	unsigned taken = 0;

	for (; taken < most && pacer_is_due(pacer, now_tsc); taken++) {
		uint64_t fraction = pacer->next_fraction + pacer->ticks_fraction;

		due[taken] = pacer->next_tsc;
		pacer->next_tsc += pacer->ticks_integer + (fraction < pacer->ticks_fraction);
		pacer->next_fraction = fraction;
	}
	*missed += given_up;
	pacer->slots += given_up + taken;
	return taken;
}

uint64_t pacer_give_up(struct pacer *pacer)
{
	uint64_t given_up = skip(pacer, pacer->end_tsc);

	pacer->slots += given_up;
	return given_up;
}
