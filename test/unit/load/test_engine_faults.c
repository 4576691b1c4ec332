/* SPDX-License-Identifier: BSD-3-Clause */
/** The engine when packets are lost, doubled or held up; and bursts. */
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "departure.h"
#include "engine_stand.h"
#include "unit.h"

static struct engine_stand stand;

static const struct peer_faults no_faults;

static void loss_is_counted_exactly(void)
{
	const struct peer_faults faults = {.drop_request = 10, .drop_reply = 7};
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 30000, .duration_ns = 100 * MS};
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.wide);
	stand.config.timeout_ns = 1500 * MS;
	engine_stand_add_modes(&stand, 3);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.wide, &stand.world, &faults);
	engine_stand_run(&stand, &order, &result);
	engine_stop(stand.engine);
	engine_peer_pause(&stand.wide, true);
	CU_ASSERT_EQUAL(result.sent, stand.wide.taken);
	CU_ASSERT_EQUAL(result.lost, stand.wide.dropped_requests + stand.wide.dropped_replies);
	CU_ASSERT_EQUAL(result.lost,
	                result.lost_forward + result.lost_backward + result.lost_unknown);
	/* Only what is behind a session's last reply, or before its first, is unknown. */
	CU_ASSERT(result.lost_unknown <= 4u * stand.world.sessions.count);
	CU_ASSERT(result.lost_forward <= stand.wide.dropped_requests);
	CU_ASSERT(result.lost_backward <= stand.wide.dropped_replies);
	CU_ASSERT_EQUAL(result.measures.answered, result.sent - result.lost);
	engine_stand_tear_down(&stand, &stand.wide);
}

/** A trial by a device of little room, which takes nothing until engine_peer_pause says otherwise. */
static void begin_paused(const struct trial_order *order)
{
	const struct peer_faults paused = {.pause = true};

	engine_stand_set_up(&stand, &stand.narrow);
	engine_stand_add_modes(&stand, 2);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.narrow, &stand.world, &paused);
	engine_stand_begin(&stand, order);
}

/** The schedule has begun, whenever its lcore got its CPU, packets wait, and have done so for a time; or nearly all of so many slots
 *  went by without. */
static void await_full_ring(uint64_t held_back_ns, uint64_t slots)
{
	struct load_measures measures;

	do {
		(void)usleep(STAND_WAIT_US);
		engine_look(stand.engine, &measures);
	} while ((measures.transmit_full == 0 || measures.held_back_ns < held_back_ns) &&
	         measures.scheduled + 1 < slots);
}

static void a_device_that_takes_no_more(void)
{
	const struct peer_faults paused = {.pause = true};
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 20000, .duration_ns = 3600 * SECOND};
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.narrow);
	stand.config.late_slot_ns = 5 * MS;
	engine_stand_add_modes(&stand, 2);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.narrow, &stand.world, &paused);
	engine_stand_begin(&stand, &order);
	await_full_ring(150 * MS, UINT64_MAX);
	engine_interrupt(stand.engine);
	engine_peer_pause(&stand.narrow, false);
	engine_stand_finish(&stand, &result);
	const struct load_measures *measures = &result.measures;
	CU_ASSERT(measures->missed >= 2000);
	CU_ASSERT(measures->transmit_full > 0);
	CU_ASSERT_EQUAL(measures->sent, measures->scheduled - measures->missed);
	CU_ASSERT_EQUAL(result.sent, measures->sent);
	CU_ASSERT_EQUAL(result.lost, 0);
	CU_ASSERT(measures->held_back_ns >= 150 * MS);
	CU_ASSERT_EQUAL(result.limits, TRIAL_LIMIT_TRANSMIT);
	CU_ASSERT(measures->lag_maximum_ns >= 150 * MS);
	CU_ASSERT_FALSE(trial_offered(&result));
	engine_stand_tear_down(&stand, &stand.narrow);
}

