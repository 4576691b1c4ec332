/* SPDX-License-Identifier: BSD-3-Clause */
/** The polling lcore on ports made of rings: every frame is counted once, wherever it ends. No hugepages, no root. */
#include "reflect/worker.h"

#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>
#include <rte_rcu_qsbr.h>
#include <unistd.h>

#include "base/bytes.h"
#include "reflect/ahead.h"
#include "worker_stand.h"

/** Of a worker that has had an empty poll since: each frame is in one burst, each reply took its time, and no time runs on. */
static void check_statistics(void)
{
	const struct worker_statistics *statistics = &stand.worker->statistics;
	uint64_t frames = 0, replies = 0;

	for (unsigned size = 0; size <= WORKER_BURST; size++)
		frames += size * statistics->burst_sizes[size];
	for (unsigned bucket = 0; bucket < TURNAROUND_BUCKETS; bucket++)
		replies += statistics->turnaround[bucket];
	CU_ASSERT_EQUAL(frames, stand_counted(DATAPATH_RECEIVED));
	CU_ASSERT_EQUAL(replies, stand_counted(DATAPATH_REFLECTED));
	CU_ASSERT(statistics->busy_ticks > 0);
	CU_ASSERT_EQUAL(statistics->last_end, 0);
}

static void replies_leave_by_the_port(void)
{
	static const uint8_t options[4] = {1, 1, 1, 0};
	struct request request;

	stand_set_up(IDLE_SLEEP);
	request_init(&request, 4, TEST_AUTHENTICATED, 1);
	request.padding = 64;
	request.extensions = options;
	request.extensions_size = sizeof(options);
	struct session *session = request_session(&stand.world, &request);
	for (unsigned i = 0; i < 40; i++)
		stand_receive_request(&request);
	uint8_t other[WORLD_FRAME_MAX];
	size_t length = request_build(&stand.world, &request, other);
	other[5] ^= 1;
	stand_receive(stand_mbuf(other, length));
	stand_start();
	stand_wait_for(DATAPATH_REFLECTED, 40);
	stand_wait_for(DATAPATH_DROP_OTHER_STATION, 1);
	/* The worker's quiescent states let the session go while it runs. */
	struct session_totals totals = session_totals(stand.world.registry, session);
	session_withdraw(stand.world.registry, session);
	unsigned waiting = 1;
	for (unsigned i = 0; i < WAIT_ROUNDS && waiting > 0; i++) {
		waiting = session_registry_reclaim(stand.world.registry);
		(void)usleep(WAIT_US);
	}
	CU_ASSERT_EQUAL(waiting, 0);
	stand_wait_polls(2); /* one of them begins and ends after the last frame */
	stand_stop();
	/* A worker that has ended holds back nothing. */
	session_withdraw(stand.world.registry, request_session(&stand.world, &request));
	CU_ASSERT_EQUAL(session_registry_reclaim(stand.world.registry), 0);
	CU_ASSERT_EQUAL(totals.reflected, 40);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_RECEIVED), 41);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_REFLECTED), 40);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_OTHER_STATION), 1);
	CU_ASSERT(counter_read(&stand.worker->polls) > counter_read(&stand.worker->busy_polls));
	CU_ASSERT(counter_read(&stand.worker->busy_polls) >= 2);
	check_statistics();
	void *first = NULL;
	CU_ASSERT_EQUAL_FATAL(rte_ring_dequeue(stand.tx_ring, &first), 0);
	struct rte_mbuf *mbuf = first;
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	CU_ASSERT_EQUAL(mbuf->pkt_len, 14 + 20 + 8 + 112);
	CU_ASSERT_EQUAL(mbuf->data_len, mbuf->pkt_len);
	CU_ASSERT_EQUAL(load_be16(frame + 14 + 2), 20 + 8 + 112);
	CU_ASSERT(udp_checksum_is_right(frame, 14, 34));
	CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(stand.tx_ring, mbuf), 0);
	stand_tear_down();
}

