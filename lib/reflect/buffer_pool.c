/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/buffer_pool.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_memzone.h>

/** What a mempool of memory without I/O addresses has. */
#define FLAGS_OF_NO_DEVICE ((unsigned)(RTE_MEMPOOL_F_NO_IOVA_CONTIG | RTE_MEMPOOL_F_NON_IO))

static void give_back(struct rte_mempool_memhdr *memory, void *zone)
{
	(void)memory;
	(void)rte_memzone_free(zone);
}

/** All buffers in one piece, whose I/O addresses are EAL's all the same. 0 or a negative errno. */
static int populate(struct rte_mempool *pool)
{
	size_t least, alignment;
	ssize_t size =
	        rte_mempool_op_calc_mem_size_helper(pool, pool->size, 0, 0, &least, &alignment);

	if (size < 0)
		return (int)size;
	const struct rte_memzone *zone = rte_memzone_reserve_aligned(
	        pool->name, (size_t)size, pool->socket_id, 0, (unsigned)alignment);
	if (zone == NULL)
		return -rte_errno;
	int populated = rte_mempool_populate_iova(pool, zone->addr, zone->iova, zone->len,
	                                          give_back, (void *)(uintptr_t)zone);
	if (populated <= 0) /* else the pool gives it back */
		(void)rte_memzone_free(zone);
	if (populated < (int)pool->size)
		return populated < 0 ? populated : -ENOMEM;
	/* They are contiguous after all; and mlx5 would not let its device see what says that none may. */
	if (zone->iova != RTE_BAD_IOVA)
		pool->flags &= ~FLAGS_OF_NO_DEVICE;
	return 0;
}

struct rte_mempool *buffer_pool_create(const char *name, uint32_t count, uint32_t cache,
                                       uint16_t room, int socket)
{
	struct rte_pktmbuf_pool_private data_room = {.mbuf_data_room_size = room};

	if (rte_eal_has_hugepages() != 0)
		return rte_pktmbuf_pool_create(name, count, cache, 0, room, socket);
	/* The flag has populate mind no pages. */
	struct rte_mempool *pool = rte_mempool_create_empty(
	        name, count, (unsigned)sizeof(struct rte_mbuf) + room, cache, sizeof(data_room),
	        socket, RTE_MEMPOOL_F_NO_IOVA_CONTIG);
	if (pool == NULL)
		return NULL;
	int status = rte_mempool_set_ops_byname(pool, rte_mbuf_best_mempool_ops(), NULL);
	rte_pktmbuf_pool_init(pool, &data_room);
	if (status == 0)
		status = populate(pool);
	if (status != 0) {
		rte_mempool_free(pool);
		rte_errno = -status;
		return NULL;
	}
	(void)rte_mempool_obj_iter(pool, rte_pktmbuf_init, NULL);
	return pool;
}
