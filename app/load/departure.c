/* SPDX-License-Identifier: BSD-3-Clause */
#include "departure.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "stats/counters.h"

#define NS_PER_SECOND 1e9

unsigned departure_stock(struct lcore *lcore, unsigned wanted)
{
	unsigned missing = wanted - lcore->stock_count;

	if (lcore->stock_count >= wanted)
		return lcore->stock_count;
	if (rte_pktmbuf_alloc_bulk(lcore->pool, lcore->stock + lcore->stock_count, missing) == 0)
		lcore->stock_count = wanted;
	else
		counter_add(&lcore->receiver.measures->no_buffer, 1);
	return lcore->stock_count;
}

void departure_build(struct lcore *lcore, const uint64_t due[], struct rte_mbuf *mbufs[],
                     struct load_flight *flights[], unsigned count)
{
	struct send_slot slots[SEND_BURST_MAX];

	for (unsigned i = 0; i < count; i++) {
		mbufs[i] = lcore->stock[--lcore->stock_count];
		slots[i].session = turn_next(&lcore->turn);
		slots[i].scheduled_tsc = due[i];
		slots[i].octets = rte_pktmbuf_mtod(mbufs[i], uint8_t *);
		rte_prefetch0(slots[i].octets);
	}
	send_build(&lcore->sender, slots, count);
	for (unsigned i = 0; i < count; i++) {
		mbufs[i]->data_len = slots[i].length;
		mbufs[i]->pkt_len = slots[i].length;
		flights[i] = slots[i].flight;
	}
	if (lcore->turn.counts)
		lcore->counted += count;
}

static void note_lag(const struct lcore *lcore, uint64_t ticks)
{
	struct load_measures *measures = lcore->receiver.measures;
	uint64_t lag = (uint64_t)((double)ticks * NS_PER_SECOND / (double)lcore->tsc_hz);

	if (lag > measures->lag_maximum_ns)
		__atomic_store_n(&measures->lag_maximum_ns, lag, __ATOMIC_RELAXED);
}

/** Time between two calls, the first of which left frames behind, is to spare when nothing arrived in it. */
static void note_held_back(struct lcore *lcore, bool left_behind)
{
	struct load_measures *measures = lcore->receiver.measures;
	struct lcore_held_back *held_back = &lcore->held_back;

	if (!left_behind && held_back->since_tsc == 0)
		return;
	uint64_t arrivals = measures->received + measures->other, now = tsc_now();
	if (held_back->since_tsc != 0 && held_back->arrivals == arrivals)
		counter_add(&measures->held_back_ns,
		            (uint64_t)((double)(now - held_back->since_tsc) * NS_PER_SECOND /
		                       (double)lcore->tsc_hz));
	held_back->since_tsc = left_behind ? now : 0;
	held_back->arrivals = arrivals;
}

/** Of what counts, though the warm-up's last frames may still wait for the device. */
static bool is_measured_time(const struct lcore *lcore, uint64_t now)
{
	return lcore->phase == LCORE_SENDING ||
	       (lcore->phase == LCORE_WARMING_UP && now >= lcore->pacer.end_tsc);
}

static void transmit(struct lcore *lcore)
{
	struct lcore_pending *pending = &lcore->pending;
	struct load_measures *measures = lcore->receiver.measures;
	unsigned waiting = pending->end - pending->at;
	uint64_t first_due = pending->due[pending->at];
	/* Before the call, in which a frame may already be seen by the other side. */
	uint64_t now = tsc_now();
	unsigned taken = rte_eth_tx_burst(lcore->port_id, lcore->queue_id,
	                                  pending->mbufs + pending->at, (uint16_t)waiting);
	unsigned uncounted = taken < pending->uncounted ? taken : pending->uncounted;

	for (unsigned i = 0; i < taken; i++)
		pending->flights[pending->at + i]->sent_tsc = now;
	pending->at += taken;
	pending->uncounted -= uncounted;
	bool measured = is_measured_time(lcore, now);
	if ((measured || lcore->turn.counts) && taken < waiting)
		counter_add(&measures->transmit_full, 1);
	if (measured)
		note_held_back(lcore, taken < waiting);
	if (!lcore->turn.counts)
		return;
	counter_add(&measures->sent, taken - uncounted);
	if (taken > uncounted && uncounted == 0)
		note_lag(lcore, tsc_now() - first_due);
}

static void count_slots(struct lcore *lcore, uint64_t taken, uint64_t missed)
{
	struct load_measures *measures = lcore->receiver.measures;

	if (!lcore->turn.counts)
		return;
	counter_add(&measures->scheduled, taken + missed);
	counter_add(&measures->missed, missed);
	lcore->result.scheduled += taken + missed;
}

/** Takes the slots that are due, if nothing waits. Returns whether there were any. */
static bool take_slots(struct lcore *lcore)
{
	struct lcore_pending *pending = &lcore->pending;
	uint64_t now = tsc_now(), missed = 0;
	unsigned most;

	if (pending->at < pending->end || !pacer_is_due(&lcore->pacer, now))
		return false;
	most = departure_stock(lcore, lcore->send_burst);
	if (most > lcore->send_burst)
		most = lcore->send_burst;
	unsigned taken = pacer_take(&lcore->pacer, now, pending->due, most, &missed);
	count_slots(lcore, taken, missed);
	if (taken > 0)
		departure_build(lcore, pending->due, pending->mbufs, pending->flights, taken);
	pending->at = 0;
	pending->end = taken;
	return true;
}

bool departure_send(struct lcore *lcore)
{
	bool found = take_slots(lcore);

	if (lcore->pending.at < lcore->pending.end) {
		transmit(lcore);
		found = true;
	}
	return found;
}

void departure_count_from_here(struct lcore *lcore)
{
	turn_count_from_here(&lcore->turn);
	lcore->pending.uncounted = lcore->pending.end - lcore->pending.at;
}

void departure_give_up(struct lcore *lcore)
{
	count_slots(lcore, 0, pacer_give_up(&lcore->pacer));
}

void departure_drop(struct lcore *lcore)
{
	struct lcore_pending *pending = &lcore->pending;
	unsigned waiting = pending->end - pending->at;

	if (waiting > 0)
		rte_pktmbuf_free_bulk(pending->mbufs + pending->at, waiting);
	if (lcore->turn.counts) {
		lcore->result.dropped += waiting - pending->uncounted;
		counter_add(&lcore->receiver.measures->missed, waiting - pending->uncounted);
	}
	pending->at = pending->end = pending->uncounted = 0;
}

void departure_free(struct lcore *lcore)
{
	if (lcore->stock_count > 0)
		rte_pktmbuf_free_bulk(lcore->stock, lcore->stock_count);
	lcore->stock_count = 0;
}