/** Times that a trial is tried whose lcore must have its CPU while it lasts: a busy machine may have none to give. */
#define TRIES_MAX 100u

/** False when the ring was not full, but for a tenth of it, all the trial long and until the timeout: then the lcore did not run. */
static bool never_taken(const struct trial_order *order, struct trial_result *result)
{
	const struct peer_faults paused = {.pause = true};

	engine_stand_set_up(&stand, &stand.narrow);
	stand.config.timeout_ns = 50 * MS;
	engine_stand_add_modes(&stand, 2);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.narrow, &stand.world, &paused);
	engine_stand_run(&stand, order, result);
	return result->measures.held_back_ns >= 135 * MS;
}

/** Until the timeout: what did not leave was missed, and is not lost. */
static void a_device_that_never_takes_anything(void)
{
	for (unsigned i = 0; i < 2; i++) {
		const bool warm = i == 0;
		const struct trial_order order = {.kind = TRIAL_PACED,
		                                  .rate = 20000,
		                                  .warm_up_ns = warm ? 50 * MS : 0,
		                                  .duration_ns = 100 * MS};
		struct trial_result result;

		for (unsigned tries = 1; !never_taken(&order, &result) && tries < TRIES_MAX;
		     tries++)
			engine_stand_tear_down(&stand, &stand.narrow);
		const struct load_measures *measures = &result.measures;
		CU_ASSERT(measures->scheduled >= 1999 && measures->scheduled <= 2001);
		/* The ring's room is the warm-up's, if there is one. */
		CU_ASSERT_EQUAL(measures->sent, warm ? 0 : 63);
		CU_ASSERT_EQUAL(measures->missed, measures->scheduled - measures->sent);
		CU_ASSERT_EQUAL(result.sent, measures->sent);
		CU_ASSERT_EQUAL(result.lost, measures->sent);
		CU_ASSERT_EQUAL(result.lost_unknown, result.lost);
		CU_ASSERT_EQUAL(result.limits, TRIAL_LIMIT_TRANSMIT);
		CU_ASSERT_FALSE(trial_offered(&result));
		engine_stand_tear_down(&stand, &stand.narrow);
	}
}

/** False when the ring was not full of the warm-up's frames: then the lcore did not run. */
static bool taken_too_late(struct trial_result *result)
{
	const struct peer_faults paused = {.pause = true};
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 20000, .warm_up_ns = 50 * MS, .duration_ns = 100 * MS};
	struct load_measures measures;

	engine_stand_set_up(&stand, &stand.narrow);
	stand.config.late_slot_ns = 5 * MS;
	engine_stand_add_modes(&stand, 2);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.narrow, &stand.world, &paused);
	engine_stand_begin(&stand, &order);
	await_full_ring(order.duration_ns + stand.config.late_slot_ns, 2000);
	engine_look(stand.engine, &measures);
	engine_peer_pause(&stand.narrow, false);
	engine_stand_finish(&stand, result);
	return measures.sent == 0;
}

/** When it takes the warm-up's frames the trial is over already. */
static void a_device_that_takes_frames_too_late(void)
{
	struct trial_result result;

	for (unsigned tries = 1; !taken_too_late(&result) && tries < TRIES_MAX; tries++)
		engine_stand_tear_down(&stand, &stand.narrow);
	const struct load_measures *measures = &result.measures;
	CU_ASSERT(measures->scheduled >= 1999 && measures->scheduled <= 2001);
	CU_ASSERT_EQUAL(measures->missed, measures->scheduled);
	CU_ASSERT_EQUAL(measures->sent, 0);
	CU_ASSERT_EQUAL(result.sent, 0);
	CU_ASSERT_EQUAL(result.limits, TRIAL_LIMIT_TRANSMIT);
	engine_stand_tear_down(&stand, &stand.narrow);
}

