/* SPDX-License-Identifier: BSD-3-Clause */
#include "outcome.h"

#include <string.h>

#include "clock/timestamp.h"

#define NS_PER_SECOND 1e9
#define PARTS         1000000u

static uint64_t to_ns(uint64_t ticks, uint64_t hz)
{
	return (uint64_t)((double)ticks * NS_PER_SECOND / (double)hz);
}

/** Lowest and highest of what lcores have; zeros are none. */
struct span {
	uint64_t first, last;
};

static void span_add(struct span *span, uint64_t first, uint64_t last)
{
	if (last == 0)
		return;
	if (span->last == 0 || first < span->first)
		span->first = first;
	if (last > span->last)
		span->last = last;
}

static void collect_burst(struct lcore *const lcores[], unsigned count, struct trial_result *result)
{
	struct span sent = {0}, arrived = {0}, stamped = {0};
	struct trial_burst *burst = &result->burst;
	uint64_t hz = lcores[0]->tsc_hz;

	for (unsigned i = 0; i < count; i++) {
		const struct lcore_result *own = &lcores[i]->result;

		span_add(&sent, own->first_sent_tsc, own->last_sent_tsc);
		span_add(&arrived, own->first_arrival_tsc, own->last_arrival_tsc);
		if (own->timestamps > 0)
			span_add(&stamped, own->first_timestamp, own->last_timestamp);
	}
	burst->sent = (uint32_t)result->measures.sent;
	burst->received = (uint32_t)result->measures.answered;
	burst->send_ns = to_ns(sent.last - sent.first, hz);
	burst->arrival_ns = to_ns(arrived.last - arrived.first, hz);
	burst->return_ns = arrived.last > sent.last ? to_ns(arrived.last - sent.last, hz) : 0;
	burst->reflector_ns = (uint64_t)ntp_difference_ns(stamped.last, stamped.first);
	result->duration_ns = burst->send_ns;
	if (burst->send_ns > 0)
		result->sent_rate = (double)burst->sent * NS_PER_SECOND / (double)burst->send_ns;
	if (burst->arrival_ns > 0)
		result->answered_rate =
		        (double)burst->received * NS_PER_SECOND / (double)burst->arrival_ns;
}

/** Every slot lasts until the next one. */
static void collect_schedule(struct lcore *const lcores[], unsigned count,
                             struct trial_result *result)
{
	double seconds = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct lcore *lcore = lcores[i];
		double own = lcore->order.rate > 0
		                     ? (double)lcore->result.scheduled / lcore->order.rate
		                     : 0;

		seconds = own > seconds ? own : seconds;
	}
	result->duration_ns = (uint64_t)(seconds * NS_PER_SECOND);
	if (seconds > 0) {
		result->sent_rate = (double)result->measures.sent / seconds;
		result->answered_rate = (double)result->measures.answered / seconds;
	}
}

/** The share of the lcores' time in which the device held them back and they had nothing to do. */
static double spare_share(struct lcore *const lcores[], unsigned count,
                          const struct trial_result *result)
{
	unsigned senders = 0;

	for (unsigned i = 0; i < count; i++)
		senders += lcores[i]->order.rate > 0;
	double whole = (double)result->duration_ns * senders;
	return whole > 0 ? (double)result->measures.held_back_ns / whole : 0;
}

static unsigned limits_of(const struct load_measures *measures, double spare,
                          uint64_t hand_over_full, const struct outcome_device *device)
{
	bool missed =
	        measures->missed > 0 &&
	        measures->missed * PARTS >= measures->scheduled * (uint64_t)TRIAL_MISSED_PARTS;
	unsigned limits = 0;

	if (missed)
		limits |= spare < TRIAL_SPARE_SHARE ? TRIAL_LIMIT_SCHEDULE : TRIAL_LIMIT_TRANSMIT;
	if ((missed && measures->no_buffer > 0) || hand_over_full > 0 || device->no_buffer > 0)
		limits |= TRIAL_LIMIT_BUFFERS;
	if (device->missed > 0)
		limits |= TRIAL_LIMIT_RECEIVE;
	if (device->link_down_ns > 0)
		limits |= TRIAL_LIMIT_LINK;
	return limits;
}

void outcome_collect(struct lcore *const lcores[], unsigned count, const struct trial_order *order,
                     const struct outcome_device *device, struct trial_result *result)
{
	uint64_t hand_over_full = 0, dropped = 0;
	struct session_loss loss = {0};

	memset(result, 0, sizeof(*result));
	result->order = *order;
	result->link_down_ns = device->link_down_ns;
	for (unsigned i = 0; i < count; i++) {
		const struct lcore_result *own = &lcores[i]->result;

		load_measures_merge(&result->measures, lcores[i]->measures);
		hand_over_full += own->hand_over_full;
		dropped += own->dropped;
		loss.sent += own->loss.sent;
		loss.answered += own->loss.answered;
		loss.forward += own->loss.forward;
		loss.backward += own->loss.backward;
		loss.unknown += own->loss.unknown;
	}
	/* What never left was not lost. */
	loss.sent -= dropped;
	loss.unknown -= dropped;
	result->sent = loss.sent;
	result->lost = loss.sent - loss.answered;
	result->lost_forward = loss.forward;
	result->lost_backward = loss.backward;
	result->lost_unknown = loss.unknown;
	if (order->kind == TRIAL_BURST)
		collect_burst(lcores, count, result);
	else
		collect_schedule(lcores, count, result);
	result->limits = limits_of(&result->measures, spare_share(lcores, count, result),
	                           hand_over_full, device);
	/* Frames were made and there was no buffer for more, or the device did not take them until the timeout. */
	if (order->kind == TRIAL_BURST && result->sent < order->frames)
		result->limits |= TRIAL_LIMIT_BUFFERS;
	if (order->kind == TRIAL_BURST && result->measures.sent < result->sent)
		result->limits |= TRIAL_LIMIT_TRANSMIT;
}
