/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker_stand.h"

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_rcu_qsbr.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct worker_stand stand;

static uint16_t port_start(const char *name, struct rte_ring *rx, struct rte_ring *tx)
{
	struct rte_eth_conf configuration = {0};
	int made = rte_eth_from_rings(name, &rx, 1, &tx, 1, 0);
	uint16_t port = (uint16_t)made;

	CU_ASSERT_FATAL(made >= 0);
	CU_ASSERT_EQUAL_FATAL(rte_eth_dev_configure(port, 1, 1, &configuration), 0);
	CU_ASSERT_EQUAL_FATAL(rte_eth_rx_queue_setup(port, 0, 64, 0, NULL, stand.pool), 0);
	CU_ASSERT_EQUAL_FATAL(rte_eth_tx_queue_setup(port, 0, 64, 0, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(rte_eth_dev_start(port), 0);
	return port;
}

void stand_ports_start(void)
{
	stand.port_id = port_start("specular", stand.rx_ring, stand.tx_ring);
	stand.loop_port_id = port_start("loop", stand.loop, stand.loop);
}

static void *thread_run(void *argument)
{
	(void)worker_run(argument);
	return NULL;
}

void stand_set_up(enum config_idle idle)
{
	world_set_up(&stand.world);
	stand.worker = aligned_alloc(_Alignof(struct worker), sizeof(*stand.worker));
	memset(stand.worker, 0, sizeof(*stand.worker));
	stand.worker->reflector = stand.world.reflector;
	stand.worker->queue_count = 1;
	stand.worker->queues[0].port_id = stand.port_id;
	stand.worker->queues[0].mtu = 1500;
	stand.worker->queues[0].station = world_reflector_mac;
	stand.worker->queues[0].rx_timestamp_offset = -1;
	stand.worker->queues[0].to_kernel = stand.to_kernel;
	stand.worker->queues[0].from_kernel = stand.from_kernel;
	stand.worker->idle = idle;
	stand.worker->idle_sleep_us = 50;
	stand.worker->rcu = session_registry_rcu(stand.world.registry);
}

void stand_start(void)
{
	CU_ASSERT_EQUAL_FATAL(pthread_create(&stand.thread, NULL, thread_run, stand.worker), 0);
}

void stand_stop(void)
{
	__atomic_store_n(&stand.worker->stop, true, __ATOMIC_RELAXED);
	(void)pthread_join(stand.thread, NULL);
}

uint64_t stand_counted(enum datapath_counter counter)
{
	return counter_read(&stand.world.counters.values[counter]);
}

void stand_wait_for(enum datapath_counter counter, uint64_t value)
{
	for (unsigned i = 0; i < WAIT_ROUNDS && stand_counted(counter) < value; i++)
		(void)usleep(WAIT_US);
}

void stand_wait_polls(uint64_t more)
{
	uint64_t polls = counter_read(&stand.worker->polls);

	while (counter_read(&stand.worker->polls) < polls + more)
		(void)usleep(WAIT_US);
}

void stand_drain(struct rte_ring *ring)
{
	void *mbuf;

	while (rte_ring_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
}

/** Every frame went somewhere, and no mbuf got lost. */
void stand_tear_down(void)
{
	uint64_t total = stand_counted(DATAPATH_REFLECTED) + stand_counted(DATAPATH_EXCEPTION);

	for (unsigned i = DATAPATH_DROP_SEGMENTED; i <= DATAPATH_DROP_EXCEPTION_OFF; i++)
		total += stand_counted((enum datapath_counter)i);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_RECEIVED), total);
	CU_ASSERT_EQUAL(rte_ring_count(stand.tx_ring),
	                stand_counted(DATAPATH_REFLECTED) + stand_counted(DATAPATH_FROM_KERNEL));
	CU_ASSERT_EQUAL(rte_ring_count(stand.to_kernel), stand_counted(DATAPATH_EXCEPTION));
	stand_drain(stand.tx_ring);
	stand_drain(stand.to_kernel);
	stand_drain(stand.from_kernel);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(stand.pool), MBUFS);
	free(stand.worker);
	world_tear_down(&stand.world);
}

struct rte_mbuf *stand_mbuf(const uint8_t *octets, size_t length)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(stand.pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	char *data = rte_pktmbuf_append(mbuf, (uint16_t)length);
	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	memcpy(data, octets, length);
	return mbuf;
}

void stand_receive(struct rte_mbuf *mbuf)
{
	CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(stand.rx_ring, mbuf), 0);
}

void stand_receive_request(const struct request *request)
{
	uint8_t frame[WORLD_FRAME_MAX];
	size_t length = request_build(&stand.world, request, frame);

	stand_receive(stand_mbuf(frame, length));
}

void stand_receive_arp(unsigned count)
{
	static const uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
	                                0,    0,    0,    0,    1,    0x08, 0x06};

	for (unsigned i = 0; i < count; i++)
		stand_receive(stand_mbuf(arp, sizeof(arp)));
}

static int eal_start(void)
{
	/* Nothing is shared, so many may have the same prefix; its folder stays. */
	char *arguments[] = {(char[]){"test"},
	                     (char[]){"--no-huge"},
	                     (char[]){"-m"},
	                     (char[]){"64"},
	                     (char[]){"--no-pci"},
	                     (char[]){"--file-prefix=specular-test"},
	                     (char[]){"--lcores"},
	                     (char[]){"0@0"},
	                     (char[]){"--no-telemetry"},
	                     (char[]){"--no-shconf"},
	                     (char[]){"--log-level=4"},
	                     NULL};

	if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments) < 0)
		return -1;
	stand.pool = rte_pktmbuf_pool_create("pool", MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	stand.rx_ring = rte_ring_create("rx", RX_RING_SIZE, 0, 0);
	stand.tx_ring = rte_ring_create("tx", TX_RING_SIZE, 0, 0);
	stand.loop = rte_ring_create("loop", RX_RING_SIZE, 0, 0);
	stand.to_kernel = rte_ring_create("to_kernel", KERNEL_RING_SIZE, 0, 0);
	stand.from_kernel = rte_ring_create("from_kernel", KERNEL_RING_SIZE, 0, 0);
	return stand.pool != NULL && stand.rx_ring != NULL && stand.tx_ring != NULL &&
	                       stand.loop != NULL && stand.to_kernel != NULL &&
	                       stand.from_kernel != NULL
	               ? 0
	               : -1;
}

int stand_run(const char *name, CU_TestInfo *tests)
{
	if (eal_start() != 0) {
		(void)fprintf(stderr, "%s: EAL does not start\n", name);
		return EXIT_FAILURE;
	}
	int result = unit_run(name, tests);
	(void)rte_eal_cleanup();
	return result;
}
