/* SPDX-License-Identifier: BSD-3-Clause */
#include "intake.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_prefetch.h>
#include <rte_ring.h>

#include "stats/counters.h"

#define KERNEL_BURST 32u

/** The frames of a burst by where they go. */
struct sorted {
	struct rte_mbuf *done[RECEIVE_BURST_MAX];
	struct rte_mbuf *kernel[RECEIVE_BURST_MAX];
	unsigned done_count, kernel_count;
};

static uint64_t *arrival_of(const struct lcore *lcore, struct rte_mbuf *mbuf)
{
	return RTE_MBUF_DYNFIELD(mbuf, (size_t)lcore->arrival_field, uint64_t *);
}

static void hand_over(struct lcore *lcore, struct rte_mbuf *mbuf,
                      const struct received_frame *frame, struct sorted *sorted)
{
	*arrival_of(lcore, mbuf) = frame->arrival_tsc;
	if (rte_ring_mp_enqueue(lcore->hand_over[frame->owner], mbuf) != 0) {
		lcore->result.hand_over_full++;
		sorted->done[sorted->done_count++] = mbuf;
	}
}

static void note_arrival(struct lcore_result *result, uint64_t arrival_tsc)
{
	if (result->first_arrival_tsc == 0 || arrival_tsc < result->first_arrival_tsc)
		result->first_arrival_tsc = arrival_tsc;
	if (arrival_tsc > result->last_arrival_tsc)
		result->last_arrival_tsc = arrival_tsc;
}

static void to_kernel(const struct lcore *lcore, struct sorted *sorted)
{
	unsigned taken = 0;

	if (sorted->kernel_count == 0)
		return;
	if (lcore->to_kernel != NULL)
		taken = rte_ring_mp_enqueue_burst(lcore->to_kernel, (void **)sorted->kernel,
		                                  sorted->kernel_count, NULL);
	if (taken < sorted->kernel_count)
		rte_pktmbuf_free_bulk(sorted->kernel + taken, sorted->kernel_count - taken);
}

static void judge_some(struct lcore *lcore, struct rte_mbuf *mbufs[], const uint64_t arrivals[],
                       unsigned count)
{
	struct received_frame frames[RECEIVE_BURST_MAX];
	struct sorted sorted;
	unsigned whole = 0;

	sorted.done_count = sorted.kernel_count = 0;
	for (unsigned i = 0; i < count; i++) {
		/* No port is set up to scatter. */
		if (unlikely(mbufs[i]->nb_segs != 1)) {
			counter_add(&lcore->receiver.measures->other, 1);
			sorted.done[sorted.done_count++] = mbufs[i];
			continue;
		}
		frames[whole] =
		        (struct received_frame){.octets = rte_pktmbuf_mtod(mbufs[i], uint8_t *),
		                                .length = mbufs[i]->data_len,
		                                .arrival_tsc = arrivals[i]};
		rte_prefetch0(frames[whole].octets);
		mbufs[whole++] = mbufs[i];
	}
	receive_burst(&lcore->receiver, frames, whole);
	for (unsigned i = 0; i < whole; i++) {
		if (likely(frames[i].as == RECEIVED_TEST)) {
			sorted.done[sorted.done_count++] = mbufs[i];
			note_arrival(&lcore->result, arrivals[i]);
		} else if (frames[i].as == RECEIVED_OTHER) {
			sorted.kernel[sorted.kernel_count++] = mbufs[i];
		} else {
			hand_over(lcore, mbufs[i], &frames[i], &sorted);
		}
	}
	to_kernel(lcore, &sorted);
	if (sorted.done_count > 0)
		rte_pktmbuf_free_bulk(sorted.done, sorted.done_count);
}

void intake_judge(struct lcore *lcore, struct rte_mbuf *mbufs[], const uint64_t arrivals[],
                  unsigned count)
{
	while (count > 0) {
		unsigned some = count < RECEIVE_BURST_MAX ? count : RECEIVE_BURST_MAX;

		judge_some(lcore, mbufs, arrivals, some);
		mbufs += some;
		arrivals += some;
		count -= some;
	}
}

unsigned intake_port(struct lcore *lcore)
{
	struct rte_mbuf *mbufs[RECEIVE_BURST_MAX];
	uint64_t arrivals[RECEIVE_BURST_MAX];
	unsigned received =
	        rte_eth_rx_burst(lcore->port_id, lcore->queue_id, mbufs, RECEIVE_BURST_MAX);

	if (received == 0)
		return 0;
	uint64_t now = tsc_now();
	for (unsigned i = 0; i < received; i++)
		arrivals[i] = now;
	judge_some(lcore, mbufs, arrivals, received);
	return received;
}

unsigned intake_hand_over(struct lcore *lcore)
{
	struct rte_mbuf *mbufs[RECEIVE_BURST_MAX];
	uint64_t arrivals[RECEIVE_BURST_MAX];

	if (lcore->hand_over == NULL)
		return 0;
	unsigned taken = rte_ring_sc_dequeue_burst(lcore->hand_over[lcore->receiver.core],
	                                           (void **)mbufs, RECEIVE_BURST_MAX, NULL);
	for (unsigned i = 0; i < taken; i++)
		arrivals[i] = *arrival_of(lcore, mbufs[i]);
	if (taken > 0)
		judge_some(lcore, mbufs, arrivals, taken);
	return taken;
}

unsigned intake_kernel(struct lcore *lcore)
{
	struct rte_mbuf *mbufs[KERNEL_BURST];

	if (lcore->from_kernel == NULL)
		return 0;
	unsigned taken =
	        rte_ring_sc_dequeue_burst(lcore->from_kernel, (void **)mbufs, KERNEL_BURST, NULL);
	if (taken == 0)
		return 0;
	unsigned sent = rte_eth_tx_burst(lcore->port_id, lcore->queue_id, mbufs, (uint16_t)taken);
	if (sent < taken)
		rte_pktmbuf_free_bulk(mbufs + sent, taken - sent);
	return taken;
}
