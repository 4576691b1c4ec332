/* SPDX-License-Identifier: BSD-3-Clause */
/** What the worker hands to the kernel, how much of it, and what it sends for the kernel. */
#include <unistd.h>

#include "worker_stand.h"

/** A bucket of so many frames that never refills within the test. */
static void fill_for_good(uint64_t frames)
{
	struct worker_queue *queue = &stand.worker->queues[0];

	queue->exception_burst = frames;
	queue->exception_tsc_per_frame = UINT64_C(1) << 50;
	queue->exception_tokens = frames << 50;
	queue->exception_refill_tsc = tsc_now();
}

static void receive_pings(unsigned count)
{
	static const uint8_t ping[60] = {0xff,        0xff, 0xff, 0xff,      0xff,     0xff,    2,
	                                 [12] = 0x08, 0x00, 0x45, [17] = 46, [23] = 1, [34] = 8};

	for (unsigned i = 0; i < count; i++)
		stand_receive(stand_mbuf(ping, sizeof(ping)));
}

/** Of a bucket of eight they get four, whatever comes first; the others of a burst go before them. */
static void pings_leave_room_for_others(void)
{
	for (unsigned arp_first = 0; arp_first < 2; arp_first++) {
		stand_set_up(IDLE_SPIN);
		fill_for_good(8);
		if (arp_first != 0)
			stand_receive_arp(6);
		receive_pings(40);
		if (arp_first == 0)
			stand_receive_arp(6);
		stand_start();
		stand_wait_for(DATAPATH_RECEIVED, 46);
		stand_stop();
		CU_ASSERT_EQUAL(stand_counted(DATAPATH_EXCEPTION), arp_first != 0 ? 6 : 8);
		CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_EXCEPTION_RATE),
		                46 - stand_counted(DATAPATH_EXCEPTION));
		stand_tear_down();
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
		stand_set_up(IDLE_SPIN);
		fill_for_good(8);
		for (unsigned frame = 0; frame < 8; frame++) {
			struct rte_mbuf *mbuf =
			        stand_mbuf(kinds[i].octets, sizeof(kinds[i].octets));
			(void)rte_pktmbuf_trim(
			        mbuf, (uint16_t)(sizeof(kinds[i].octets) - kinds[i].length));
			stand_receive(mbuf);
		}
		stand_start();
		stand_wait_for(DATAPATH_EXCEPTION, kinds[i].ping ? 4 : 8);
		stand_wait_for(DATAPATH_DROP_EXCEPTION_RATE, kinds[i].ping ? 4 : 0);
		stand_stop();
		CU_ASSERT_EQUAL(stand_counted(DATAPATH_EXCEPTION), kinds[i].ping ? 4 : 8);
		stand_tear_down();
	}
}

static void frames_for_the_kernel(void)
{
	/* Full. */
	stand_set_up(IDLE_PAUSE);
	stand_receive_arp(40);
	stand_start();
	stand_wait_for(DATAPATH_DROP_EXCEPTION_FULL, 40 - (KERNEL_RING_SIZE - 1));
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_EXCEPTION), KERNEL_RING_SIZE - 1);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_EXCEPTION_FULL), 40 - (KERNEL_RING_SIZE - 1));
	stand_tear_down();
	/* Rate: a bucket of five that never refills within the test. */
	stand_set_up(IDLE_SPIN);
	fill_for_good(5);
	stand_receive_arp(40);
	stand_start();
	stand_wait_for(DATAPATH_DROP_EXCEPTION_RATE, 35);
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_EXCEPTION), 5);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_EXCEPTION_RATE), 35);
	stand_tear_down();
	/* Rate: a zeroed bucket starts full. */
	stand_set_up(IDLE_SPIN);
	stand.worker->queues[0].exception_burst = 3;
	stand.worker->queues[0].exception_tsc_per_frame = tsc_now() / 8;
	stand_receive_arp(4);
	stand_start();
	stand_wait_for(DATAPATH_DROP_EXCEPTION_RATE, 1);
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_EXCEPTION), 3);
	stand_tear_down();
	/* Off. */
	stand_set_up(IDLE_SPIN);
	stand.worker->queues[0].to_kernel = NULL;
	stand.worker->queues[0].from_kernel = NULL;
	stand_receive_arp(7);
	stand_start();
	stand_wait_for(DATAPATH_DROP_EXCEPTION_OFF, 7);
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_EXCEPTION_OFF), 7);
	stand_tear_down();
}

static void frames_from_the_kernel(void)
{
	static const uint8_t frame[60] = {2};

	stand_set_up(IDLE_SLEEP);
	stand_start();
	for (unsigned i = 0; i < 70; i++) {
		struct rte_mbuf *mbuf = stand_mbuf(frame, sizeof(frame));
		for (unsigned wait = 0; wait < WAIT_ROUNDS; wait++) {
			if (rte_ring_enqueue(stand.from_kernel, mbuf) == 0)
				break;
			(void)usleep(WAIT_US);
		}
	}
	stand_wait_for(DATAPATH_FROM_KERNEL_LOST, 70 - (TX_RING_SIZE - 1));
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_FROM_KERNEL), TX_RING_SIZE - 1);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_FROM_KERNEL_LOST), 70 - (TX_RING_SIZE - 1));
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_RECEIVED), 0);
	stand_tear_down();
}

/** Nearly empty when it was filled last, so long ago that it has got three frames and a half; a long time passes until it has four. */
static void the_bucket_fills_with_time(void)
{
	uint64_t frame = tsc_now() / 16;

	stand_set_up(IDLE_SPIN);
	stand.worker->queues[0].exception_burst = 8;
	stand.worker->queues[0].exception_tsc_per_frame = frame;
	stand.worker->queues[0].exception_tokens = 0;
	stand.worker->queues[0].exception_refill_tsc = tsc_now() - 3 * frame - frame / 2;
	stand_receive_arp(70); /* three polls */
	stand_start();
	stand_wait_for(DATAPATH_DROP_EXCEPTION_RATE, 67);
	stand_stop();
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_EXCEPTION), 3);
	CU_ASSERT_EQUAL(stand_counted(DATAPATH_DROP_EXCEPTION_RATE), 67);
	stand_tear_down();
}

int main(void)
{
	CU_TestInfo tests[] = {{"ports of rings", stand_ports_start},
	                       {"frames for the kernel", frames_for_the_kernel},
	                       {"pings leave room for others", pings_leave_room_for_others},
	                       {"only echo requests are pings", only_echo_requests_are_pings},
	                       {"frames from the kernel", frames_from_the_kernel},
	                       {"the bucket fills with time", the_bucket_fills_with_time},
	                       CU_TEST_INFO_NULL};

	return stand_run("reflect-worker-kernel", tests);
}
