/* SPDX-License-Identifier: BSD-3-Clause */
/** The polling lcore on ports made of rings: every frame is counted once, wherever it ends. No hugepages, no root. */
#include "reflect/ahead.h"
#include "reflect/worker.h"

#include <pthread.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bytes.h"
#include "unit.h"
#include "world.h"

#define RX_RING_SIZE     256u
#define TX_RING_SIZE     64u /**< room for one less */
#define KERNEL_RING_SIZE 16u
#define MBUFS            1023u
#define WAIT_US          100u
#define WAIT_ROUNDS      100000u

static struct rte_mempool *pool;
static struct rte_ring *rx_ring, *tx_ring, *to_kernel, *from_kernel;
static struct rte_ring *loop;
static uint16_t port_id, loop_port_id;
static struct world world;
static struct worker *worker;
static pthread_t thread;

static uint16_t port_start(const char *name, struct rte_ring *rx, struct rte_ring *tx)
{
	struct rte_eth_conf configuration = {0};
	int made = rte_eth_from_rings(name, &rx, 1, &tx, 1, 0);
	uint16_t port = (uint16_t)made;

	CU_ASSERT_FATAL(made >= 0);
	CU_ASSERT_EQUAL_FATAL(rte_eth_dev_configure(port, 1, 1, &configuration), 0);
	CU_ASSERT_EQUAL_FATAL(rte_eth_rx_queue_setup(port, 0, 64, 0, NULL, pool), 0);
	CU_ASSERT_EQUAL_FATAL(rte_eth_tx_queue_setup(port, 0, 64, 0, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(rte_eth_dev_start(port), 0);
	return port;
}

static void ports_start(void)
{
	port_id = port_start("specular", rx_ring, tx_ring);
	loop_port_id = port_start("loop", loop, loop);
}

static void *thread_run(void *argument)
{
	(void)worker_run(argument);
	return NULL;
}

static void set_up(enum config_idle idle)
{
	world_set_up(&world);
	worker = aligned_alloc(_Alignof(struct worker), sizeof(*worker));
	memset(worker, 0, sizeof(*worker));
	worker->reflector = world.reflector;
	worker->queue_count = 1;
	worker->queues[0].port_id = port_id;
	worker->queues[0].mtu = 1500;
	worker->queues[0].station = world_reflector_mac;
	worker->queues[0].rx_timestamp_offset = -1;
	worker->queues[0].to_kernel = to_kernel;
	worker->queues[0].from_kernel = from_kernel;
	worker->idle = idle;
	worker->idle_sleep_us = 50;
	worker->rcu = session_registry_rcu(world.registry);
}

static void start(void)
{
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, thread_run, worker), 0);
}

static void stop(void)
{
	__atomic_store_n(&worker->stop, true, __ATOMIC_RELAXED);
	(void)pthread_join(thread, NULL);
}

static uint64_t counted(enum datapath_counter counter)
{
	return counter_read(&world.counters.values[counter]);
}

static void wait_for(enum datapath_counter counter, uint64_t value)
{
	for (unsigned i = 0; i < WAIT_ROUNDS && counted(counter) < value; i++)
		(void)usleep(WAIT_US);
}

static void wait_polls(uint64_t more)
{
	uint64_t polls = counter_read(&worker->polls);

	while (counter_read(&worker->polls) < polls + more)
		(void)usleep(WAIT_US);
}

static void drain(struct rte_ring *ring)
{
	void *mbuf;

	while (rte_ring_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
}

/** Every frame went somewhere, and no mbuf got lost. */
static void tear_down(void)
{
	uint64_t total = counted(DATAPATH_REFLECTED) + counted(DATAPATH_EXCEPTION);

	for (unsigned i = DATAPATH_DROP_SEGMENTED; i <= DATAPATH_DROP_EXCEPTION_OFF; i++)
		total += counted((enum datapath_counter)i);
	CU_ASSERT_EQUAL(counted(DATAPATH_RECEIVED), total);
	CU_ASSERT_EQUAL(rte_ring_count(tx_ring),
	                counted(DATAPATH_REFLECTED) + counted(DATAPATH_FROM_KERNEL));
	CU_ASSERT_EQUAL(rte_ring_count(to_kernel), counted(DATAPATH_EXCEPTION));
	drain(tx_ring);
	drain(to_kernel);
	drain(from_kernel);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), MBUFS);
	free(worker);
	world_tear_down(&world);
}