/** The warm-up's last packet waits when the counted ones begin: it leaves, and does not count. */
static void what_the_warm_up_left_waiting_does_not_count(void)
{
	/* One packet more than the ring has room for. */
	const struct trial_order order = {.kind = TRIAL_PACED,
	                                  .rate = 20000,
	                                  .warm_up_ns = 64 * 50000,
	                                  .duration_ns = 10 * MS};
	struct trial_result result;

	begin_paused(&order);
	await_full_ring(5 * MS, UINT64_MAX);
	engine_peer_pause(&stand.narrow, false);
	engine_stand_finish(&stand, &result);
	CU_ASSERT(result.sent >= 199 && result.sent <= 201);
	CU_ASSERT_EQUAL(result.measures.sent, result.sent);
	CU_ASSERT_EQUAL(result.measures.scheduled, result.sent);
	CU_ASSERT_EQUAL(result.measures.warm_up, 64);
	CU_ASSERT_EQUAL(result.lost, 0);
	engine_stand_tear_down(&stand, &stand.narrow);
}

/** The schedule is over, but its packets still wait for the device. */
static void an_interrupt_makes_no_schedule_longer(void)
{
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 20000, .duration_ns = 50 * MS};
	struct trial_result result;

	begin_paused(&order);
	await_full_ring(100 * MS, UINT64_MAX);
	engine_interrupt(stand.engine);
	(void)usleep(20000); /* it is told before there is room again */
	engine_peer_pause(&stand.narrow, false);
	engine_stand_finish(&stand, &result);
	CU_ASSERT(result.measures.scheduled >= 999 && result.measures.scheduled <= 1001);
	CU_ASSERT(result.interrupted && result.lost == 0);
	engine_stand_tear_down(&stand, &stand.narrow);
}

/** Time in which the device takes no more is to spare, unless there was something else to do. */
static void what_arrives_takes_the_time_to_wait(void)
{
	enum { FRAMES = 64 };
	static struct lcore lcore;
	static struct load_measures measures;
	static struct load_flight flights[FRAMES];
	struct lcore_pending *pending = &lcore.pending;

	CU_ASSERT_EQUAL_FATAL(rte_pktmbuf_alloc_bulk(stand.pool, pending->mbufs, FRAMES), 0);
	for (unsigned i = 0; i < FRAMES; i++) {
		(void)rte_pktmbuf_append(pending->mbufs[i], 60);
		pending->flights[i] = &flights[i];
	}
	pending->end = FRAMES;
	lcore.port_id = stand.narrow.port_id;
	lcore.tsc_hz = stand.tsc_hz;
	lcore.phase = LCORE_SENDING;
	lcore.turn.counts = true;
	lcore.receiver.measures = &measures;
	CU_ASSERT_TRUE(departure_send(&lcore)); /* the ring is full */
	CU_ASSERT(pending->at == 63 && measures.held_back_ns == 0);
	(void)usleep(2000);
	CU_ASSERT_TRUE(departure_send(&lcore));
	uint64_t held_back = measures.held_back_ns;
	CU_ASSERT(held_back >= MS);
	measures.received++;
	(void)usleep(2000);
	CU_ASSERT_TRUE(departure_send(&lcore));
	CU_ASSERT_EQUAL(measures.held_back_ns, held_back);
	measures.other++;
	(void)usleep(2000);
	CU_ASSERT_TRUE(departure_send(&lcore));
	CU_ASSERT_EQUAL(measures.held_back_ns, held_back);
	CU_ASSERT(measures.sent == 63 && measures.transmit_full == 4);
	departure_drop(&lcore);
	CU_ASSERT(measures.missed == 1 && lcore.result.dropped == 1);
	void *mbuf;
	while (rte_ring_dequeue(stand.narrow.requests[0], &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
	CU_ASSERT_EQUAL(rte_mempool_avail_count(stand.pool), STAND_MBUFS);
}

static void no_buffers(void)
{
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 20000, .duration_ns = 200 * MS};
	static struct rte_mbuf *held[STAND_MBUFS];
	struct load_measures measures;
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.wide);
	stand.config.late_slot_ns = 5 * MS;
	engine_stand_add_modes(&stand, 2);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.wide, &stand.world, &no_faults);
	unsigned count = 0;
	while (count < STAND_MBUFS && (held[count] = rte_pktmbuf_alloc(stand.pool)) != NULL)
		count++;
	engine_stand_begin(&stand, &order);
	do {
		(void)usleep(STAND_WAIT_US);
		engine_look(stand.engine, &measures);
	} while (measures.no_buffer == 0 || measures.missed < 100);
	rte_pktmbuf_free_bulk(held, count);
	engine_stand_finish(&stand, &result);
	CU_ASSERT(result.measures.no_buffer > 0);
	CU_ASSERT(result.measures.missed > 0);
	CU_ASSERT_EQUAL(result.measures.sent, result.measures.scheduled - result.measures.missed);
	CU_ASSERT_EQUAL(result.lost, 0);
	CU_ASSERT_EQUAL(result.limits, TRIAL_LIMIT_SCHEDULE | TRIAL_LIMIT_BUFFERS);
	engine_stand_tear_down(&stand, &stand.wide);
}

