/* SPDX-License-Identifier: BSD-3-Clause */
/** The slots of what was computed ahead of time: who gets one, and what is left of sessions that lost theirs or ended. */
#include "ahead_fixture.h"

/** Slots go to those who come first, then to those who come often. */
static void only_a_silent_session_loses_its_slot(void)
{
	uint64_t now = SECOND;

	set_up(1);
	(void)packet(0, 0, now);
	refill_all();
	/* Equally often, and a first packet: no reason. */
	for (uint32_t number = 0; number < 10; number++) {
		now += SECOND / 100;
		CU_ASSERT_FALSE(packet(1, number, now));
		CU_ASSERT(packet(0, number + 1, now + 1));
		refill_all();
	}
	/* A few times as often: no reason either. */
	for (uint32_t number = 10; number < 90; number++) {
		CU_ASSERT_FALSE(packet(1, number, now += SECOND / 100));
		if (number % 5 == 0)
			(void)packet(0, number, now);
	}
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 1);
	/* Session 0 is silent while session 1 goes on. */
	for (uint32_t number = 10; number < 30; number++)
		(void)packet(1, number, now += SECOND / 100);
	refill_all();
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 2);
	CU_ASSERT(packet(1, 30, now));
	/* Its pointer leads to what is another's now. */
	CU_ASSERT_PTR_EQUAL(sessions[0].ahead, sessions[1].ahead);
	CU_ASSERT_FALSE(open_ahead(0, 11));
	CU_ASSERT_FALSE(packet(0, 11, now));
	CU_ASSERT(packet(1, 31, now));
	tear_down();
}

/** Sessions with many packets in a unit of time: whose interval is none and whose silence is none are alike. */
static void none_of_the_very_fast_loses_its_slot(void)
{
	uint64_t now = SECOND;

	set_up(1);
	for (uint32_t number = 0; number < 100; number++) {
		(void)packet(0, number, now += 1000);
		(void)packet(1, number, now += 1000);
	}
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 1);
	CU_ASSERT_PTR_NOT_NULL(sessions[0].ahead);
	CU_ASSERT_PTR_NULL(sessions[1].ahead);
	tear_down();
}

/** No interval is known before a second packet, whatever the time looks like when its count wraps. */
static void a_first_packet_takes_no_slot_from_another(void)
{
	uint64_t wrap = UINT64_C(1) << 52, unit = UINT64_C(1) << 20;

	set_up(1);
	(void)packet(0, 0, wrap - 100 * unit);
	(void)packet(1, 0, wrap + 5 * unit);
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 1);
	(void)packet(1, 1, wrap + 6 * unit);
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 2);
	tear_down();
}

/** Stolen between the first owner's packet and the idle step: the step serves the thief, with its own keys. */
static void a_theft_before_the_refill(void)
{
	uint64_t now = SECOND;

	set_up(1);
	(void)packet(1, 0, now);
	(void)packet(0, 0, now);
	CU_ASSERT_PTR_NOT_NULL(sessions[1].ahead);
	(void)packet(0, 1, now += 20 * SECOND);
	(void)packet(0, 2, now += SECOND);
	CU_ASSERT_PTR_EQUAL(sessions[0].ahead, sessions[1].ahead);
	CU_ASSERT_FALSE(open_ahead(0, 3));
	refill_all();
	CU_ASSERT_FALSE(packet(1, 1, now));
	CU_ASSERT(packet(0, 3, now));
	tear_down();
}

/** The first owner may have ended, and the core never have an idle poll to overwrite what the thief found. */
static void a_thief_finds_nothing(void)
{
	set_up(1);
	(void)packet(0, 0, SECOND);
	refill_all();
	struct sealed next = seal(0, 5), reply = seal(0, 9);
	CU_ASSERT(pool_holds(&next));
	CU_ASSERT(pool_holds(&reply));
	(void)packet(1, 0, 30 * SECOND);
	(void)packet(1, 1, 31 * SECOND);
	CU_ASSERT_PTR_EQUAL(sessions[0].ahead, sessions[1].ahead);
	CU_ASSERT_FALSE(pool_holds(&next));
	CU_ASSERT_FALSE(pool_holds(&reply));
	tear_down();
}

