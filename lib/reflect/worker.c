/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/worker.h"

#include <netinet/in.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_prefetch.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include "base/bytes.h"
#include "reflect/headers.h"
#include "reflect/idle.h"
#include "reflect/slowdown.h"

/** Polls, with frames or without, between two calls of reflect_tidy; a power of two. */
#define POLLS_PER_TIDY     1024u
#define NS_PER_MICROSECOND UINT64_C(1000)

#define IPV4_LENGTH_MASK    0x0fu
#define ICMP_ECHO_REQUEST   8u
#define ICMPV6_ECHO_REQUEST 128u

/** The mbufs of a burst that are no replies, by where they go next. */
struct outcome {
	struct rte_mbuf *exceptions[WORKER_BURST];
	struct rte_mbuf *dropped[WORKER_BURST];
	unsigned exception_count;
	unsigned dropped_count;
};

static void count(struct worker *worker, enum datapath_counter counter, unsigned amount)
{
	if (amount > 0)
		counter_add(&worker->reflector.counters->values[counter], amount);
}

static enum reflect_checksum ip_checksum_of(const struct worker_queue *queue,
                                            const struct rte_mbuf *mbuf)
{
	if (!queue->offload_ip_checksum)
		return CHECKSUM_UNKNOWN;
	switch (mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) {
	case RTE_MBUF_F_RX_IP_CKSUM_GOOD:
		return CHECKSUM_GOOD;
	case RTE_MBUF_F_RX_IP_CKSUM_BAD:
		return CHECKSUM_BAD;
	default:
		return CHECKSUM_UNKNOWN;
	}
}

static struct clock_timestamp receive_time_of(const struct worker_queue *queue,
                                              const struct rte_mbuf *mbuf,
                                              struct clock_timestamp polled)
{
	if (queue->nic_clock == NULL || (mbuf->ol_flags & queue->rx_timestamp_flag) == 0)
		return polled;
	rte_mbuf_timestamp_t ticks = *RTE_MBUF_DYNFIELD(mbuf, (size_t)queue->rx_timestamp_offset,
	                                                rte_mbuf_timestamp_t *);
	struct clock_timestamp time = tsc_clock_read(queue->nic_clock, ticks);
	time.source = TIMESTAMP_SOURCE_NIC;
	return time;
}

static struct reflect_arrival arrival_now(const struct worker *worker,
                                          const struct worker_queue *queue)
{
	uint64_t tsc = tsc_now();

	return (struct reflect_arrival){.receive_tsc = tsc,
	                                .receive_time =
	                                        tsc_clock_read(worker->reflector.clock, tsc),
	                                .station = queue->station,
	                                .mtu = queue->mtu};
}

/**
 * Frames in one buffer stay in mbufs, in order, and get a frame each; the others are dropped: no port is set up to scatter. Returns
 * how many stay.
 */
static unsigned frames_fill(struct rte_mbuf **mbufs, unsigned received,
                            struct reflect_frame *frames, struct outcome *outcome)
{
	struct reflect_frame *frame = frames;
	struct rte_mbuf **kept = mbufs;

	for (unsigned i = 0; i < received; i++) {
		struct rte_mbuf *mbuf = mbufs[i];

		if (unlikely(mbuf->nb_segs != 1)) {
			outcome->dropped[outcome->dropped_count++] = mbuf;
			continue;
		}
		frame->octets = rte_pktmbuf_mtod(mbuf, uint8_t *);
		rte_prefetch0(frame->octets);
		frame->length = mbuf->data_len;
		frame->capacity = (uint16_t)(mbuf->buf_len - mbuf->data_off);
		*kept++ = mbuf;
		frame++;
	}
	return (unsigned)(kept - mbufs);
}

/** What the NIC says of each frame, where it says anything. */
static void arrival_take_offloads(struct reflect_arrival *arrival, const struct worker_queue *queue,
                                  struct rte_mbuf *const *mbufs, unsigned count,
                                  struct reflect_offload *offloads)
{
	if (!queue->offload_ip_checksum && queue->nic_clock == NULL)
		return;
	for (unsigned i = 0; i < count; i++) {
		offloads[i].ip_checksum = (uint8_t)ip_checksum_of(queue, mbufs[i]);
		offloads[i].receive_time = receive_time_of(queue, mbufs[i], arrival->receive_time);
	}
	arrival->offloads = offloads;
}

/** Offload flags of the received frame must not be read as orders for the transmitted one. */
static inline void mbuf_take_reply(struct rte_mbuf *mbuf, const struct reflect_frame *frame)
{
	mbuf->data_off = (uint16_t)(frame->octets - (uint8_t *)mbuf->buf_addr);
	mbuf->data_len = frame->length;
	mbuf->pkt_len = frame->length;
	mbuf->ol_flags &= RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT;
}

