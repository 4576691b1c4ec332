/* SPDX-License-Identifier: BSD-3-Clause */
#include "memif_pair.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dpdk_port.h"
#include "reflect/headers.h"

#define POLLED_NAME "net_memif0"
#define SENDER_NAME "net_memif1"
/** Below what a ring of memif holds, so that nobody finds one full. */
#define WINDOW            512u
#define JOIN_SECONDS      30.0
#define COME_BACK_SECONDS 30.0
#define POLL_US           1000u

static uint64_t deadline_after(double seconds)
{
	return tsc_now() + (uint64_t)(seconds * (double)rte_get_tsc_hz());
}

static bool is_up(uint16_t port)
{
	struct rte_eth_link link;

	return rte_eth_link_get_nowait(port, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

/** An interrupt thread of EAL does the joining. */
static int join(const struct memif_pair *pair, struct error *error)
{
	uint64_t deadline = deadline_after(JOIN_SECONDS);

	while (!is_up(pair->sender) || !is_up(pair->polled)) {
		if (tsc_now() > deadline)
			return error_set(error, ERROR_SYSTEM, "memif ports did not join");
		(void)usleep(POLL_US);
	}
	return 0;
}

int memif_pair_open(struct memif_pair *pair, struct error *error)
{
	char arguments[96];

	memset(pair, 0, sizeof(*pair));
	/* The driver takes an abstract socket when nothing is said: no file that could stay behind. */
	(void)snprintf(arguments, sizeof(arguments), "role=server,socket=specular-bench-%d",
	               (int)getpid());
	int status = dpdk_port_pool("memif", MEMIF_REQUESTS_MAX, &pair->pool, error);
	if (status == 0)
		status = dpdk_port_open(POLLED_NAME, arguments, pair->pool, &pair->polled, error);
	(void)snprintf(arguments, sizeof(arguments), "role=client,socket=specular-bench-%d",
	               (int)getpid());
	if (status == 0)
		status = dpdk_port_open(SENDER_NAME, arguments, pair->pool, &pair->sender, error);
	if (status == 0)
		status = join(pair, error);
	if (status != 0)
		memif_pair_close(pair);
	return status;
}

void memif_pair_close(struct memif_pair *pair)
{
	dpdk_port_close(SENDER_NAME);
	dpdk_port_close(POLLED_NAME);
	rte_mempool_free(pair->pool);
	pair->pool = NULL;
}

int memif_requests_make(struct memif_requests *requests, const struct memif_pair *pair,
                        struct traffic *traffic, uint16_t payload, struct error *error)
{
	memset(requests, 0, sizeof(*requests));
	while (requests->count < traffic->world->settings.sessions) {
		unsigned index = requests->count;
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pair->pool);

		if (mbuf == NULL)
			return error_set(error, ERROR_MEMORY, "no buffer for a request");
		traffic_prepare_from(traffic, &index, 1, payload);
		memcpy(rte_pktmbuf_append(mbuf, traffic->frames[0].length),
		       traffic->frames[0].octets, traffic->frames[0].length);
		unsigned at = (unsigned)(traffic_random(traffic) % (index + 1));
		requests->mbufs[index] = requests->mbufs[at];
		requests->mbufs[at] = mbuf;
		requests->count++;
	}
	return 0;
}

void memif_requests_free(struct memif_requests *requests)
{
	rte_pktmbuf_free_bulk(requests->mbufs, requests->count);
	requests->count = 0;
}

static unsigned send_some(const struct memif_pair *pair, struct memif_requests *requests,
                          unsigned most)
{
	unsigned count = RTE_MIN(RTE_MIN(most, DPDK_PORT_BURST), requests->count - requests->next);
	struct rte_mbuf **mbufs = requests->mbufs + requests->next;

	/* The driver copies and frees: what is to be sent again keeps a reference. */
	for (unsigned i = 0; i < count; i++)
		rte_mbuf_refcnt_update(mbufs[i], 1);
	unsigned sent = rte_eth_tx_burst(pair->sender, 0, mbufs, (uint16_t)count);
	for (unsigned i = sent; i < count; i++)
		rte_mbuf_refcnt_update(mbufs[i], -1);
	requests->next = (requests->next + sent) % requests->count;
	return sent;
}

/** How many came back; *wrong when one is not from the polled side. */
static unsigned take_some(const struct memif_pair *pair, bool *wrong)
{
	struct rte_mbuf *mbufs[DPDK_PORT_BURST];
	unsigned count = rte_eth_rx_burst(pair->sender, 0, mbufs, DPDK_PORT_BURST);

	for (unsigned i = 0; i < count; i++)
		*wrong |= memcmp(rte_pktmbuf_mtod(mbufs[i], uint8_t *) + ETHERNET_SOURCE,
		                 world_station, ETHERNET_ADDRESS_SIZE) != 0;
	rte_pktmbuf_free_bulk(mbufs, count);
	return count;
}

bool memif_pair_send(const struct memif_pair *pair, struct memif_requests *requests, double seconds)
{
	uint64_t deadline = deadline_after(seconds);
	unsigned on_the_way = 0;
	bool wrong = false;

	/* Receiving comes first: only then does a client's end lend the other one buffers to answer in. */
	while (tsc_now() < deadline) {
		on_the_way -= take_some(pair, &wrong);
		if (on_the_way < WINDOW)
			on_the_way += send_some(pair, requests, WINDOW - on_the_way);
	}
	deadline = deadline_after(COME_BACK_SECONDS);
	while (on_the_way > 0 && tsc_now() < deadline)
		on_the_way -= take_some(pair, &wrong);
	return on_the_way == 0 && !wrong;
}
