/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine_peer.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "unit.h"

#define BURST       32u
#define IDLE_US     20u
#define DESCRIPTORS 64u

bool engine_peer_open(struct engine_peer *peer, const char *name, unsigned queues, unsigned size,
                      struct rte_mempool *pool)
{
	struct rte_eth_conf configuration = {0};
	char ring[RTE_RING_NAMESIZE];

	memset(peer, 0, sizeof(*peer));
	peer->queues = queues;
	for (unsigned i = 0; i < queues; i++) {
		(void)snprintf(ring, sizeof(ring), "%s_requests_%u", name, i);
		peer->requests[i] = rte_ring_create(ring, size, 0, 0);
		(void)snprintf(ring, sizeof(ring), "%s_replies_%u", name, i);
		peer->replies[i] = rte_ring_create(ring, size, 0, 0);
		if (peer->requests[i] == NULL || peer->replies[i] == NULL)
			return false;
	}
	int made = rte_eth_from_rings(name, peer->replies, queues, peer->requests, queues, 0);
	if (made < 0)
		return false;
	peer->port_id = (uint16_t)made;
	int status = rte_eth_dev_configure(peer->port_id, (uint16_t)queues, (uint16_t)queues,
	                                   &configuration);
	for (uint16_t i = 0; i < queues && status == 0; i++) {
		status = rte_eth_rx_queue_setup(peer->port_id, i, DESCRIPTORS, 0, NULL, pool);
		if (status == 0)
			status = rte_eth_tx_queue_setup(peer->port_id, i, DESCRIPTORS, 0, NULL);
	}
	return status == 0 && rte_eth_dev_start(peer->port_id) == 0;
}

static void swap(uint8_t *left, uint8_t *right, size_t size)
{
	uint8_t kept[16];

	memcpy(kept, left, size);
	memcpy(left, right, size);
	memcpy(right, kept, size);
}

/** As testpmd's 5tswap; IPv4 and IPv6 without tags. */
static void swap_frame(uint8_t *frame)
{
	bool ipv6 = load_be16(frame + 12) == 0x86dd;
	uint8_t *udp = frame + 14 + (ipv6 ? 40 : 20);

	swap(frame, frame + 6, 6);
	if (ipv6)
		swap(frame + 14 + 8, frame + 14 + 24, 16);
	else
		swap(frame + 14 + 12, frame + 14 + 16, 4);
	swap(udp, udp + 2, 2);
}

/** False: no reply. */
static bool answer(struct engine_peer *peer, struct rte_mbuf *mbuf)
{
	struct reflect_frame frame = {.octets = rte_pktmbuf_mtod(mbuf, uint8_t *),
	                              .length = mbuf->data_len,
	                              .capacity = (uint16_t)(mbuf->buf_len - mbuf->data_off)};

	if (peer->world == NULL) {
		swap_frame(frame.octets);
		return true;
	}
	struct reflect_arrival arrival = world_arrival(&peer->world->world);
	arrival.receive_tsc = tsc_now();
	arrival.receive_time = tsc_clock_read(&peer->world->world.clock, arrival.receive_tsc);
	reflect_burst(&peer->world->world.reflector, &arrival, &frame, 1);
	if (frame.verdict != VERDICT_REFLECT) {
		peer->foreign++;
		return false;
	}
	mbuf->data_off = (uint16_t)(frame.octets - (uint8_t *)mbuf->buf_addr);
	mbuf->data_len = frame.length;
	mbuf->pkt_len = frame.length;
	return true;
}

static void handle(struct engine_peer *peer, struct rte_mbuf *mbuf, unsigned queue)
{
	uint64_t number = ++peer->taken;

	if (peer->faults.drop_request > 0 && number % peer->faults.drop_request == 0) {
		peer->dropped_requests++;
		rte_pktmbuf_free(mbuf);
		return;
	}
	if (!answer(peer, mbuf)) {
		rte_pktmbuf_free(mbuf);
		return;
	}
	if (peer->faults.drop_reply > 0 && number % peer->faults.drop_reply == 0) {
		peer->dropped_replies++;
		rte_pktmbuf_free(mbuf);
		return;
	}
	if (peer->faults.double_last) {
		rte_pktmbuf_free(peer->last);
		peer->last = rte_pktmbuf_copy(mbuf, mbuf->pool, 0, UINT32_MAX);
		peer->last_queue = queue;
	}
	if (peer->faults.other_queue)
		queue = (unsigned)(number % peer->queues);
	while (rte_ring_enqueue(peer->replies[queue], mbuf) != 0 &&
	       !__atomic_load_n(&peer->stop, __ATOMIC_RELAXED))
		(void)usleep(IDLE_US);
}

static void send_again(struct engine_peer *peer)
{
	if (peer->last == NULL ||
	    rte_ring_enqueue(peer->replies[peer->last_queue], peer->last) != 0)
		return;
	peer->last = NULL;
	peer->faults.double_last = false;
	__atomic_store_n(&peer->again, false, __ATOMIC_RELAXED);
}

static void *run(void *argument)
{
	struct engine_peer *peer = argument;
	void *mbufs[BURST];

	while (!__atomic_load_n(&peer->stop, __ATOMIC_RELAXED)) {
		unsigned found = 0;

		for (unsigned queue = 0; queue < peer->queues; queue++) {
			if (__atomic_load_n(&peer->faults.pause, __ATOMIC_RELAXED))
				continue;
			unsigned taken =
			        rte_ring_dequeue_burst(peer->requests[queue], mbufs, BURST, NULL);
			for (unsigned i = 0; i < taken; i++)
				handle(peer, mbufs[i], queue);
			found += taken;
		}
		if (found == 0)
			(void)usleep(IDLE_US);
		if (__atomic_load_n(&peer->again, __ATOMIC_RELAXED))
			send_again(peer);
	}
	return NULL;
}

void engine_peer_start(struct engine_peer *peer, struct load_world *world,
                       const struct peer_faults *faults)
{
	peer->world = world;
	peer->faults = *faults;
	peer->taken = peer->dropped_requests = peer->dropped_replies = peer->foreign = 0;
	peer->stop = peer->again = false;
	peer->last = NULL;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&peer->thread, NULL, run, peer), 0);
}

static void drain(struct rte_ring *ring)
{
	void *mbuf;

	while (rte_ring_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
}

void engine_peer_stop(struct engine_peer *peer)
{
	__atomic_store_n(&peer->stop, true, __ATOMIC_RELAXED);
	(void)pthread_join(peer->thread, NULL);
	rte_pktmbuf_free(peer->last);
	for (unsigned i = 0; i < peer->queues; i++) {
		drain(peer->requests[i]);
		drain(peer->replies[i]);
	}
}

void engine_peer_pause(struct engine_peer *peer, bool pause)
{
	__atomic_store_n(&peer->faults.pause, pause, __ATOMIC_RELAXED);
}

void engine_peer_double_last(struct engine_peer *peer)
{
	__atomic_store_n(&peer->again, true, __ATOMIC_RELAXED);
}
