/* SPDX-License-Identifier: BSD-3-Clause */
#include "burst_trial.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "departure.h"
#include "intake.h"
#include "stats/counters.h"

void burst_trial_begin(struct lcore *lcore)
{
	struct lcore_burst *burst = &lcore->burst;

	burst->wanted = lcore->order.frames;
	burst->built = burst->sent = burst->collected_count = 0;
	burst->first_sent_tsc = burst->last_sent_tsc = 0;
}

bool burst_trial_build(struct lcore *lcore)
{
	struct lcore_burst *burst = &lcore->burst;
	unsigned wanted = burst->wanted - burst->built;
	uint64_t due[SEND_BURST_MAX], now = tsc_now();

	if (wanted > SEND_BURST_MAX)
		wanted = SEND_BURST_MAX;
	if (wanted > 0 && departure_stock(lcore, wanted) < wanted)
		wanted = lcore->stock_count;
	for (unsigned i = 0; i < wanted; i++)
		due[i] = now;
	if (wanted > 0)
		departure_build(lcore, due, burst->frames + burst->built,
		                burst->flights + burst->built, wanted);
	burst->built += wanted;
	return wanted == 0 || burst->built == burst->wanted;
}

/** All of a burst is due when its first frame leaves. */
static void note_departure(struct lcore_burst *burst, unsigned count, uint64_t now)
{
	if (burst->first_sent_tsc == 0)
		burst->first_sent_tsc = now;
	for (unsigned i = burst->sent; i < burst->sent + count; i++) {
		burst->flights[i]->scheduled_tsc = burst->first_sent_tsc;
		burst->flights[i]->sent_tsc = now;
	}
}

bool burst_trial_send(struct lcore *lcore)
{
	struct lcore_burst *burst = &lcore->burst;
	struct load_measures *measures = lcore->receiver.measures;
	unsigned waiting = burst->built - burst->sent;

	if (waiting == 0)
		return true;
	uint64_t before = tsc_now();
	unsigned taken = rte_eth_tx_burst(lcore->port_id, lcore->queue_id,
	                                  burst->frames + burst->sent, (uint16_t)waiting);
	if (taken > 0) {
		burst->last_sent_tsc = tsc_now();
		note_departure(burst, taken, before);
	}
	burst->sent += taken;
	counter_add(&measures->sent, taken);
	if (taken < waiting)
		counter_add(&measures->transmit_full, 1);
	return burst->sent == burst->built;
}
_Static_assert(LCORE_BURST_FRAMES_MAX <= UINT16_MAX, "one call of the device");

unsigned burst_trial_collect(struct lcore *lcore)
{
	struct lcore_burst *burst = &lcore->burst;
	unsigned room = LCORE_COLLECTED_MAX - burst->collected_count;

	if (room > RECEIVE_BURST_MAX)
		room = RECEIVE_BURST_MAX;
	unsigned received =
	        rte_eth_rx_burst(lcore->port_id, lcore->queue_id,
	                         burst->collected + burst->collected_count, (uint16_t)room);
	if (received == 0)
		return 0;
	uint64_t now = tsc_now();
	for (unsigned i = 0; i < received; i++)
		burst->arrivals[burst->collected_count + i] = now;
	burst->collected_count += received;
	return received;
}

bool burst_trial_is_complete(const struct lcore *lcore)
{
	const struct lcore_burst *burst = &lcore->burst;

	return (burst->sent == burst->built && burst->collected_count >= burst->sent) ||
	       burst->collected_count == LCORE_COLLECTED_MAX;
}

void burst_trial_judge(struct lcore *lcore)
{
	struct lcore_burst *burst = &lcore->burst;

	intake_judge(lcore, burst->collected, burst->arrivals, burst->collected_count);
	burst->collected_count = 0;
}

void burst_trial_drop(struct lcore *lcore)
{
	struct lcore_burst *burst = &lcore->burst;

	if (burst->sent < burst->built)
		rte_pktmbuf_free_bulk(burst->frames + burst->sent, burst->built - burst->sent);
	burst->built = burst->sent;
}
