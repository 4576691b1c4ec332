/* SPDX-License-Identifier: BSD-3-Clause */
#include "nap.h"

#include <rte_pause.h>

#include "reflect/idle.h"

#define NS_PER_SECOND 1e9

uint64_t nap_length_ns(uint64_t now_tsc, uint64_t event_tsc, uint64_t tsc_hz, uint64_t most_ns)
{
	if (event_tsc <= now_tsc)
		return 0;
	double left = (double)(event_tsc - now_tsc) * NS_PER_SECOND / (double)tsc_hz -
	              (double)NAP_MARGIN_NS;
	if (left <= 0)
		return 0;
	return left < (double)most_ns ? (uint64_t)left : most_ns;
}

/** When the lcore has something to do whatever comes; 0: now. */
static uint64_t next_event(const struct lcore *lcore)
{
	/* The device may take frames at any time. */
	if (lcore->pending.at < lcore->pending.end)
		return 0;
	switch (lcore->phase) {
	case LCORE_RESTING:
		return UINT64_MAX;
	case LCORE_WARMING_UP:
	case LCORE_SENDING:
		return pacer_is_over(&lcore->pacer) ? lcore->pacer.end_tsc : lcore->pacer.next_tsc;
	case LCORE_WAITING:
	case LCORE_LINGERING:
		return lcore->deadline_tsc;
	case LCORE_OPENING:
	case LCORE_BUILDING:
	case LCORE_BURSTING:
	case LCORE_CLOSING:
		break;
	}
	return 0;
}

uint64_t nap_take(const struct lcore *lcore, unsigned empty_polls)
{
	if (lcore->idle != IDLE_SLEEP) {
		if (lcore->phase == LCORE_RESTING || lcore->idle == IDLE_PAUSE)
			rte_pause();
		return 0;
	}
	uint64_t begin = tsc_now();
	uint64_t length =
	        nap_length_ns(begin, next_event(lcore), lcore->tsc_hz, lcore->idle_sleep_ns);
	return idle_wait(lcore->idle, empty_polls, length) ? tsc_now() - begin : 0;
}