/** Replies stay in mbufs, in order; returns how many. */
static unsigned frames_sort(struct rte_mbuf **mbufs, const struct reflect_frame *frames,
                            unsigned count, struct outcome *outcome)
{
	struct rte_mbuf **kept = mbufs;

	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = mbufs[i];

		if (likely(frames[i].verdict == VERDICT_REFLECT)) {
			mbuf_take_reply(mbuf, &frames[i]);
			*kept++ = mbuf;
		} else if (frames[i].verdict == VERDICT_EXCEPTION) {
			outcome->exceptions[outcome->exception_count++] = mbuf;
		} else {
			outcome->dropped[outcome->dropped_count++] = mbuf;
		}
	}
	return (unsigned)(kept - mbufs);
}

/** A ping, which alone may come in a flood without there being anything wrong. NDP is ICMPv6 too: only echo requests count. */
static bool is_echo_request(const struct rte_mbuf *mbuf)
{
	const uint8_t *octets = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	unsigned length = mbuf->data_len, at = ETHERNET_TYPE;

	while (length >= at + VLAN_TAG_SIZE + sizeof(uint16_t) &&
	       (load_be16(octets + at) == ETHERTYPE_C_TAG_VALUE ||
	        load_be16(octets + at) == ETHERTYPE_S_TAG_VALUE))
		at += VLAN_TAG_SIZE;
	if (length < at + sizeof(uint16_t) + IPV4_HEADER_SIZE)
		return false;
	uint16_t type = load_be16(octets + at);
	const uint8_t *ip = octets + at + sizeof(uint16_t);
	unsigned size = length - at - (unsigned)sizeof(uint16_t);
	if (type == ETHERTYPE_IPV4_VALUE) {
		unsigned header = (ip[0] & IPV4_LENGTH_MASK) * 4u;
		return ip[IPV4_PROTOCOL] == IPPROTO_ICMP && size > header &&
		       ip[header] == ICMP_ECHO_REQUEST;
	}
	return type == ETHERTYPE_IPV6_VALUE && size > IPV6_HEADER_SIZE &&
	       ip[IPV6_NEXT_HEADER] == IPPROTO_ICMPV6 &&
	       ip[IPV6_HEADER_SIZE] == ICMPV6_ECHO_REQUEST;
}

/** Echo requests go behind the others; returns how many others. */
static unsigned echo_requests_last(struct rte_mbuf **mbufs, unsigned count)
{
	unsigned others = 0;

	for (unsigned i = 0; i < count; i++) {
		struct rte_mbuf *mbuf = mbufs[i];

		if (is_echo_request(mbuf))
			continue;
		mbufs[i] = mbufs[others];
		mbufs[others++] = mbuf;
	}
	return others;
}

/** How many of `wanted` frames the bucket lets pass, `reserve` ticks staying in it; they are paid for. */
static unsigned take_tokens(struct worker_queue *queue, unsigned wanted, uint64_t reserve)
{
	uint64_t now = tsc_now();
	uint64_t full = queue->exception_burst * queue->exception_tsc_per_frame;
	uint64_t elapsed = now - queue->exception_refill_tsc;
	unsigned taken = 0;

	if (queue->exception_tsc_per_frame == 0)
		return wanted;
	queue->exception_refill_tsc = now;
	if (elapsed >= full || queue->exception_tokens + elapsed >= full)
		queue->exception_tokens = full;
	else
		queue->exception_tokens += elapsed;
	while (taken < wanted &&
	       queue->exception_tokens >= reserve + queue->exception_tsc_per_frame) {
		queue->exception_tokens -= queue->exception_tsc_per_frame;
		taken++;
	}
	return taken;
}

static void send_exceptions(struct worker *worker, struct worker_queue *queue,
                            struct rte_mbuf **mbufs, unsigned wanted)
{
	unsigned allowed, sent, others;

	if (wanted == 0)
		return;
	if (queue->to_kernel == NULL) {
		count(worker, DATAPATH_DROP_EXCEPTION_OFF, wanted);
		rte_pktmbuf_free_bulk(mbufs, wanted);
		return;
	}
	/* A flood of pings leaves half of the bucket to ARP, NDP and TCP. */
	others = echo_requests_last(mbufs, wanted);
	allowed = take_tokens(queue, others, 0);
	if (allowed == others)
		allowed += take_tokens(queue, wanted - others,
		                       queue->exception_burst * queue->exception_tsc_per_frame / 2);
	sent = rte_ring_mp_enqueue_burst(queue->to_kernel, (void **)mbufs, allowed, NULL);
	count(worker, DATAPATH_EXCEPTION, sent);
	count(worker, DATAPATH_DROP_EXCEPTION_FULL, allowed - sent);
	count(worker, DATAPATH_DROP_EXCEPTION_RATE, wanted - allowed);
	rte_pktmbuf_free_bulk(mbufs + sent, wanted - sent);
}