static struct rte_mbuf *mbuf_of(const uint8_t *octets, size_t length)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mbuf);
	char *data = rte_pktmbuf_append(mbuf, (uint16_t)length);
	CU_ASSERT_PTR_NOT_NULL_FATAL(data);
	memcpy(data, octets, length);
	return mbuf;
}

static void receive(struct rte_mbuf *mbuf)
{
	CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(rx_ring, mbuf), 0);
}

static void receive_request(const struct request *request)
{
	uint8_t frame[WORLD_FRAME_MAX];
	size_t length = request_build(&world, request, frame);

	receive(mbuf_of(frame, length));
}

static void receive_arp(unsigned count)
{
	static const uint8_t arp[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02,
	                                0,    0,    0,    0,    1,    0x08, 0x06};

	for (unsigned i = 0; i < count; i++)
		receive(mbuf_of(arp, sizeof(arp)));
}

/** Of a worker that has had an empty poll since: each frame is in one burst, each reply took its time, and no time runs on. */
static void check_statistics(void)
{
	const struct worker_statistics *statistics = &worker->statistics;
	uint64_t frames = 0, replies = 0;

	for (unsigned size = 0; size <= WORKER_BURST; size++)
		frames += size * statistics->burst_sizes[size];
	for (unsigned bucket = 0; bucket < TURNAROUND_BUCKETS; bucket++)
		replies += statistics->turnaround[bucket];
	CU_ASSERT_EQUAL(frames, counted(DATAPATH_RECEIVED));
	CU_ASSERT_EQUAL(replies, counted(DATAPATH_REFLECTED));
	CU_ASSERT(statistics->busy_ticks > 0);
	CU_ASSERT_EQUAL(statistics->last_end, 0);
}

static void replies_leave_by_the_port(void)
{
	static const uint8_t options[4] = {1, 1, 1, 0};
	struct request request;

	set_up(IDLE_SLEEP);
	request_init(&request, 4, TEST_AUTHENTICATED, 1);
	request.padding = 64;
	request.extensions = options;
	request.extensions_size = sizeof(options);
	struct session *session = request_session(&world, &request);
	for (unsigned i = 0; i < 40; i++)
		receive_request(&request);
	uint8_t other[WORLD_FRAME_MAX];
	size_t length = request_build(&world, &request, other);
	other[5] ^= 1;
	receive(mbuf_of(other, length));
	start();
	wait_for(DATAPATH_REFLECTED, 40);
	wait_for(DATAPATH_DROP_OTHER_STATION, 1);
	/* The worker's quiescent states let the session go while it runs. */
	struct session_totals totals = session_totals(world.registry, session);
	session_withdraw(world.registry, session);
	unsigned waiting = 1;
	for (unsigned i = 0; i < WAIT_ROUNDS && waiting > 0; i++) {
		waiting = session_registry_reclaim(world.registry);
		(void)usleep(WAIT_US);
	}
	CU_ASSERT_EQUAL(waiting, 0);
	wait_polls(2); /* one of them begins and ends after the last frame */
	stop();
	/* A worker that has ended holds back nothing. */
	session_withdraw(world.registry, request_session(&world, &request));
	CU_ASSERT_EQUAL(session_registry_reclaim(world.registry), 0);
	CU_ASSERT_EQUAL(totals.reflected, 40);
	CU_ASSERT_EQUAL(counted(DATAPATH_RECEIVED), 41);
	CU_ASSERT_EQUAL(counted(DATAPATH_REFLECTED), 40);
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_OTHER_STATION), 1);
	CU_ASSERT(counter_read(&worker->polls) > counter_read(&worker->busy_polls));
	CU_ASSERT(counter_read(&worker->busy_polls) >= 2);
	check_statistics();
	void *first = NULL;
	CU_ASSERT_EQUAL_FATAL(rte_ring_dequeue(tx_ring, &first), 0);
	struct rte_mbuf *mbuf = first;
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	CU_ASSERT_EQUAL(mbuf->pkt_len, 14 + 20 + 8 + 112);
	CU_ASSERT_EQUAL(mbuf->data_len, mbuf->pkt_len);
	CU_ASSERT_EQUAL(load_be16(frame + 14 + 2), 20 + 8 + 112);
	CU_ASSERT(udp_checksum_is_right(frame, 14, 34));
	CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(tx_ring, mbuf), 0);
	tear_down();
}

