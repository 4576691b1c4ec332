/* SPDX-License-Identifier: BSD-3-Clause */
/** The buffers of a port's frames. */
#ifndef SPECULAR_REFLECT_BUFFER_POOL_H
#define SPECULAR_REFLECT_BUFFER_POOL_H

#include <stdint.h>

struct rte_mempool;

/**
 * As rte_pktmbuf_pool_create without private data, but where EAL has no hugepages the buffers lie one behind the other all the same:
 * DPDK would begin each with a page of its own, and then all of a burst want the same few sets of the nearest cache. Slow path;
 * rte_mempool_free frees it. NULL with rte_errno.
 */
struct rte_mempool *buffer_pool_create(const char *name, uint32_t count, uint32_t cache,
                                       uint16_t room, int socket);

#endif
