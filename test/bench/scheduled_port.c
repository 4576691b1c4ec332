/* SPDX-License-Identifier: BSD-3-Clause */
#include "scheduled_port.h"

#include <math.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_memcpy.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MBUFS        1023u
#define MBUF_CACHE   256u
#define TX_RING_SIZE 128u
#define BURST_MAX    64u
#define GAPS         65536u
#define GAP_SHIFT    16u /**< of unit gaps: 1.0 */

struct arrival {
	uint64_t tsc;
	uint32_t request;
};

struct scheduled_port {
	uint16_t port_id;
	struct rte_mempool *pool;
	struct rte_ring *tx_ring;
	struct schedule schedule;
	struct worker *worker;
	struct observation *observation; /**< any thread writes, the worker reads (relaxed) */
	struct observation *current;     /**< of the burst that is on its way */
	bool ended;                      /**< any thread writes, the worker reads (relaxed) */
	uint64_t next_tsc;               /**< the next arrival */
	uint64_t rx_tsc;
	uint64_t arrived; /**< of schedule.limit */
	uint32_t next_request;
	uint32_t next_gap;
	uint32_t head; /**< of the queue: delivered so far */
	uint32_t tail;
	struct arrival queue[SCHEDULED_QUEUE];
	unsigned burst_count;
	uint64_t burst_arrivals[BURST_MAX];
	uint32_t gaps[GAPS]; /**< exponential, mean 1.0 */
};

static void gaps_fill(uint32_t *gaps)
{
	uint64_t state = 0x9e3779b97f4a7c15u;

	for (unsigned i = 0; i < GAPS; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		double uniform = ((double)(state >> 11) + 1) / (double)(UINT64_C(1) << 53);
		gaps[i] = (uint32_t)(-log(uniform) * (1u << GAP_SHIFT));
	}
}

static uint64_t next_gap(struct scheduled_port *port)
{
	const struct schedule *schedule = &port->schedule;
	uint64_t spread = schedule->mean_gap - schedule->least_gap;

	return schedule->least_gap + ((spread * port->gaps[port->next_gap++ % GAPS]) >> GAP_SHIFT);
}

/** Puts one more into the queue; the sequence number of one that does not fit is missing for ever. */
static void arrive(struct scheduled_port *port, struct observation *seen, uint64_t tsc)
{
	uint32_t request = port->next_request++ & (port->schedule.requests->count - 1);

	port->arrived++;
	seen->arrived++;
	if (port->tail - port->head == SCHEDULED_QUEUE) {
		seen->overflown++;
		return;
	}
	port->queue[port->tail++ % SCHEDULED_QUEUE] =
	        (struct arrival){.tsc = tsc, .request = request};
}

static void arrive_until(struct scheduled_port *port, struct observation *seen, uint64_t now,
                         unsigned burst)
{
	if (port->schedule.mean_gap == 0) {
		while (port->tail - port->head < burst && port->arrived < port->schedule.limit)
			arrive(port, seen, now);
		return;
	}
	while (port->next_tsc <= now && port->arrived < port->schedule.limit) {
		arrive(port, seen, port->next_tsc);
		port->next_tsc += next_gap(port);
	}
}

static void recycle(struct scheduled_port *port)
{
	struct rte_mbuf *sent[BURST_MAX];
	unsigned count = rte_ring_sc_dequeue_burst(port->tx_ring, (void **)sent, BURST_MAX, NULL);

	if (count > 0)
		rte_pktmbuf_free_bulk(sent, count);
}

static void deliver(struct scheduled_port *port, struct rte_mbuf **mbufs, unsigned count)
{
	const struct request_ring *requests = port->schedule.requests;

	for (unsigned i = 0; i < count; i++) {
		const struct arrival *arrival = &port->queue[port->head++ % SCHEDULED_QUEUE];

		port->burst_arrivals[i] = arrival->tsc;
		mbufs[i]->data_len = requests->length;
		mbufs[i]->pkt_len = requests->length;
		rte_memcpy(rte_pktmbuf_mtod(mbufs[i], void *),
		           requests->octets + (size_t)arrival->request * requests->stride,
		           requests->length);
	}
}

