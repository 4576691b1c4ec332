/* SPDX-License-Identifier: BSD-3-Clause */
#include "heartbeats.h"

#include "unit.h"

#define STUCK_AFTER 5u
#define LOOK_NS     (HEARTBEAT_LOOK_INTERVAL_MS * 1000000ull)
#define LOOKS       (STUCK_AFTER * 1000u / HEARTBEAT_LOOK_INTERVAL_MS)

static struct heartbeats heartbeats;
static uint64_t now_ns;
static uint64_t silent_ns;

static void start(void)
{
	now_ns = 12345;
	heartbeats_init(&heartbeats, STUCK_AFTER);
}

static enum heartbeat_change look_after(uint64_t elapsed_ns, unsigned core, uint64_t polls)
{
	now_ns += elapsed_ns;
	heartbeats_begin(&heartbeats, now_ns);
	return heartbeats_look(&heartbeats, core, polls, &silent_ns);
}

static void a_core_that_polls_is_never_stuck(void)
{
	start();
	for (uint64_t polls = 0; polls < 100; polls++)
		CU_ASSERT_EQUAL(look_after(LOOK_NS, 0, polls), HEARTBEAT_SAME);
	CU_ASSERT_EQUAL(heartbeats.stuck, 0);
}

static void a_silent_core_is_told_once(void)
{
	unsigned told = 0;

	start();
	CU_ASSERT_EQUAL(look_after(0, 0, 7), HEARTBEAT_SAME);
	for (unsigned i = 1; i < LOOKS; i++)
		CU_ASSERT_EQUAL(look_after(LOOK_NS, 0, 7), HEARTBEAT_SAME);
	CU_ASSERT_EQUAL(look_after(LOOK_NS, 0, 7), HEARTBEAT_STUCK);
	CU_ASSERT_EQUAL(silent_ns, STUCK_AFTER * 1000000000ull);
	for (unsigned i = 0; i < 10; i++)
		told += look_after(LOOK_NS, 0, 7) != HEARTBEAT_SAME;
	CU_ASSERT_EQUAL(told, 0);
	CU_ASSERT_EQUAL(heartbeats.stuck, 1);
	CU_ASSERT_TRUE(heartbeats.cores[0].stuck);
}

static void a_core_recovers(void)
{
	start();
	(void)look_after(0, 1, 7);
	while (look_after(LOOK_NS, 1, 7) != HEARTBEAT_STUCK)
		;
	CU_ASSERT_EQUAL(look_after(LOOK_NS, 1, 8), HEARTBEAT_RECOVERED);
	CU_ASSERT_EQUAL(silent_ns, STUCK_AFTER * 1000000000ull);
	CU_ASSERT_EQUAL(heartbeats.stuck, 0);
	CU_ASSERT_EQUAL(look_after(LOOK_NS, 1, 8), HEARTBEAT_SAME);
	CU_ASSERT_EQUAL(silent_ns, LOOK_NS);
}

static void a_machine_that_slept_blames_nobody(void)
{
	start();
	(void)look_after(LOOK_NS, 0, 7);
	CU_ASSERT_EQUAL(look_after(3600 * 1000000000ull, 0, 7), HEARTBEAT_SAME);
	CU_ASSERT_EQUAL(silent_ns, HEARTBEAT_STEP_MAX_NS);
	CU_ASSERT_EQUAL(look_after(LOOK_NS, 0, 8), HEARTBEAT_SAME);
}

static void cores_are_watched_apart(void)
{
	start();
	for (unsigned i = 0; i < 2 * LOOKS; i++) {
		heartbeats_begin(&heartbeats, now_ns += LOOK_NS);
		(void)heartbeats_look(&heartbeats, 0, 1 + i, &silent_ns);
		(void)heartbeats_look(&heartbeats, 1, 1, &silent_ns);
		(void)heartbeats_look(&heartbeats, 2, 1 + i / 3, &silent_ns);
	}
	CU_ASSERT_FALSE(heartbeats.cores[0].stuck);
	CU_ASSERT_TRUE(heartbeats.cores[1].stuck);
	CU_ASSERT_FALSE(heartbeats.cores[2].stuck);
	CU_ASSERT_EQUAL(heartbeats.stuck, 1);
}

static void a_core_that_never_polled_gets_stuck(void)
{
	unsigned looks = 0;

	start();
	while (look_after(LOOK_NS, 0, 0) != HEARTBEAT_STUCK && looks < 100)
		looks++;
	CU_ASSERT_EQUAL(looks, LOOKS);
}

static void more_patience_makes_no_core_poll(void)
{
	start();
	(void)look_after(0, 0, 7);
	while (look_after(LOOK_NS, 0, 7) != HEARTBEAT_STUCK)
		;
	heartbeats_configure(&heartbeats, 2 * STUCK_AFTER);
	CU_ASSERT_EQUAL(look_after(LOOK_NS, 0, 7), HEARTBEAT_SAME);
	CU_ASSERT_TRUE(heartbeats.cores[0].stuck);
	CU_ASSERT_EQUAL(look_after(LOOK_NS, 0, 8), HEARTBEAT_RECOVERED);
	CU_ASSERT_EQUAL(heartbeats.stuck, 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a core that polls is never stuck", a_core_that_polls_is_never_stuck},
	        {"a silent core is told once", a_silent_core_is_told_once},
	        {"a core recovers", a_core_recovers},
	        {"a machine that slept blames nobody", a_machine_that_slept_blames_nobody},
	        {"cores are watched apart", cores_are_watched_apart},
	        {"a core that never polled gets stuck", a_core_that_never_polled_gets_stuck},
	        {"more patience makes no core poll", more_patience_makes_no_core_poll},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("heartbeats", tests);
}
