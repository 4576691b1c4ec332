/* SPDX-License-Identifier: BSD-3-Clause */
/** What came of a trial, and who was its limit, from what two lcores have of it. */
#include "outcome.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define HZ     UINT64_C(2000000000) /* two ticks a nanosecond */
#define SECOND UINT64_C(1000000000)

static struct lcore *lcores[2];
static struct load_measures *measures[2];
static struct outcome_device device;
static struct trial_result result;

/** A second at 1,000 packets/s, of which the first lcore has a quarter; all are answered. */
static void begin(void)
{
	for (unsigned i = 0; i < 2; i++) {
		struct lcore *lcore = lcores[i];
		uint64_t slots = i == 0 ? 250 : 750;

		memset(lcore, 0, sizeof(*lcore));
		memset(measures[i], 0, sizeof(*measures[i]));
		lcore->measures = measures[i];
		lcore->tsc_hz = HZ;
		lcore->order.rate = (double)slots;
		lcore->result.scheduled = slots;
		lcore->result.loss = (struct session_loss){.sent = slots, .answered = slots};
		measures[i]->scheduled = measures[i]->sent = measures[i]->answered = slots;
	}
	memset(&device, 0, sizeof(device));
}

static unsigned limits(void)
{
	const struct trial_order order = {.kind = TRIAL_PACED, .rate = 1000, .duration_ns = SECOND};

	outcome_collect(lcores, 2, &order, &device, &result);
	return result.limits;
}

static void lcores_are_summed_up(void)
{
	begin();
	lcores[1]->result.loss.answered -= 7;
	lcores[1]->result.loss.forward = 4;
	lcores[1]->result.loss.backward = 2;
	lcores[0]->result.loss.unknown = 1;
	measures[1]->answered -= 7;
	CU_ASSERT_EQUAL(limits(), 0);
	CU_ASSERT(result.sent == 1000 && result.lost == 7 && result.measures.scheduled == 1000);
	CU_ASSERT(result.lost_forward == 4 && result.lost_backward == 2 &&
	          result.lost_unknown == 1);
	CU_ASSERT_EQUAL(result.duration_ns, SECOND);
	CU_ASSERT_DOUBLE_EQUAL(result.sent_rate, 1000, 1e-6);
	CU_ASSERT_DOUBLE_EQUAL(result.answered_rate, 993, 1e-6);
	CU_ASSERT_DOUBLE_EQUAL(trial_loss(&result), 7000, 1e-6);
}

/** What the device never took was the last of its sessions. */
static void what_never_left_is_not_lost(void)
{
	begin();
	lcores[0]->result.dropped = 5;
	lcores[0]->result.loss.answered -= 6;
	lcores[0]->result.loss.unknown = 6;
	(void)limits();
	CU_ASSERT(result.sent == 995 && result.lost == 1 && result.lost_unknown == 1);
}

/** An lcore whose schedule went on for longer says how long it was. */
static void the_longest_schedule_counts(void)
{
	begin();
	lcores[0]->result.scheduled = 300;
	(void)limits();
	CU_ASSERT_EQUAL(result.duration_ns, SECOND / 250 * 300);
	CU_ASSERT_DOUBLE_EQUAL(result.sent_rate, 1000 / 1.2, 1e-6);
}

static void a_tenth_of_a_percent_of_missed_slots_is_a_limit(void)
{
	begin();
	measures[0]->scheduled += 1000;
	measures[0]->missed = 1;
	CU_ASSERT_EQUAL(limits(), 0);
	measures[0]->missed = 2;
	CU_ASSERT_EQUAL(limits(), TRIAL_LIMIT_SCHEDULE);
	measures[0]->no_buffer = 1;
	CU_ASSERT_EQUAL(limits(), TRIAL_LIMIT_SCHEDULE | TRIAL_LIMIT_BUFFERS);
	/* Without a missed slot it did no harm. */
	measures[0]->missed = 0;
	CU_ASSERT_EQUAL(limits(), 0);
}

/** Of two lcores' two seconds a tenth was to spare: they could but wait for the device. */
static void with_time_to_spare_the_device_is_the_limit(void)
{
	begin();
	measures[0]->missed = 500;
	measures[0]->held_back_ns = SECOND / 5 - 1000;
	CU_ASSERT_EQUAL(limits(), TRIAL_LIMIT_SCHEDULE);
	measures[1]->held_back_ns = 2000;
	CU_ASSERT_EQUAL(limits(), TRIAL_LIMIT_TRANSMIT);
	/* One that has no share of the traffic has no time either. */
	begin();
	lcores[1]->order.rate = 0;
	measures[0]->missed = 500;
	measures[0]->held_back_ns = SECOND / 10 + 1000;
	CU_ASSERT_EQUAL(limits(), TRIAL_LIMIT_TRANSMIT);
}