/** Whatever the worker does when it is idle, it computes ahead of time first. */
static void idle_polls_compute_ahead(void)
{
	static const enum config_idle idles[] = {IDLE_SPIN, IDLE_PAUSE, IDLE_SLEEP};
	struct request request;

	request_init(&request, 4, TEST_AUTHENTICATED, 1);
	request.padding = 64;
	for (unsigned i = 0; i < sizeof(idles) / sizeof(idles[0]); i++) {
		stand_set_up(idles[i]);
		void *memory = aligned_alloc(AHEAD_POOL_ALIGN, ahead_pool_size(2));
		stand.worker->reflector.ahead = ahead_pool_init(memory, 2);
		(void)request_session(&stand.world, &request);
		stand_start();
		for (request.sequence = 0; request.sequence < 30; request.sequence++) {
			stand_receive_request(&request);
			stand_wait_for(DATAPATH_REFLECTED, request.sequence + 1);
			stand_wait_polls(4);
		}
		stand_stop();
		CU_ASSERT_EQUAL(stand_counted(DATAPATH_REFLECTED), 30);
		CU_ASSERT_EQUAL(ahead_pool_statistics(memory)->opened, 29);
		CU_ASSERT_EQUAL(ahead_pool_statistics(memory)->sealed, 29);
		ahead_pool_wipe(memory);
		free(memory);
		stand_tear_down();
	}
}

/** A frame for the kernel comes back as one of the kernel's, and from the wire again: no poll is empty. */
static void a_core_that_never_idles_wipes(void)
{
	static const uint8_t arp[60] = {[0] = 0xff, 0xff, 0xff,        0xff,
	                                0xff,       0xff, [12] = 0x08, 0x06};
	uint8_t frame[WORLD_FRAME_MAX], reply[WORLD_FRAME_MAX];
	struct request request;

	stand_set_up(IDLE_SPIN);
	struct ahead_pool *ahead =
	        ahead_pool_init(aligned_alloc(AHEAD_POOL_ALIGN, ahead_pool_size(2)), 2);
	stand.world.reflector.ahead = stand.worker->reflector.ahead = ahead;
	request_init(&request, 4, TEST_AUTHENTICATED, 1);
	struct session *session = request_session(&stand.world, &request);
	(void)world_reflect(&stand.world, frame, request_build(&stand.world, &request, frame),
	                    sizeof(frame), reply);
	CU_ASSERT(reflect_idle(&stand.world.reflector));
	session_withdraw(stand.world.registry, session);
	stand.worker->queues[0].port_id = stand.loop_port_id;
	stand.worker->queues[0].to_kernel = stand.from_kernel;
	CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(stand.loop, stand_mbuf(arp, sizeof(arp))), 0);
	stand_start();
	for (unsigned i = 0; i < WAIT_ROUNDS && counter_read(&stand.worker->polls) < 3 * 1024; i++)
		(void)usleep(WAIT_US);
	stand_stop();
	CU_ASSERT_EQUAL(stand.worker->polls, stand.worker->busy_polls);
	CU_ASSERT_EQUAL(ahead_pool_statistics(ahead)->wiped, 1);
	stand_drain(stand.loop);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(stand.pool), MBUFS);
	free(ahead);
	free(stand.worker);
	world_tear_down(&stand.world);
}

static void a_full_transmit_queue_drops(void)
{
	struct request request;

	stand_set_up(IDLE_SPIN);
	request_init(&request, 6, TEST_UNAUTHENTICATED, 2);
	(void)request_session(&stand.world, &request);
	for (unsigned i = 0; i < 100; i++)
		stand_receive_request(&request);
	stand_start();
	stand_wait_for(DATAPATH_DROP_TRANSMIT, 100 - (TX_RING_SIZE - 1));
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_REFLECTED), TX_RING_SIZE - 1);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_TRANSMIT), 100 - (TX_RING_SIZE - 1));
	stand_tear_down();
}

static void the_ports_mtu_bounds_replies(void)
{
	struct request request;

	stand_set_up(IDLE_SPIN);
	stand.worker->queues[0].mtu = 20 + 8 + 112 - 1;
	request_init(&request, 4, TEST_ENCRYPTED, 4);
	(void)request_session(&stand.world, &request);
	stand_receive_request(&request);
	stand_start();
	stand_wait_for(DATAPATH_DROP_REPLY_TOO_LONG, 1);
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_REPLY_TOO_LONG), 1);
	stand_tear_down();
}

