/* SPDX-License-Identifier: BSD-3-Clause */
#include "bridge.h"

#include <time.h>

#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#define BURST         32u
#define IDLE_SLEEP_NS 50000 /* a handful of frames a second: no need to spin */

static unsigned to_kernel(const struct bridge *bridge, uint16_t queue)
{
	struct rte_mbuf *mbufs[BURST];
	unsigned received = rte_eth_rx_burst(bridge->port_id, queue, mbufs, BURST);
	unsigned taken = 0;

	if (received == 0)
		return 0;
	if (bridge->to_kernel != NULL)
		taken = rte_ring_mp_enqueue_burst(bridge->to_kernel, (void **)mbufs, received,
		                                  NULL);
	if (taken < received)
		rte_pktmbuf_free_bulk(mbufs + taken, received - taken);
	return received;
}

static unsigned from_kernel(const struct bridge *bridge, uint16_t queue)
{
	struct rte_mbuf *mbufs[BURST];

	if (bridge->from_kernel == NULL || queue != 0)
		return 0;
	unsigned taken =
	        rte_ring_sc_dequeue_burst(bridge->from_kernel, (void **)mbufs, BURST, NULL);
	if (taken == 0)
		return 0;
	unsigned sent = rte_eth_tx_burst(bridge->port_id, queue, mbufs, (uint16_t)taken);
	if (sent < taken)
		rte_pktmbuf_free_bulk(mbufs + sent, taken - sent);
	return taken;
}

static int run(void *argument)
{
	const struct bridge_queue *own = argument;
	const struct bridge *bridge = own->bridge;
	const struct timespec pause = {.tv_nsec = IDLE_SLEEP_NS};

	while (!__atomic_load_n(&bridge->stop, __ATOMIC_RELAXED)) {
		if (to_kernel(bridge, own->queue_id) + from_kernel(bridge, own->queue_id) == 0)
			(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int bridge_launch(struct bridge *bridge, struct error *error)
{
	__atomic_store_n(&bridge->stop, false, __ATOMIC_RELAXED);
	bridge->running = true;
	for (uint16_t i = 0; i < bridge->queues; i++) {
		bridge->argument[i] = (struct bridge_queue){.bridge = bridge, .queue_id = i};
		if (rte_eal_remote_launch(run, &bridge->argument[i], i + 1u) != 0) {
			bridge_stop(bridge);
			return error_set(error, ERROR_SYSTEM, "lcore %u did not take its work",
			                 i + 1u);
		}
	}
	return 0;
}

void bridge_stop(struct bridge *bridge)
{
	if (!bridge->running)
		return;
	__atomic_store_n(&bridge->stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
	bridge->running = false;
}