/** Even while refills wait, which only idle polls do. */
static void a_busy_core_wipes_too(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	(void)packet(1, 0, 1);
	refill_all();
	struct sealed next = seal(1, 5), other = seal(0, 5);
	for (uint32_t number = 1; number < 9; number++)
		CU_ASSERT(packet(0, number, 1));
	withdraw(1);
	CU_ASSERT(pool_holds(&next));
	for (unsigned look = 0; look < SLOTS; look++)
		ahead_tidy(pool, table);
	CU_ASSERT_FALSE(pool_holds(&next));
	CU_ASSERT(pool_holds(&other));
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 1);
	refill_all();
	CU_ASSERT(packet(0, 9, 1));
	publish(1, 1);
	tear_down();
}

static void an_ended_session_leaves_nothing(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	refill_all();
	struct sealed next = seal(0, 5), reply = seal(0, 9);
	CU_ASSERT(pool_holds(&next));
	CU_ASSERT(pool_holds(&reply));
	withdraw(0);
	for (unsigned step = 0; step < SLOTS * 64; step++)
		CU_ASSERT_FALSE(ahead_refill(pool, table, suite));
	CU_ASSERT_FALSE(pool_holds(&next));
	CU_ASSERT_FALSE(pool_holds(&reply));
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 1);
	publish(0, 0);
	/* So does one that ended while its refill was waiting. */
	(void)packet(0, 0, 1);
	refill_all();
	for (uint32_t number = 1; number < 9; number++)
		CU_ASSERT(packet(0, number, 1));
	next = seal(0, 12);
	CU_ASSERT(pool_holds(&next));
	withdraw(0);
	CU_ASSERT(ahead_refill(pool, table, suite));
	CU_ASSERT_FALSE(pool_holds(&next));
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 2);
	publish(0, 0);
	tear_down();
}

/** The same flow, in the same memory, with other keys. */
static void a_new_session_at_the_same_address(void)
{
	for (unsigned full = 0; full < 2; full++) {
		set_up(SLOTS);
		(void)packet(0, 0, 1);
		if (full)
			refill_all();
		struct sealed old = seal(0, 1);
		withdraw(0);
		publish(0, 77);
		sessions[0].expected_sequence = 1;
		CU_ASSERT_FALSE(ahead_open(pool, &sessions[0], old.block, old.hmac));
		CU_ASSERT_FALSE(open_ahead(0, 1));
		for (unsigned step = 0; step < SLOTS * 64; step++)
			(void)ahead_refill(pool, table, suite);
		CU_ASSERT_FALSE(pool_holds(&old));
		CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 1);
		CU_ASSERT_FALSE(packet(0, 1, 1));
		refill_all();
		old = seal(0, 0);
		CU_ASSERT(packet(0, 2, 1));
		tear_down();
	}
}

/** The new session takes a slot while the old one's still waits in the queue. */
static void old_and_new_at_once(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	const struct ahead *old = sessions[0].ahead;
	withdraw(0);
	publish(0, 77);
	(void)packet(0, 0, 2);
	CU_ASSERT_PTR_NOT_EQUAL(sessions[0].ahead, old);
	refill_all();
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 1);
	CU_ASSERT(packet(0, 1, 2));
	tear_down();
}

static void a_wiped_pool_holds_nothing(void)
{
	set_up(SLOTS);
	for (unsigned i = 0; i < SLOTS; i++)
		(void)packet(i, 0, 1);
	refill_all();
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->computed, SLOTS * 32);
	ahead_pool_wipe(pool);
	for (size_t i = 0; i < ahead_pool_size(SLOTS); i++)
		CU_ASSERT_EQUAL_FATAL(((const uint8_t *)pool)[i], 0);
	(void)ahead_pool_init(pool, SLOTS);
	ahead_pool_wipe(NULL);
	tear_down();
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"only a silent session loses its slot", only_a_silent_session_loses_its_slot},
	        {"none of the very fast loses its slot", none_of_the_very_fast_loses_its_slot},
	        {"a first packet takes no slot from another",
	         a_first_packet_takes_no_slot_from_another},
	        {"a theft before the refill", a_theft_before_the_refill},
	        {"a thief finds nothing", a_thief_finds_nothing},
	        {"a busy core wipes too", a_busy_core_wipes_too},
	        {"an ended session leaves nothing", an_ended_session_leaves_nothing},
	        {"a new session at the same address", a_new_session_at_the_same_address},
	        {"old and new at once", old_and_new_at_once},
	        {"a wiped pool holds nothing", a_wiped_pool_holds_nothing},
	        CU_TEST_INFO_NULL};
	return unit_run("reflect-ahead-slots", tests);
}