static void segmented_frames_are_dropped(void)
{
	static const uint8_t octets[60] = {2};

	stand_set_up(IDLE_SPIN);
	for (unsigned i = 0; i < 3; i++) {
		struct rte_mbuf *head = stand_mbuf(octets, sizeof(octets));
		CU_ASSERT_EQUAL(rte_pktmbuf_chain(head, stand_mbuf(octets, sizeof(octets))), 0);
		stand_receive(head);
		stand_receive_arp(1);
	}
	stand_start();
	stand_wait_for(DATAPATH_EXCEPTION, 3);
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_SEGMENTED), 3);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_EXCEPTION), 3);
	stand_tear_down();
}

static void what_the_nic_knows_is_used(void)
{
	struct tsc_clock nic_clock = {
	        .slots[0] = {.base_ntp = WORLD_RECEIVE_NTP, .error_estimate = WORLD_ERROR}};
	struct request request;
	uint8_t frame[WORLD_FRAME_MAX];

	stand_set_up(IDLE_SPIN);
	struct worker_queue *queue = &stand.worker->queues[0];
	CU_ASSERT_EQUAL_FATAL(rte_mbuf_dyn_rx_timestamp_register(&queue->rx_timestamp_offset,
	                                                         &queue->rx_timestamp_flag),
	                      0);
	queue->nic_clock = &nic_clock;
	queue->offload_ip_checksum = true;
	request_init(&request, 4, TEST_UNAUTHENTICATED, 3);
	(void)request_session(&stand.world, &request);
	size_t length = request_build(&stand.world, &request, frame);
	static const uint64_t flags[] = {RTE_MBUF_F_RX_IP_CKSUM_GOOD, RTE_MBUF_F_RX_IP_CKSUM_BAD, 0,
	                                 0};
	for (unsigned i = 0; i < 4; i++) {
		struct rte_mbuf *mbuf = stand_mbuf(frame, length);
		mbuf->ol_flags |= flags[i];
		if (i == 0)
			mbuf->ol_flags |= queue->rx_timestamp_flag;
		if (i == 3)
			rte_pktmbuf_mtod(mbuf, uint8_t *)[14 + 10] ^= 1;
		stand_receive(mbuf);
	}
	stand_start();
	stand_wait_for(DATAPATH_REFLECTED, 2);
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_REFLECTED), 2);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_CHECKSUM), 2);
	for (unsigned i = 0; i < 2; i++) {
		void *dequeued = NULL;
		CU_ASSERT_EQUAL_FATAL(rte_ring_dequeue(stand.tx_ring, &dequeued), 0);
		struct rte_mbuf *mbuf = dequeued;
		const uint8_t *payload = rte_pktmbuf_mtod(mbuf, const uint8_t *) + 42;
		CU_ASSERT_EQUAL(load_be64(payload + 16),
		                i == 0 ? WORLD_RECEIVE_NTP : WORLD_TRANSMIT_NTP);
		CU_ASSERT_EQUAL(mbuf->ol_flags, 0);
		CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(stand.tx_ring, mbuf), 0);
	}
	stand_tear_down();
}

/** The room is what is behind the frame in its buffer, wherever the frame begins. */
static void a_buffers_end_bounds_replies(void)
{
	uint8_t frame[WORLD_FRAME_MAX];
	struct request request;

	stand_set_up(IDLE_SPIN);
	request_init(&request, 6, TEST_AUTHENTICATED, 5);
	(void)request_session(&stand.world, &request);
	size_t length = request_build(&stand.world, &request, frame);
	/* Without padding the reply is longer by 64 octets. */
	for (unsigned room = 63; room <= 64; room++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(stand.pool);

		mbuf->data_off = (uint16_t)(mbuf->buf_len - length - room);
		mbuf->data_len = (uint16_t)length;
		mbuf->pkt_len = (uint32_t)length;
		memcpy(rte_pktmbuf_mtod(mbuf, void *), frame, length);
		stand_receive(mbuf);
	}
	stand_start();
	stand_wait_for(DATAPATH_REFLECTED, 1);
	stand_wait_for(DATAPATH_DROP_REPLY_TOO_LONG, 1);
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_REFLECTED), 1);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_REPLY_TOO_LONG), 1);
	stand_tear_down();
}

