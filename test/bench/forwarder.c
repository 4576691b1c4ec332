/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarder.h"

#include <pthread.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_mbuf.h>
#include <stdlib.h>
#include <string.h>

#include "core_share.h"
#include "dpdk_port.h"
#include "reflect/headers.h"

#define POLLING_LCORE 1u

static void swap(uint8_t *one, uint8_t *other, size_t size)
{
	uint8_t held[ETHERNET_ADDRESS_SIZE];

	memcpy(held, one, size);
	memcpy(one, other, size);
	memcpy(other, held, size);
}

static void swap_addresses(uint8_t *frame, enum forwarder_kind kind)
{
	uint8_t *ip = frame + ETHERNET_HEADER_SIZE;
	uint8_t *udp = ip + IPV4_HEADER_SIZE;

	swap(frame + ETHERNET_DESTINATION, frame + ETHERNET_SOURCE, ETHERNET_ADDRESS_SIZE);
	if (kind == FORWARDER_MACSWAP)
		return;
	swap(ip + IPV4_SOURCE, ip + IPV4_DESTINATION, IPV4_ADDRESS_SIZE);
	swap(udp + UDP_SOURCE_PORT, udp + UDP_DESTINATION_PORT, sizeof(uint16_t));
}

/** No more than what any forwarder has to do: the limit that a port sets. */
static void loop(struct forwarder *forwarder)
{
	struct rte_mbuf *mbufs[DPDK_PORT_BURST];

	while (!__atomic_load_n(&forwarder->stop, __ATOMIC_RELAXED)) {
		uint16_t count = rte_eth_rx_burst(forwarder->port, 0, mbufs, DPDK_PORT_BURST);

		for (uint16_t i = 0; i < count; i++)
			rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], void *));
		for (uint16_t i = 0; i < count; i++)
			swap_addresses(rte_pktmbuf_mtod(mbufs[i], uint8_t *), forwarder->kind);
		uint16_t sent = rte_eth_tx_burst(forwarder->port, 0, mbufs, count);
		rte_pktmbuf_free_bulk(mbufs + sent, (unsigned)(count - sent));
		__atomic_store_n(&forwarder->sent, forwarder->sent + sent, __ATOMIC_RELAXED);
	}
}

static int run(void *context)
{
	struct forwarder *forwarder = context;

	(void)pthread_getcpuclockid(pthread_self(), &forwarder->clock);
	__atomic_store_n(&forwarder->running, true, __ATOMIC_RELEASE);
	if (forwarder->worker != NULL)
		return worker_run(forwarder->worker);
	loop(forwarder);
	return 0;
}

const char *forwarder_program(const struct forwarder *forwarder)
{
	return forwarder->kind == FORWARDER_REFLECT ? "worker" : "loop";
}

const char *forwarder_forward(const struct forwarder *forwarder)
{
	static const char *const names[] = {
	        [FORWARDER_REFLECT] = "reflect",
	        [FORWARDER_5TSWAP] = "5tswap",
	        [FORWARDER_MACSWAP] = "macswap",
	};

	return names[forwarder->kind];
}

int forwarder_create(enum forwarder_kind kind, uint16_t port, const struct traffic *traffic,
                     struct forwarder *forwarder, struct error *error)
{
	memset(forwarder, 0, sizeof(*forwarder));
	forwarder->kind = kind;
	forwarder->port = port;
	if (kind != FORWARDER_REFLECT)
		return 0;
	struct worker *worker = aligned_alloc(_Alignof(struct worker), sizeof(*worker));
	if (worker == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a worker");
	memset(worker, 0, sizeof(*worker));
	worker->reflector = traffic->reflector;
	worker->queue_count = 1;
	worker->queues[0].port_id = port;
	worker->queues[0].mtu = WORLD_MTU;
	worker->queues[0].station = world_station;
	worker->queues[0].rx_timestamp_offset = -1;
	worker->idle = IDLE_SPIN;
	worker->rcu = session_registry_rcu(traffic->world->registry);
	forwarder->worker = worker;
	return 0;
}

void forwarder_destroy(struct forwarder *forwarder)
{
	free(forwarder->worker);
	forwarder->worker = NULL;
}

static void set_stop(struct forwarder *forwarder, bool stop)
{
	__atomic_store_n(forwarder->worker != NULL ? &forwarder->worker->stop : &forwarder->stop,
	                 stop, __ATOMIC_RELAXED);
}

static int ask_core_share(void *context)
{
	(void)context;
	return core_share_is_whole() ? 1 : 0;
}

bool forwarder_core_is_whole(void)
{
	if (rte_eal_remote_launch(ask_core_share, NULL, POLLING_LCORE) != 0)
		abort();
	return rte_eal_wait_lcore(POLLING_LCORE) == 1;
}

void forwarder_start(struct forwarder *forwarder)
{
	set_stop(forwarder, false);
	forwarder->running = false;
	if (rte_eal_remote_launch(run, forwarder, POLLING_LCORE) != 0)
		abort();
	while (!__atomic_load_n(&forwarder->running, __ATOMIC_ACQUIRE))
		(void)sched_yield();
}

void forwarder_stop(struct forwarder *forwarder)
{
	set_stop(forwarder, true);
	(void)rte_eal_wait_lcore(POLLING_LCORE);
}

static uint64_t counted(const struct forwarder *forwarder, enum datapath_counter counter)
{
	return counter_read(&forwarder->worker->reflector.counters->values[counter]);
}

uint64_t forwarder_sent(const struct forwarder *forwarder)
{
	return forwarder->worker != NULL ? counted(forwarder, DATAPATH_REFLECTED)
	                                 : __atomic_load_n(&forwarder->sent, __ATOMIC_RELAXED);
}

double forwarder_seconds(const struct forwarder *forwarder)
{
	struct timespec time = {0, 0};

	(void)clock_gettime(forwarder->clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

bool forwarder_lost_nothing(const struct forwarder *forwarder)
{
	return forwarder->worker == NULL ||
	       counted(forwarder, DATAPATH_RECEIVED) == counted(forwarder, DATAPATH_REFLECTED);
}