/** Whatever the worker does when it is idle, it computes ahead of time first. */
static void idle_polls_compute_ahead(void)
{
	static const enum config_idle idles[] = {IDLE_SPIN, IDLE_PAUSE, IDLE_SLEEP};
	struct request request;

	request_init(&request, 4, TEST_AUTHENTICATED, 1);
	request.padding = 64;
	for (unsigned i = 0; i < sizeof(idles) / sizeof(idles[0]); i++) {
		set_up(idles[i]);
		void *memory = aligned_alloc(AHEAD_POOL_ALIGN, ahead_pool_size(2));
		worker->reflector.ahead = ahead_pool_init(memory, 2);
		(void)request_session(&world, &request);
		start();
		for (request.sequence = 0; request.sequence < 30; request.sequence++) {
			receive_request(&request);
			wait_for(DATAPATH_REFLECTED, request.sequence + 1);
			wait_polls(4);
		}
		stop();
		CU_ASSERT_EQUAL(counted(DATAPATH_REFLECTED), 30);
		CU_ASSERT_EQUAL(ahead_pool_statistics(memory)->opened, 29);
		CU_ASSERT_EQUAL(ahead_pool_statistics(memory)->sealed, 29);
		ahead_pool_wipe(memory);
		free(memory);
		tear_down();
	}
}

/** A frame for the kernel comes back as one of the kernel's, and from the wire again: no poll is empty. */
static void a_core_that_never_idles_wipes(void)
{
	static const uint8_t arp[60] = {[0] = 0xff, 0xff, 0xff,        0xff,
	                                0xff,       0xff, [12] = 0x08, 0x06};
	uint8_t frame[WORLD_FRAME_MAX], reply[WORLD_FRAME_MAX];
	struct request request;

	set_up(IDLE_SPIN);
	struct ahead_pool *ahead =
	        ahead_pool_init(aligned_alloc(AHEAD_POOL_ALIGN, ahead_pool_size(2)), 2);
	world.reflector.ahead = worker->reflector.ahead = ahead;
	request_init(&request, 4, TEST_AUTHENTICATED, 1);
	struct session *session = request_session(&world, &request);
	(void)world_reflect(&world, frame, request_build(&world, &request, frame), sizeof(frame),
	                    reply);
	CU_ASSERT(reflect_idle(&world.reflector));
	session_withdraw(world.registry, session);
	worker->queues[0].port_id = loop_port_id;
	worker->queues[0].to_kernel = from_kernel;
	CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(loop, mbuf_of(arp, sizeof(arp))), 0);
	start();
	for (unsigned i = 0; i < WAIT_ROUNDS && counter_read(&worker->polls) < 3 * 1024; i++)
		(void)usleep(WAIT_US);
	stop();
	CU_ASSERT_EQUAL(worker->polls, worker->busy_polls);
	CU_ASSERT_EQUAL(ahead_pool_statistics(ahead)->wiped, 1);
	drain(loop);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(pool), MBUFS);
	free(ahead);
	free(worker);
	world_tear_down(&world);
}

static void a_full_transmit_queue_drops(void)
{
	struct request request;

	set_up(IDLE_SPIN);
	request_init(&request, 6, TEST_UNAUTHENTICATED, 2);
	(void)request_session(&world, &request);
	for (unsigned i = 0; i < 100; i++)
		receive_request(&request);
	start();
	wait_for(DATAPATH_DROP_TRANSMIT, 100 - (TX_RING_SIZE - 1));
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_REFLECTED), TX_RING_SIZE - 1);
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_TRANSMIT), 100 - (TX_RING_SIZE - 1));
	tear_down();
}

static void receive_pings(unsigned count)
{
	static const uint8_t ping[60] = {0xff,        0xff, 0xff, 0xff,      0xff,     0xff,    2,
	                                 [12] = 0x08, 0x00, 0x45, [17] = 46, [23] = 1, [34] = 8};

	for (unsigned i = 0; i < count; i++)
		receive(mbuf_of(ping, sizeof(ping)));
}