/** Returns how many went out; the others are freed. */
static unsigned transmit(const struct worker_queue *queue, struct rte_mbuf **mbufs, unsigned wanted)
{
	unsigned sent = rte_eth_tx_burst(queue->port_id, queue->queue_id, mbufs, (uint16_t)wanted);

	if (sent < wanted)
		rte_pktmbuf_free_bulk(mbufs + sent, wanted - sent);
	return sent;
}

static unsigned poll_port(struct worker *worker, struct worker_queue *queue)
{
	struct rte_mbuf *mbufs[WORKER_BURST];
	struct reflect_frame frames[WORKER_BURST];
	struct reflect_offload offloads[WORKER_BURST];
	struct outcome outcome;
	unsigned received = rte_eth_rx_burst(queue->port_id, queue->queue_id, mbufs, WORKER_BURST);

	if (received == 0) {
		worker->statistics.last_end = 0;
		return 0;
	}
	struct reflect_arrival arrival = arrival_now(worker, queue);
	outcome.exception_count = 0;
	outcome.dropped_count = 0;
	count(worker, DATAPATH_RECEIVED, received);
	unsigned whole = frames_fill(mbufs, received, frames, &outcome);
	count(worker, DATAPATH_DROP_SEGMENTED, outcome.dropped_count);
	arrival_take_offloads(&arrival, queue, mbufs, whole, offloads);
	reflect_burst(&worker->reflector, &arrival, frames, whole);
	unsigned replies = frames_sort(mbufs, frames, whole, &outcome);
	unsigned sent = 0;
	if (replies > 0) {
		sent = transmit(queue, mbufs, replies);
		count(worker, DATAPATH_REFLECTED, sent);
		count(worker, DATAPATH_DROP_TRANSMIT, replies - sent);
	}
	worker_statistics_note(&worker->statistics, received, sent, arrival.receive_tsc, tsc_now());
	send_exceptions(worker, queue, outcome.exceptions, outcome.exception_count);
	if (outcome.dropped_count > 0)
		rte_pktmbuf_free_bulk(outcome.dropped, outcome.dropped_count);
	return received;
}

/** Frames of the kernel, on their way to the wire. */
static unsigned poll_kernel(struct worker *worker, struct worker_queue *queue)
{
	struct rte_mbuf *mbufs[WORKER_BURST];

	if (queue->from_kernel == NULL)
		return 0;
	unsigned taken =
	        rte_ring_sc_dequeue_burst(queue->from_kernel, (void **)mbufs, WORKER_BURST, NULL);
	if (taken == 0)
		return 0;
	unsigned sent = transmit(queue, mbufs, taken);
	count(worker, DATAPATH_FROM_KERNEL, sent);
	count(worker, DATAPATH_FROM_KERNEL_LOST, taken - sent);
	return taken;
}

int worker_run(void *argument)
{
	struct worker *worker = argument;
	unsigned empty_polls = 0;

	idle_begin(worker->idle);
	rte_rcu_qsbr_thread_online(worker->rcu, worker->core);
	while (!__atomic_load_n(&worker->stop, __ATOMIC_RELAXED)) {
		unsigned found = 0;

		SLOWDOWN_BEGIN();
		for (unsigned i = 0; i < worker->queue_count; i++) {
			found += poll_port(worker, &worker->queues[i]);
			found += poll_kernel(worker, &worker->queues[i]);
		}
		SLOWDOWN_END(found);
		rte_rcu_qsbr_quiescent(worker->rcu, worker->core);
		counter_add(&worker->polls, 1);
		if (worker->polls % POLLS_PER_TIDY == 0)
			reflect_tidy(&worker->reflector);
		if (found > 0) {
			counter_add(&worker->busy_polls, 1);
			empty_polls = 0;
		} else if (!reflect_idle(&worker->reflector)) {
			(void)idle_wait(worker->idle, ++empty_polls,
			                worker->idle_sleep_us * NS_PER_MICROSECOND);
		}
	}
	rte_rcu_qsbr_thread_offline(worker->rcu, worker->core);
	return 0;
}
