/* SPDX-License-Identifier: BSD-3-Clause */
/** Buffers without hugepages: they lie close to each other, and every one of them is whole and usable. No hugepages, no root. */
#include "reflect/buffer_pool.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#define BUFFERS 511u
#define CACHE   32u
#define ROOM    ((uint16_t)RTE_MBUF_DEFAULT_BUF_SIZE)
/** mbuf, data and the pool's own header, each object beginning with a cache line. */
#define OBJECT_MOST (sizeof(struct rte_mbuf) + ROOM + 4 * RTE_CACHE_LINE_SIZE)
#define CACHE_LINE  64u
#define NEAREST_WAY                                                                                \
	4096u /**< octets of one way of the nearest cache: so far apart is the same set */
#define BURST 32u

static struct rte_mempool *pool;
static struct rte_mbuf *taken[BUFFERS];

static int by_address(const void *left, const void *right)
{
	uintptr_t a = (uintptr_t) * (struct rte_mbuf *const *)left;
	uintptr_t b = (uintptr_t) * (struct rte_mbuf *const *)right;

	return a < b ? -1 : a > b;
}

/** All that there are, in the order of their addresses. */
static void set_up(uint16_t room)
{
	pool = buffer_pool_create("buffers", BUFFERS, CACHE, room, SOCKET_ID_ANY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
	CU_ASSERT_EQUAL_FATAL(pool->size, BUFFERS);
	/* Else a driver takes them for memory that no device may see. */
	CU_ASSERT_EQUAL(pool->flags & (RTE_MEMPOOL_F_NON_IO | RTE_MEMPOOL_F_NO_IOVA_CONTIG), 0);
	for (unsigned i = 0; i < BUFFERS; i++) {
		taken[i] = rte_pktmbuf_alloc(pool);
		CU_ASSERT_PTR_NOT_NULL_FATAL(taken[i]);
	}
	CU_ASSERT_PTR_NULL(rte_pktmbuf_alloc(pool));
	qsort((void *)taken, BUFFERS, sizeof(taken[0]), by_address);
}

static void tear_down(void)
{
	rte_pktmbuf_free_bulk(taken, BUFFERS);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), BUFFERS);
	rte_mempool_free(pool);
	pool = NULL;
}

static void one_lies_behind_the_other(void)
{
	set_up(ROOM);
	uintptr_t distance = (uintptr_t)taken[1] - (uintptr_t)taken[0];
	CU_ASSERT(distance >= sizeof(struct rte_mbuf) + ROOM && distance <= OBJECT_MOST);
	for (unsigned i = 0; i < BUFFERS; i++) {
		CU_ASSERT_EQUAL((uintptr_t)taken[i] % CACHE_LINE, 0);
		CU_ASSERT_EQUAL((uintptr_t)taken[i], (uintptr_t)taken[0] + i * distance);
	}
	tear_down();
}

static void a_burst_spreads_over_the_cache(void)
{
	unsigned users[NEAREST_WAY / CACHE_LINE] = {0}, most = 0;

	set_up(ROOM);
	for (unsigned i = 0; i < BURST; i++) {
		unsigned set = (unsigned)((uintptr_t)taken[i] % NEAREST_WAY / CACHE_LINE);

		if (++users[set] > most)
			most = users[set];
	}
	CU_ASSERT(most <= 4);
	tear_down();
}

static void each_has_its_room(void)
{
	static const uint16_t rooms[] = {ROOM, RTE_PKTMBUF_HEADROOM + 128,
	                                 RTE_PKTMBUF_HEADROOM + 9000};

	for (unsigned i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		set_up(rooms[i]);
		CU_ASSERT_EQUAL(rte_pktmbuf_data_room_size(pool), rooms[i]);
		for (unsigned k = 0; k < BUFFERS; k++) {
			CU_ASSERT_EQUAL(taken[k]->buf_len, rooms[i]);
			CU_ASSERT_EQUAL(rte_pktmbuf_tailroom(taken[k]),
			                rooms[i] - RTE_PKTMBUF_HEADROOM);
			CU_ASSERT_PTR_EQUAL(taken[k]->buf_addr, taken[k] + 1);
			memset(taken[k]->buf_addr, (int)k, rooms[i]);
		}
		/* None was another's. */
		for (unsigned k = 0; k < BUFFERS; k++) {
			const uint8_t *octets = taken[k]->buf_addr;

			CU_ASSERT_PTR_EQUAL(taken[k]->pool, pool);
			CU_ASSERT_EQUAL(octets[0], (uint8_t)k);
			CU_ASSERT_EQUAL(octets[rooms[i] - 1], (uint8_t)k);
		}
		tear_down();
	}
}

/** Without hugepages EAL's I/O addresses are virtual ones. */
static void a_device_finds_them(void)
{
	set_up(ROOM);
	for (unsigned i = 0; i < BUFFERS; i++)
		CU_ASSERT_EQUAL(rte_mbuf_iova_get(taken[i]), (uintptr_t)taken[i]->buf_addr);
	tear_down();
}

static void what_does_not_fit_is_refused(void)
{
	rte_errno = 0;
	CU_ASSERT_PTR_NULL(buffer_pool_create("large", 1u << 20, CACHE, ROOM, SOCKET_ID_ANY));
	CU_ASSERT_NOT_EQUAL(rte_errno, 0);
	set_up(ROOM);
	CU_ASSERT_PTR_NULL(buffer_pool_create("buffers", BUFFERS, CACHE, ROOM, SOCKET_ID_ANY));
	CU_ASSERT_EQUAL(rte_errno, EEXIST);
	tear_down();
	/* Nothing of the refused ones is left over. */
	set_up(ROOM);
	tear_down();
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
	                     (char[]){"--iova-mode=va"},
	                     (char[]){"--no-telemetry"},
	                     (char[]){"--no-shconf"},
	                     (char[]){"--lcores"},
	                     (char[]){"0@0"},
	                     (char[]){"--log-level=4"},
	                     NULL};

	return rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments);
}

int main(void)
{
	CU_TestInfo tests[] = {{"one lies behind the other", one_lies_behind_the_other},
	                       {"a burst spreads over the cache", a_burst_spreads_over_the_cache},
	                       {"each has its room", each_has_its_room},
	                       {"a device finds them", a_device_finds_them},
	                       {"what does not fit is refused", what_does_not_fit_is_refused},
	                       CU_TEST_INFO_NULL};

	if (eal_start() < 0) {
		(void)fprintf(stderr, "reflect-buffer-pool: EAL does not start\n");
		return EXIT_FAILURE;
	}
	int result = unit_run("reflect-buffer-pool", tests);
	(void)rte_eal_cleanup();
	return result;
}