/** Of a bucket of eight they get four, whatever comes first; the others of a burst go before them. */
static void pings_leave_room_for_others(void)
{
	for (unsigned arp_first = 0; arp_first < 2; arp_first++) {
		set_up(IDLE_SPIN);
		worker->queues[0].exception_burst = 8;
		worker->queues[0].exception_tsc_per_frame = UINT64_C(1) << 50;
		worker->queues[0].exception_tokens = UINT64_C(8) << 50;
		worker->queues[0].exception_refill_tsc = tsc_now();
		if (arp_first != 0)
			receive_arp(6);
		receive_pings(40);
		if (arp_first == 0)
			receive_arp(6);
		start();
		wait_for(DATAPATH_RECEIVED, 46);
		stop();
		CU_ASSERT_EQUAL(counted(DATAPATH_EXCEPTION), arp_first != 0 ? 6 : 8);
		CU_ASSERT_EQUAL(counted(DATAPATH_DROP_EXCEPTION_RATE),
		                46 - counted(DATAPATH_EXCEPTION));
		tear_down();
	}
}

/** Frames to a group so that they are the kernel's: what they are, and whether they are pings. */
static const struct {
	bool ping;
	uint16_t length; /**< of the frame; what is behind is in the buffer only */
	uint8_t octets[80];
} kinds[] = {
        {true, 80, {[0] = 1, [12] = 0x08, 0, 0x45, [23] = 1, [34] = 8}},
        {true, 80, {[0] = 1, [12] = 0x08, 0, 0x46, [23] = 1, [38] = 8}},
        {true, 80, {[0] = 1, [12] = 0x81, 0, 0, 9, 0x08, 0, 0x45, [27] = 1, [38] = 8}},
        {true, 80, {[0] = 1, [12] = 0x86, 0xdd, 0x60, [20] = 58, [54] = 128}},
        {true,
         80,
         {[0] = 1,
          [12] = 0x88,
          0xa8,
          0,
          9,
          0x81,
          0,
          0,
          8,
          0x86,
          0xdd,
          0x60,
          [28] = 58,
          [62] = 128}},
        /* Echo reply, redirect; TCP whose port begins with an 8; options that hide one. */
        {false, 80, {[0] = 1, [12] = 0x08, 0, 0x45, [23] = 1, [34] = 0}},
        {false, 80, {[0] = 1, [12] = 0x08, 0, 0x45, [23] = 1, [34] = 5}},
        {false, 80, {[0] = 1, [12] = 0x08, 0, 0x45, [23] = 6, [34] = 8}},
        {false, 80, {[0] = 1, [12] = 0x08, 0, 0x46, [23] = 1, [34] = 8}},
        /* Neighbour solicitation, echo reply; UDP; another Ethertype. */
        {false, 80, {[0] = 1, [12] = 0x86, 0xdd, 0x60, [20] = 58, [54] = 135}},
        {false, 80, {[0] = 1, [12] = 0x86, 0xdd, 0x60, [20] = 58, [54] = 129}},
        {false, 80, {[0] = 1, [12] = 0x86, 0xdd, 0x60, [20] = 17, [54] = 128}},
        {false, 80, {[0] = 1, [12] = 0x08, 0x06, 0x45, [23] = 1, [34] = 8}},
        /* Cut off before it says that it is one. */
        {false, 34, {[0] = 1, [12] = 0x08, 0, 0x45, [23] = 1, [34] = 8}},
        {false, 60, {[0] = 1, [12] = 0x08, 0, 0x4f, [23] = 1, [74] = 8}},
        {false, 54, {[0] = 1, [12] = 0x86, 0xdd, 0x60, [20] = 58, [54] = 128}},
};

static void only_echo_requests_are_pings(void)
{
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		set_up(IDLE_SPIN);
		worker->queues[0].exception_burst = 8;
		worker->queues[0].exception_tsc_per_frame = UINT64_C(1) << 50;
		worker->queues[0].exception_tokens = UINT64_C(8) << 50;
		worker->queues[0].exception_refill_tsc = tsc_now();
		for (unsigned frame = 0; frame < 8; frame++) {
			struct rte_mbuf *mbuf = mbuf_of(kinds[i].octets, sizeof(kinds[i].octets));
			(void)rte_pktmbuf_trim(
			        mbuf, (uint16_t)(sizeof(kinds[i].octets) - kinds[i].length));
			receive(mbuf);
		}
		start();
		wait_for(DATAPATH_EXCEPTION, kinds[i].ping ? 4 : 8);
		wait_for(DATAPATH_DROP_EXCEPTION_RATE, kinds[i].ping ? 4 : 0);
		stop();
		CU_ASSERT_EQUAL(counted(DATAPATH_EXCEPTION), kinds[i].ping ? 4 : 8);
		tear_down();
	}
}