static void bursts(void)
{
	for (unsigned run_number = 0; run_number < 4; run_number++) {
		struct engine_peer *peer = run_number % 2 == 0 ? &stand.wide : &stand.narrow;
		struct trial_order order = {.kind = TRIAL_BURST, .frames = 1500};
		struct trial_result result;

		engine_stand_set_up(&stand, peer);
		stand.config.run = LOAD_RUN_BURST;
		stand.config.burst_frames = 1500;
		stand.config.judge =
		        run_number / 2 == 0 ? LOAD_JUDGE_AFTERWARDS : LOAD_JUDGE_AT_ONCE;
		engine_stand_add_modes(&stand, 7);
		engine_stand_launch(&stand);
		engine_peer_start(peer, &stand.world, &no_faults);
		for (unsigned round = 0; round < 3; round++) {
			engine_stand_run(&stand, &order, &result);
			CU_ASSERT_EQUAL(result.sent, 1500);
			CU_ASSERT_EQUAL(result.lost, 0);
			CU_ASSERT_EQUAL(engine_stand_faults_of(&result), 0);
			CU_ASSERT_EQUAL(result.limits, 0);
			CU_ASSERT_EQUAL(result.burst.sent, 1500);
			CU_ASSERT_EQUAL(result.burst.received, 1500);
			CU_ASSERT(result.burst.send_ns > 0);
			CU_ASSERT(result.burst.arrival_ns > 0);
			CU_ASSERT(result.burst.reflector_ns > 0);
			CU_ASSERT(result.burst.reflector_ns < 60 * SECOND);
			CU_ASSERT(result.answered_rate > 0);
		}
		engine_stand_tear_down(&stand, peer);
	}
}

static void a_burst_with_losses_ends(void)
{
	const struct peer_faults faults = {.drop_reply = 1000};

	for (unsigned i = 0; i < 2; i++) {
		const struct trial_order order = {.kind = TRIAL_BURST, .frames = 1500};
		struct trial_result result;

		engine_stand_set_up(&stand, &stand.wide);
		stand.config.timeout_ns = 1500 * MS;
		stand.config.burst_frames = 1500;
		stand.config.run = LOAD_RUN_BURST;
		stand.config.judge = i == 0 ? LOAD_JUDGE_AFTERWARDS : LOAD_JUDGE_AT_ONCE;
		engine_stand_add_modes(&stand, 2);
		engine_stand_launch(&stand);
		engine_peer_start(&stand.wide, &stand.world, &faults);
		engine_stand_run(&stand, &order, &result);
		CU_ASSERT_EQUAL(result.sent, 1500);
		CU_ASSERT_EQUAL(result.lost, 1);
		CU_ASSERT_EQUAL(result.burst.received, 1499);
		CU_ASSERT_EQUAL(engine_stand_faults_of(&result), 0);
		engine_stand_tear_down(&stand, &stand.wide);
	}
}