static void note_free(void *buffer, void *freed)
{
	(void)buffer;
	*(unsigned *)freed += 1;
}

/** Whoever lent the buffer gets it back behind the transmission: its flag is no order of the received frame's. */
static void a_lent_buffer_is_given_back(void)
{
	static uint8_t buffer[2 * WORLD_FRAME_MAX] __attribute__((aligned(64)));
	uint16_t size = sizeof(buffer);
	unsigned freed = 0;
	struct request request;

	stand_set_up(IDLE_SPIN);
	request_init(&request, 4, TEST_UNAUTHENTICATED, 6);
	(void)request_session(&stand.world, &request);
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(stand.pool);
	struct rte_mbuf_ext_shared_info *shared =
	        rte_pktmbuf_ext_shinfo_init_helper(buffer, &size, note_free, &freed);
	rte_pktmbuf_attach_extbuf(mbuf, buffer, RTE_BAD_IOVA, size, shared);
	size_t length =
	        request_build(&stand.world, &request, (uint8_t *)rte_pktmbuf_mtod(mbuf, void *));
	mbuf->data_len = (uint16_t)length;
	mbuf->pkt_len = (uint32_t)length;
	stand_receive(mbuf);
	stand_start();
	stand_wait_for(DATAPATH_REFLECTED, 1);
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_REFLECTED), 1);
	CU_ASSERT_EQUAL(freed, 0);
	stand_tear_down(); /* sends it, as it were */
	CU_ASSERT_EQUAL(freed, 1);
}

/** Within a poll. */
static uint16_t note_online(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count,
                            uint16_t most, void *polls_online)
{
	unsigned *seen = polls_online;
	bool online = __atomic_load_n(&stand.worker->rcu->qsbr_cnt[stand.worker->core].cnt,
	                              __ATOMIC_ACQUIRE) != 0;

	(void)port;
	(void)queue;
	(void)mbufs;
	(void)most;
	seen[online]++;
	return count;
}

/** From its first poll on the worker holds back what it may be looking at; when it has ended it holds back nothing. */
static void every_poll_is_online(void)
{
	unsigned seen[2] = {0, 0};

	stand_set_up(IDLE_SPIN);
	const struct rte_eth_rxtx_callback *callback =
	        rte_eth_add_rx_callback(stand.port_id, 0, note_online, seen);
	CU_ASSERT_PTR_NOT_NULL_FATAL(callback);
	stand_start();
	for (unsigned i = 0; i < WAIT_ROUNDS && counter_read(&stand.worker->polls) < 3; i++)
		(void)usleep(WAIT_US);
	stand_stop();
	CU_ASSERT_EQUAL(rte_eth_remove_rx_callback(stand.port_id, 0, callback), 0);
	CU_ASSERT_EQUAL(seen[false], 0);
	CU_ASSERT(seen[true] >= 3);
	CU_ASSERT_EQUAL(stand.worker->rcu->qsbr_cnt[stand.worker->core].cnt, 0);
	stand_tear_down();
}

int main(void)
{
	CU_TestInfo tests[] = {{"ports of rings", stand_ports_start},
	                       {"replies leave by the port", replies_leave_by_the_port},
	                       {"idle polls compute ahead", idle_polls_compute_ahead},
	                       {"a core that never idles wipes", a_core_that_never_idles_wipes},
	                       {"a full transmit queue drops", a_full_transmit_queue_drops},
	                       {"the port's MTU bounds replies", the_ports_mtu_bounds_replies},
	                       {"segmented frames are dropped", segmented_frames_are_dropped},
	                       {"what the NIC knows is used", what_the_nic_knows_is_used},
	                       {"a buffer's end bounds replies", a_buffers_end_bounds_replies},
	                       {"a lent buffer is given back", a_lent_buffer_is_given_back},
	                       {"every poll is online", every_poll_is_online},
	                       CU_TEST_INFO_NULL};

	return stand_run("reflect-worker", tests);
}