static void frames_for_the_kernel(void)
{
	/* Full. */
	set_up(IDLE_PAUSE);
	receive_arp(40);
	start();
	wait_for(DATAPATH_DROP_EXCEPTION_FULL, 40 - (KERNEL_RING_SIZE - 1));
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_EXCEPTION), KERNEL_RING_SIZE - 1);
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_EXCEPTION_FULL), 40 - (KERNEL_RING_SIZE - 1));
	tear_down();
	/* Rate: a bucket of five that never refills within the test. */
	set_up(IDLE_SPIN);
	worker->queues[0].exception_burst = 5;
	worker->queues[0].exception_tsc_per_frame = UINT64_C(1) << 50;
	worker->queues[0].exception_tokens = UINT64_C(5) << 50;
	worker->queues[0].exception_refill_tsc = tsc_now();
	receive_arp(40);
	start();
	wait_for(DATAPATH_DROP_EXCEPTION_RATE, 35);
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_EXCEPTION), 5);
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_EXCEPTION_RATE), 35);
	tear_down();
	/* Rate: a zeroed bucket starts full. */
	set_up(IDLE_SPIN);
	worker->queues[0].exception_burst = 3;
	worker->queues[0].exception_tsc_per_frame = tsc_now() / 8;
	receive_arp(4);
	start();
	wait_for(DATAPATH_DROP_EXCEPTION_RATE, 1);
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_EXCEPTION), 3);
	tear_down();
	/* Off. */
	set_up(IDLE_SPIN);
	worker->queues[0].to_kernel = NULL;
	worker->queues[0].from_kernel = NULL;
	receive_arp(7);
	start();
	wait_for(DATAPATH_DROP_EXCEPTION_OFF, 7);
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_EXCEPTION_OFF), 7);
	tear_down();
}

static void the_ports_mtu_bounds_replies(void)
{
	struct request request;

	set_up(IDLE_SPIN);
	worker->queues[0].mtu = 20 + 8 + 112 - 1;
	request_init(&request, 4, TEST_ENCRYPTED, 4);
	(void)request_session(&world, &request);
	receive_request(&request);
	start();
	wait_for(DATAPATH_DROP_REPLY_TOO_LONG, 1);
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_REPLY_TOO_LONG), 1);
	tear_down();
}

static void frames_from_the_kernel(void)
{
	static const uint8_t frame[60] = {2};

	set_up(IDLE_SLEEP);
	start();
	for (unsigned i = 0; i < 70; i++) {
		struct rte_mbuf *mbuf = mbuf_of(frame, sizeof(frame));
		for (unsigned wait = 0; wait < WAIT_ROUNDS; wait++) {
			if (rte_ring_enqueue(from_kernel, mbuf) == 0)
				break;
			(void)usleep(WAIT_US);
		}
	}
	wait_for(DATAPATH_FROM_KERNEL_LOST, 70 - (TX_RING_SIZE - 1));
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_FROM_KERNEL), TX_RING_SIZE - 1);
	CU_ASSERT_EQUAL(counted(DATAPATH_FROM_KERNEL_LOST), 70 - (TX_RING_SIZE - 1));
	CU_ASSERT_EQUAL(counted(DATAPATH_RECEIVED), 0);
	tear_down();
}

static void segmented_frames_are_dropped(void)
{
	static const uint8_t octets[60] = {2};

	set_up(IDLE_SPIN);
	for (unsigned i = 0; i < 3; i++) {
		struct rte_mbuf *head = mbuf_of(octets, sizeof(octets));
		CU_ASSERT_EQUAL(rte_pktmbuf_chain(head, mbuf_of(octets, sizeof(octets))), 0);
		receive(head);
		receive_arp(1);
	}
	start();
	wait_for(DATAPATH_EXCEPTION, 3);
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_SEGMENTED), 3);
	CU_ASSERT_EQUAL(counted(DATAPATH_EXCEPTION), 3);
	tear_down();
}