static uint16_t after_rx(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **mbufs,
                         uint16_t count, uint16_t most, void *argument)
{
	struct scheduled_port *port = argument;
	struct observation *seen = __atomic_load_n(&port->observation, __ATOMIC_RELAXED);

	bool ended = __atomic_load_n(&port->ended, __ATOMIC_RELAXED);

	(void)port_id;
	(void)queue_id;
	recycle(port);
	if (!ended)
		arrive_until(port, seen, tsc_now(), most);
	unsigned due = port->tail - port->head;
	if (due > most)
		due = most;
	if (due > BURST_MAX)
		due = BURST_MAX;
	if (due == 0 && (ended || port->arrived == port->schedule.limit))
		__atomic_store_n(&port->worker->stop, true, __ATOMIC_RELAXED);
	if (due == 0 || rte_pktmbuf_alloc_bulk(port->pool, mbufs, due) != 0)
		return count;
	deliver(port, mbufs, due);
	seen->delivered += due;
	port->burst_count = due;
	port->current = seen;
	port->rx_tsc = tsc_now();
	return (uint16_t)due;
}

static uint16_t before_tx(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **mbufs,
                          uint16_t count, void *argument)
{
	struct scheduled_port *port = argument;
	uint64_t now = tsc_now();

	(void)port_id;
	(void)queue_id;
	(void)mbufs;
	if (!port->schedule.alone || port->burst_count == 1)
		histogram_add(&port->current->turnaround, now - port->rx_tsc, count);
	/* In the order of arrival, as long as all are reflected. */
	for (unsigned i = 0; i < count && i < BURST_MAX; i++)
		histogram_add(&port->current->sojourn, now - port->burst_arrivals[i], 1);
	port->current->reflected += count;
	return count;
}

static int port_start(struct scheduled_port *port)
{
	struct rte_eth_conf configuration = {0};
	struct rte_ring *rx_ring = rte_ring_create("rx", TX_RING_SIZE, 0, 0);

	port->tx_ring = rte_ring_create("tx", TX_RING_SIZE, 0, 0);
	port->pool =
	        rte_pktmbuf_pool_create("pool", MBUFS, MBUF_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	if (rx_ring == NULL || port->tx_ring == NULL || port->pool == NULL)
		return -1;
	int made = rte_eth_from_rings("bench", &rx_ring, 1, &port->tx_ring, 1, 0);
	if (made < 0)
		return -1;
	port->port_id = (uint16_t)made;
	if (rte_eth_dev_configure(port->port_id, 1, 1, &configuration) != 0 ||
	    rte_eth_rx_queue_setup(port->port_id, 0, 64, 0, NULL, port->pool) != 0 ||
	    rte_eth_tx_queue_setup(port->port_id, 0, 64, 0, NULL) != 0 ||
	    rte_eth_dev_start(port->port_id) != 0)
		return -1;
	return rte_eth_add_rx_callback(port->port_id, 0, after_rx, port) != NULL &&
	                       rte_eth_add_tx_callback(port->port_id, 0, before_tx, port) != NULL
	               ? 0
	               : -1;
}

struct scheduled_port *scheduled_port_create(void)
{
	struct scheduled_port *port = calloc(1, sizeof(*port));

	if (port == NULL)
		return NULL;
	gaps_fill(port->gaps);
	if (port_start(port) != 0) {
		free(port);
		return NULL;
	}
	return port;
}

void scheduled_port_attach(struct scheduled_port *port, struct worker *worker,
                           const struct schedule *schedule)
{
	port->schedule = *schedule;
	port->worker = worker;
	port->next_request = schedule->first;
	port->arrived = 0;
	port->head = 0;
	port->tail = 0;
	port->ended = false;
	port->next_tsc = tsc_now() + schedule->mean_gap;
	worker->queue_count = 1;
	worker->queues[0].port_id = port->port_id;
	worker->queues[0].mtu = UINT16_MAX;
	worker->queues[0].rx_timestamp_offset = -1;
}

void scheduled_port_observe(struct scheduled_port *port, struct observation *observation)
{
	__atomic_store_n(&port->observation, observation, __ATOMIC_RELAXED);
}

void scheduled_port_end(struct scheduled_port *port)
{
	__atomic_store_n(&port->ended, true, __ATOMIC_RELAXED);
}

void observation_reset(struct observation *observation)
{
	memset(observation, 0, sizeof(*observation));
}
