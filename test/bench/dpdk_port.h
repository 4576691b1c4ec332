/* SPDX-License-Identifier: BSD-3-Clause */
/** DPDK for the bench programs: EAL without hugepages, files or devices of its own, and ports made while it runs. */
#ifndef SPECULAR_BENCH_DPDK_PORT_H
#define SPECULAR_BENCH_DPDK_PORT_H

#include <stdint.h>

#include "base/error.h"

struct rte_mempool;

#define DPDK_PORT_BURST       32u   /**< as the worker's */
#define DPDK_PORT_DESCRIPTORS 1024u /**< as in drivers-config */

/** Two lcores: 0 is the caller, 1 polls on a CPU of its own if this process may use two. */
int dpdk_start(const char *program, struct error *error);
void dpdk_stop(void);

/** A pool of what one port needs and held buffers more. */
int dpdk_port_pool(const char *name, unsigned held, struct rte_mempool **pool, struct error *error);

/** Makes the device, its port with one queue pair, and starts it. ERROR_SYSTEM. */
int dpdk_port_open(const char *name, const char *arguments, struct rte_mempool *pool, uint16_t *id,
                   struct error *error);
/** Also one that did not open wholly, or at all. */
void dpdk_port_close(const char *name);

#endif