static void what_was_not_received_is_the_loads(void)
{
	begin();
	device.missed = 1;
	CU_ASSERT_EQUAL(limits(), TRIAL_LIMIT_RECEIVE);
	begin();
	device.no_buffer = 1;
	CU_ASSERT_EQUAL(limits(), TRIAL_LIMIT_BUFFERS);
	begin();
	lcores[1]->result.hand_over_full = 1;
	CU_ASSERT_EQUAL(limits(), TRIAL_LIMIT_BUFFERS);
	begin();
	device.link_down_ns = 1;
	CU_ASSERT_EQUAL(limits(), TRIAL_LIMIT_LINK);
	CU_ASSERT_EQUAL(result.link_down_ns, 1);
}

static void burst(uint32_t frames)
{
	const struct trial_order order = {.kind = TRIAL_BURST, .frames = frames};

	outcome_collect(lcores, 2, &order, &device, &result);
}

static void times_of_a_burst_are_from_first_to_last(void)
{
	begin();
	lcores[0]->result.first_sent_tsc = 10000;
	lcores[0]->result.last_sent_tsc = 12000;
	lcores[1]->result.first_sent_tsc = 11000;
	lcores[1]->result.last_sent_tsc = 14000;
	lcores[1]->result.first_arrival_tsc = 13000;
	lcores[1]->result.last_arrival_tsc = 16000;
	lcores[1]->result.first_timestamp = UINT64_C(7) << 32;
	lcores[1]->result.last_timestamp = UINT64_C(9) << 32;
	lcores[1]->result.timestamps = 2;
	burst(1000);
	CU_ASSERT(result.burst.sent == 1000 && result.burst.received == 1000);
	CU_ASSERT(result.burst.send_ns == 2000 && result.duration_ns == 2000);
	CU_ASSERT_EQUAL(result.burst.arrival_ns, 1500);
	CU_ASSERT_EQUAL(result.burst.return_ns, 1000);
	CU_ASSERT_EQUAL(result.burst.reflector_ns, 2 * SECOND);
	CU_ASSERT_EQUAL(result.limits, 0);
	CU_ASSERT_DOUBLE_EQUAL(result.sent_rate, 1000 / 2e-6, 1);
	/* All were back before the last one left. */
	lcores[1]->result.last_arrival_tsc = 13500;
	burst(1000);
	CU_ASSERT_EQUAL(result.burst.return_ns, 0);
}

static void a_burst_that_did_not_leave_whole_is_the_loads(void)
{
	begin();
	burst(1001);
	CU_ASSERT_EQUAL(result.limits, TRIAL_LIMIT_BUFFERS);
	measures[0]->sent -= 1;
	burst(1000);
	CU_ASSERT_EQUAL(result.limits, TRIAL_LIMIT_TRANSMIT);
}

static void offered_is_within_a_percent(void)
{
	result = (struct trial_result){.order = {.rate = 1000}, .sent_rate = 990};
	CU_ASSERT_TRUE(trial_offered(&result));
	result.sent_rate = 989.9;
	CU_ASSERT_FALSE(trial_offered(&result));
	result.order.kind = TRIAL_BURST;
	CU_ASSERT_TRUE(trial_offered(&result));
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"lcores are summed up", lcores_are_summed_up},
	        {"what never left is not lost", what_never_left_is_not_lost},
	        {"the longest schedule counts", the_longest_schedule_counts},
	        {"missed slots are a limit", a_tenth_of_a_percent_of_missed_slots_is_a_limit},
	        {"with time to spare", with_time_to_spare_the_device_is_the_limit},
	        {"what was not received", what_was_not_received_is_the_loads},
	        {"times of a burst", times_of_a_burst_are_from_first_to_last},
	        {"a burst that did not leave whole", a_burst_that_did_not_leave_whole_is_the_loads},
	        {"offered is within a percent", offered_is_within_a_percent},
	        CU_TEST_INFO_NULL};

	for (unsigned i = 0; i < 2; i++) {
		lcores[i] = aligned_alloc(_Alignof(struct lcore), sizeof(struct lcore));
		measures[i] = malloc(sizeof(struct load_measures));
		if (lcores[i] == NULL || measures[i] == NULL)
			return 1;
	}
	int code = unit_run("load-outcome", tests);
	for (unsigned i = 0; i < 2; i++) {
		free(lcores[i]);
		free(measures[i]);
	}
	return code;
}