/** Its double comes when all is answered. */
static void the_last_reply_comes_twice(void)
{
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 10000, .duration_ns = 10 * MS};
	struct load_measures measures;
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.narrow);
	stand.settings.linger_ns = 500 * MS;
	engine_stand_add_modes(&stand, 1);
	engine_stand_launch(&stand);
	const struct peer_faults faults = {.double_last = true};
	engine_peer_start(&stand.narrow, &stand.world, &faults);
	engine_stand_begin(&stand, &order);
	do {
		(void)usleep(STAND_WAIT_US);
		engine_look(stand.engine, &measures);
	} while (measures.answered < 99 || measures.answered < measures.scheduled);
	engine_peer_double_last(&stand.narrow);
	engine_stand_finish(&stand, &result);
	CU_ASSERT(result.sent >= 99 && result.sent <= 101);
	CU_ASSERT_EQUAL(result.lost, 0);
	CU_ASSERT_EQUAL(result.measures.duplicates, 1);
	CU_ASSERT_EQUAL(result.measures.duplicates_forward, 0);
	CU_ASSERT_EQUAL(engine_stand_faults_of(&result), 0);
	/* Behind the trial it belongs to none. */
	uint64_t other = result.measures.other;
	struct rte_mbuf *frame = rte_pktmbuf_alloc(stand.pool);
	CU_ASSERT_PTR_NOT_NULL_FATAL(frame);
	memset(rte_pktmbuf_append(frame, 60), 0, 60);
	CU_ASSERT_EQUAL(rte_ring_enqueue(stand.narrow.replies[0], frame), 0);
	while (rte_ring_count(stand.to_kernel) == 0)
		(void)usleep(STAND_WAIT_US);
	engine_collect(stand.engine, &result);
	CU_ASSERT_EQUAL(result.measures.other, other);
	engine_stand_tear_down(&stand, &stand.narrow);
}

/** Those that wait for room in a full ring have not left: only the delay from their schedule holds the wait. */
static void departure_is_when_the_device_takes_it(void)
{
	/* More than there is room for. */
	const struct trial_order order = {.kind = TRIAL_PACED, .rate = 100000, .duration_ns = MS};
	struct trial_result result;

	begin_paused(&order);
	await_full_ring(200 * MS, UINT64_MAX);
	engine_peer_pause(&stand.narrow, false);
	engine_stand_finish(&stand, &result);
	CU_ASSERT_EQUAL(result.lost, 0);
	/* All waited in the ring or before it; those before it, 36 at least, are not delayed from departure on. */
	const struct histogram *rtt = &result.measures.distributions[LOAD_RTT];
	const struct histogram *sent = &result.measures.distributions[LOAD_RTT_SENT];
	CU_ASSERT(rtt->minimum >= 199 * MS);
	CU_ASSERT(sent->maximum >= 199 * MS);
	CU_ASSERT(histogram_sum(rtt) - histogram_sum(sent) >= 36 * 199 * MS);
	engine_stand_tear_down(&stand, &stand.narrow);
}

/** Not when it was built. */
static void a_burst_is_due_when_it_leaves(void)
{
	const struct trial_order order = {.kind = TRIAL_BURST, .frames = 1500};
	struct trial_result result;

	engine_stand_set_up(&stand, &stand.wide);
	stand.config.run = LOAD_RUN_BURST;
	stand.config.burst_frames = 1500;
	stand.config.judge = LOAD_JUDGE_AFTERWARDS;
	engine_stand_add_modes(&stand, 7);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.wide, &stand.world, &no_faults);
	engine_stand_run(&stand, &order, &result);
	CU_ASSERT_EQUAL(result.lost, 0);
	const struct histogram *response = &result.measures.distributions[LOAD_RESPONSE];
	/* Two lcores' bursts; a tick is rounded. */
	CU_ASSERT(response->maximum <= result.burst.send_ns + result.burst.return_ns + 1000);
	engine_stand_tear_down(&stand, &stand.wide);
}