static void what_the_nic_knows_is_used(void)
{
	struct tsc_clock nic_clock = {
	        .slots[0] = {.base_ntp = WORLD_RECEIVE_NTP, .error_estimate = WORLD_ERROR}};
	struct request request;
	uint8_t frame[WORLD_FRAME_MAX];

	set_up(IDLE_SPIN);
	struct worker_queue *queue = &worker->queues[0];
	CU_ASSERT_EQUAL_FATAL(rte_mbuf_dyn_rx_timestamp_register(&queue->rx_timestamp_offset,
	                                                         &queue->rx_timestamp_flag),
	                      0);
	queue->nic_clock = &nic_clock;
	queue->offload_ip_checksum = true;
	request_init(&request, 4, TEST_UNAUTHENTICATED, 3);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	static const uint64_t flags[] = {RTE_MBUF_F_RX_IP_CKSUM_GOOD, RTE_MBUF_F_RX_IP_CKSUM_BAD, 0,
	                                 0};
	for (unsigned i = 0; i < 4; i++) {
		struct rte_mbuf *mbuf = mbuf_of(frame, length);
		mbuf->ol_flags |= flags[i];
		if (i == 0)
			mbuf->ol_flags |= queue->rx_timestamp_flag;
		if (i == 3)
			rte_pktmbuf_mtod(mbuf, uint8_t *)[14 + 10] ^= 1;
		receive(mbuf);
	}
	start();
	wait_for(DATAPATH_REFLECTED, 2);
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_REFLECTED), 2);
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_CHECKSUM), 2);
	for (unsigned i = 0; i < 2; i++) {
		void *dequeued = NULL;
		CU_ASSERT_EQUAL_FATAL(rte_ring_dequeue(tx_ring, &dequeued), 0);
		struct rte_mbuf *mbuf = dequeued;
		const uint8_t *payload = rte_pktmbuf_mtod(mbuf, const uint8_t *) + 42;
		CU_ASSERT_EQUAL(load_be64(payload + 16),
		                i == 0 ? WORLD_RECEIVE_NTP : WORLD_TRANSMIT_NTP);
		CU_ASSERT_EQUAL(mbuf->ol_flags, 0);
		CU_ASSERT_EQUAL_FATAL(rte_ring_enqueue(tx_ring, mbuf), 0);
	}
	tear_down();
}

/** The room is what is behind the frame in its buffer, wherever the frame begins. */
static void a_buffers_end_bounds_replies(void)
{
	uint8_t frame[WORLD_FRAME_MAX];
	struct request request;

	set_up(IDLE_SPIN);
	request_init(&request, 6, TEST_AUTHENTICATED, 5);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	/* Without padding the reply is longer by 64 octets. */
	for (unsigned room = 63; room <= 64; room++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);

		mbuf->data_off = (uint16_t)(mbuf->buf_len - length - room);
		mbuf->data_len = (uint16_t)length;
		mbuf->pkt_len = (uint32_t)length;
		memcpy(rte_pktmbuf_mtod(mbuf, void *), frame, length);
		receive(mbuf);
	}
	start();
	wait_for(DATAPATH_REFLECTED, 1);
	wait_for(DATAPATH_DROP_REPLY_TOO_LONG, 1);
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_REFLECTED), 1);
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_REPLY_TOO_LONG), 1);
	tear_down();
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

	set_up(IDLE_SPIN);
	request_init(&request, 4, TEST_UNAUTHENTICATED, 6);
	(void)request_session(&world, &request);
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct rte_mbuf_ext_shared_info *shared =
	        rte_pktmbuf_ext_shinfo_init_helper(buffer, &size, note_free, &freed);
	rte_pktmbuf_attach_extbuf(mbuf, buffer, RTE_BAD_IOVA, size, shared);
	size_t length = request_build(&world, &request, (uint8_t *)rte_pktmbuf_mtod(mbuf, void *));
	mbuf->data_len = (uint16_t)length;
	mbuf->pkt_len = (uint32_t)length;
	receive(mbuf);
	start();
	wait_for(DATAPATH_REFLECTED, 1);
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_REFLECTED), 1);
	CU_ASSERT_EQUAL(freed, 0);
	tear_down(); /* sends it, as it were */
	CU_ASSERT_EQUAL(freed, 1);
}

