/* SPDX-License-Identifier: BSD-3-Clause */
/** A worker on a thread of its own, between ports made of rings and the kernel's two rings. One a program. */
#ifndef SPECULAR_TEST_UNIT_REFLECT_WORKER_STAND_H
#define SPECULAR_TEST_UNIT_REFLECT_WORKER_STAND_H

#include "reflect/worker.h"

#include <pthread.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "unit.h"
#include "world.h"

#define RX_RING_SIZE     256u
#define TX_RING_SIZE     64u /**< room for one less */
#define KERNEL_RING_SIZE 16u
#define MBUFS            1023u
#define WAIT_US          100u
#define WAIT_ROUNDS      100000u

struct worker_stand {
	struct rte_mempool *pool;
	struct rte_ring *rx_ring, *tx_ring, *to_kernel, *from_kernel;
	struct rte_ring *loop; /**< what its port sends it receives */
	uint16_t port_id, loop_port_id;
	struct world world;
	struct worker *worker;
	pthread_t thread;
};
extern struct worker_stand stand;

/** A program's main: EAL, then the tests, of which stand_ports_start is the first. */
int stand_run(const char *name, CU_TestInfo *tests);
void stand_ports_start(void);

/** A worker of a new world, that has not begun; what it receives may wait for it. */
void stand_set_up(enum config_idle idle);
void stand_start(void);
void stand_stop(void);
/** Every frame went somewhere, and no mbuf got lost. */
void stand_tear_down(void);

uint64_t stand_counted(enum datapath_counter counter);
/** Until it is counted as often, or for long. */
void stand_wait_for(enum datapath_counter counter, uint64_t value);
void stand_wait_polls(uint64_t more);

struct rte_mbuf *stand_mbuf(const uint8_t *octets, size_t length);
void stand_receive(struct rte_mbuf *mbuf);
void stand_receive_request(const struct request *request);
void stand_receive_arp(unsigned count);
void stand_drain(struct rte_ring *ring);

#endif