/** The main thread looks at it; what it finds down until the next look was down. */
static void a_link_that_goes_down(void)
{
	const struct trial_order order = {
	        .kind = TRIAL_PACED, .rate = 10000, .duration_ns = 3600 * SECOND};
	struct trial_result result;
	uint16_t port = stand.narrow.port_id;

	engine_stand_set_up(&stand, &stand.narrow);
	engine_stand_add_modes(&stand, 1);
	engine_stand_launch(&stand);
	engine_peer_start(&stand.narrow, &stand.world, &no_faults);
	engine_stand_begin(&stand, &order);
	CU_ASSERT_TRUE(engine_watch_link(stand.engine));
	CU_ASSERT_EQUAL(rte_eth_dev_set_link_down(port), 0);
	CU_ASSERT_FALSE(engine_watch_link(stand.engine));
	(void)usleep(20000);
	CU_ASSERT_FALSE(engine_watch_link(stand.engine));
	(void)usleep(20000);
	CU_ASSERT_EQUAL(rte_eth_dev_set_link_up(port), 0);
	CU_ASSERT_TRUE(engine_watch_link(stand.engine));
	uint64_t down = engine_link_down_ns(stand.engine);
	CU_ASSERT(down >= 40 * MS);
	(void)usleep(20000);
	engine_interrupt(stand.engine);
	engine_stand_finish(&stand, &result);
	CU_ASSERT_EQUAL(engine_link_down_ns(stand.engine), down);
	CU_ASSERT_EQUAL(result.link_down_ns, down);
	CU_ASSERT((result.limits & TRIAL_LIMIT_LINK) != 0);
	/* The next trial does not have it. */
	const struct trial_order next = {.kind = TRIAL_PACED, .rate = 10000, .duration_ns = MS};
	engine_stand_run(&stand, &next, &result);
	CU_ASSERT_EQUAL(result.link_down_ns, 0);
	CU_ASSERT_EQUAL(result.limits & TRIAL_LIMIT_LINK, 0);
	/* What goes on at a trial's end is in it up to there. */
	engine_stand_begin(&stand, &order);
	CU_ASSERT_EQUAL(rte_eth_dev_set_link_down(port), 0);
	CU_ASSERT_FALSE(engine_watch_link(stand.engine));
	(void)usleep(20000);
	engine_interrupt(stand.engine);
	engine_stand_finish(&stand, &result);
	CU_ASSERT(result.link_down_ns >= 19 * MS);
	CU_ASSERT_EQUAL(rte_eth_dev_set_link_up(port), 0);
	engine_stand_tear_down(&stand, &stand.narrow);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"loss is counted exactly", loss_is_counted_exactly},
	        {"a device that takes no more", a_device_that_takes_no_more},
	        {"a device that never takes anything", a_device_that_never_takes_anything},
	        {"a device that takes frames too late", a_device_that_takes_frames_too_late},
	        {"what the warm-up left waiting", what_the_warm_up_left_waiting_does_not_count},
	        {"an interrupt makes no schedule longer", an_interrupt_makes_no_schedule_longer},
	        {"what arrives takes the time to wait", what_arrives_takes_the_time_to_wait},
	        {"no buffers", no_buffers},
	        {"bursts", bursts},
	        {"a burst with losses ends", a_burst_with_losses_ends},
	        {"the last reply comes twice", the_last_reply_comes_twice},
	        {"departure is when the device takes it", departure_is_when_the_device_takes_it},
	        {"a burst is due when it leaves", a_burst_is_due_when_it_leaves},
	        {"a link that goes down", a_link_that_goes_down},
	        CU_TEST_INFO_NULL};

	return engine_stand_test(&stand, "load-engine-faults", tests);
}