/** Nearly empty when it was filled last, so long ago that it has got three frames and a half; a long time passes until it has four. */
static void the_bucket_fills_with_time(void)
{
	uint64_t frame = tsc_now() / 16;

	set_up(IDLE_SPIN);
	worker->queues[0].exception_burst = 8;
	worker->queues[0].exception_tsc_per_frame = frame;
	worker->queues[0].exception_tokens = 0;
	worker->queues[0].exception_refill_tsc = tsc_now() - 3 * frame - frame / 2;
	receive_arp(70); /* three polls */
	start();
	wait_for(DATAPATH_DROP_EXCEPTION_RATE, 67);
	stop();
	CU_ASSERT_EQUAL(counted(DATAPATH_EXCEPTION), 3);
	CU_ASSERT_EQUAL(counted(DATAPATH_DROP_EXCEPTION_RATE), 67);
	tear_down();
}

/** Within a poll. */
static uint16_t note_online(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count,
                            uint16_t most, void *polls_online)
{
	unsigned *seen = polls_online;
	bool online =
	        __atomic_load_n(&worker->rcu->qsbr_cnt[worker->core].cnt, __ATOMIC_ACQUIRE) != 0;

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

	set_up(IDLE_SPIN);
	const struct rte_eth_rxtx_callback *callback =
	        rte_eth_add_rx_callback(port_id, 0, note_online, seen);
	CU_ASSERT_PTR_NOT_NULL_FATAL(callback);
	start();
	for (unsigned i = 0; i < WAIT_ROUNDS && counter_read(&worker->polls) < 3; i++)
		(void)usleep(WAIT_US);
	stop();
	CU_ASSERT_EQUAL(rte_eth_remove_rx_callback(port_id, 0, callback), 0);
	CU_ASSERT_EQUAL(seen[false], 0);
	CU_ASSERT(seen[true] >= 3);
	CU_ASSERT_EQUAL(worker->rcu->qsbr_cnt[worker->core].cnt, 0);
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
	                     (char[]){"--lcores"},
	                     (char[]){"0@0"},
	                     (char[]){"--no-telemetry"},
	                     (char[]){"--no-shconf"},
	                     (char[]){"--log-level=4"},
	                     NULL};

	if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("pool", MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	rx_ring = rte_ring_create("rx", RX_RING_SIZE, 0, 0);
	tx_ring = rte_ring_create("tx", TX_RING_SIZE, 0, 0);
	loop = rte_ring_create("loop", RX_RING_SIZE, 0, 0);
	to_kernel = rte_ring_create("to_kernel", KERNEL_RING_SIZE, 0, 0);
	from_kernel = rte_ring_create("from_kernel", KERNEL_RING_SIZE, 0, 0);
	return pool != NULL && rx_ring != NULL && tx_ring != NULL && loop != NULL &&
	                       to_kernel != NULL && from_kernel != NULL
	               ? 0
	               : -1;
}

int main(void)
{
	CU_TestInfo tests[] = {{"ports of rings", ports_start},
	                       {"replies leave by the port", replies_leave_by_the_port},
	                       {"idle polls compute ahead", idle_polls_compute_ahead},
	                       {"a core that never idles wipes", a_core_that_never_idles_wipes},
	                       {"a full transmit queue drops", a_full_transmit_queue_drops},
	                       {"frames for the kernel", frames_for_the_kernel},
	                       {"pings leave room for others", pings_leave_room_for_others},
	                       {"only echo requests are pings", only_echo_requests_are_pings},
	                       {"the port's MTU bounds replies", the_ports_mtu_bounds_replies},
	                       {"frames from the kernel", frames_from_the_kernel},
	                       {"segmented frames are dropped", segmented_frames_are_dropped},
	                       {"what the NIC knows is used", what_the_nic_knows_is_used},
	                       {"a buffer's end bounds replies", a_buffers_end_bounds_replies},
	                       {"a lent buffer is given back", a_lent_buffer_is_given_back},
	                       {"the bucket fills with time", the_bucket_fills_with_time},
	                       {"every poll is online", every_poll_is_online},
	                       CU_TEST_INFO_NULL};

	if (eal_start() != 0) {
		(void)fprintf(stderr, "reflect-worker: EAL does not start\n");
		return EXIT_FAILURE;
	}
	int result = unit_run("reflect-worker", tests);
	(void)rte_eal_cleanup();
	return result;
}
