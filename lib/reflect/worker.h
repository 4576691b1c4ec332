/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A polling lcore: takes bursts from its queues, lets the reflector answer them, sends replies and frames from the kernel, and
 * reports quiescent states. The loop makes no system call but the sleep that IDLE_SLEEP asks for.
 */
#ifndef SPECULAR_REFLECT_WORKER_H
#define SPECULAR_REFLECT_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "reflect/reflector.h"
#include "reflect/worker_statistics.h"

struct rte_ring;
struct rte_rcu_qsbr;

#define WORKER_QUEUES_MAX 32u

/** One RX/TX queue pair of a port that this lcore owns. */
struct worker_queue {
	uint16_t port_id;
	uint16_t queue_id;
	uint16_t mtu;             /**< the port's: largest IP packet that may be sent */
	const uint8_t *station;   /**< the port's Ethernet address, 6 octets; NULL: it has none */
	bool offload_ip_checksum; /**< RX flags of the IPv4 header checksum are valid */
	/**
	 * NIC timestamps are device ticks or nanoseconds, as the driver likes: this clock turns them into time. NULL: receive
	 * times are the TSC's, taken when the burst is polled.
	 */
	const struct tsc_clock *nic_clock;
	int rx_timestamp_offset; /**< mbuf dynamic field of NIC timestamps; read only with nic_clock */
	uint64_t rx_timestamp_flag;
	struct rte_ring *
	        to_kernel; /**< frames for the TAP; NULL without exception path. This lcore may be one of several producers. */
	struct rte_ring *
	        from_kernel; /**< frames to transmit; NULL unless this is the port's first queue. This lcore consumes. */
	/* Token bucket of the exception path, counted in TSC ticks so that nothing is divided; a zeroed one starts full. */
	uint64_t exception_tokens;        /**< TSC ticks in the bucket; the worker's */
	uint64_t exception_refill_tsc;    /**< TSC of the last refill; the worker's */
	uint64_t exception_tsc_per_frame; /**< ticks that a frame costs; 0: unlimited */
	uint64_t exception_burst;         /**< frames that a full bucket lets pass at once */
};

struct worker {
	/* Filled before launch, then fixed. */
	struct reflector reflector;
	struct worker_queue queues[WORKER_QUEUES_MAX];
	unsigned queue_count;
	enum config_idle idle;
	uint32_t idle_sleep_us;
	struct rte_rcu_qsbr *rcu; /**< the registry's, where this core's id is registered */
	unsigned core;            /**< index into tables; RCU thread id */
	/** Slow path writes, the worker reads (relaxed). */
	bool stop;
	/** The worker writes, the slow path reads (relaxed): polls so far, and those that found something. */
	uint64_t polls;
	uint64_t busy_polls;
	struct worker_statistics statistics;
} __attribute__((aligned(64)));

/** The lcore's function for rte_eal_remote_launch; argument is struct worker *. Returns 0 once stop is seen. */
int worker_run(void *worker);

#endif
