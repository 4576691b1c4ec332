/* SPDX-License-Identifier: BSD-3-Clause */
#include "watchdog.h"

#include <stdlib.h>

#include <event2/event.h>

#include "config/config.h"
#include "manager.h"
#include "reflect/worker.h"
#include "service_manager.h"
#include "unit.h"

#define WATCHDOG_US "20000"
#define PATIENCE    1000 /* turns of 10 ms */
#define STATUS      "STATUS=0 test sessions on 1 polling lcore"

static struct manager manager;
static struct event_base *base;
static struct worker worker;
static struct worker *workers[] = {&worker};
static struct config config;
static struct watchdog *watchdog;

static unsigned heard(const char *beginning)
{
	return manager_heard(&manager, beginning);
}

/* The loop runs for 10 ms; returns how many messages began so. */
static unsigned turn(bool polls, const char *beginning)
{
	struct timeval soon = {.tv_usec = 10000};

	worker.polls += polls;
	(void)event_base_loopexit(base, &soon);
	(void)event_base_dispatch(base);
	return heard(beginning);
}

static void start(void)
{
	const struct watchdog_environment environment = {
	        .base = base, .config = &config, .workers = workers, .worker_count = 1};
	struct error error;

	(void)setenv("WATCHDOG_USEC", WATCHDOG_US, 1);
	config.operation.stuck_after = 1;
	config.eal.worker_cpus[0] = 3;
	CU_ASSERT_EQUAL_FATAL(watchdog_create(&environment, &watchdog, &error), 0);
}

/* Returns how many messages began so until then. */
static unsigned turns_until_stuck(bool wanted, bool polls, const char *beginning)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PATIENCE && watchdog_core_is_stuck(watchdog, 0) != wanted; i++)
		count += turn(polls, beginning);
	CU_ASSERT_EQUAL_FATAL(watchdog_core_is_stuck(watchdog, 0), wanted);
	return count;
}

static void a_core_that_polls_feeds_the_manager(void)
{
	unsigned alive = 0;

	start();
	for (unsigned i = 0; i < PATIENCE && alive < 3; i++)
		alive += turn(true, "WATCHDOG=1");
	CU_ASSERT(alive >= 3);
	CU_ASSERT_EQUAL(watchdog_stuck_count(watchdog), 0);
	watchdog_destroy(watchdog);
}

static void a_stuck_core_does_not(void)
{
	unsigned alive = 0;

	start();
	CU_ASSERT_EQUAL(turns_until_stuck(true, false, STATUS "; stuck: CPU 3"), 1);
	CU_ASSERT_EQUAL(watchdog_stuck_count(watchdog), 1);
	CU_ASSERT(watchdog_core_silent_ns(watchdog, 0) >= 1000000000);
	for (unsigned i = 0; i < 10; i++)
		alive += turn(false, "WATCHDOG=1");
	CU_ASSERT_EQUAL(alive, 0);
	alive = turns_until_stuck(false, true, "WATCHDOG=1");
	CU_ASSERT_EQUAL(watchdog_stuck_count(watchdog), 0);
	for (unsigned i = 0; i < PATIENCE && alive == 0; i++)
		alive += turn(true, "WATCHDOG=1");
	CU_ASSERT(alive > 0);
	watchdog_destroy(watchdog);
}

/** Within what the manager allows it hears two signs of life, however long the lcores are given. */
static void looks_are_frequent_enough(void)
{
	const struct watchdog_environment environment = {
	        .base = base, .config = &config, .workers = workers, .worker_count = 1};
	struct timeval allowed = {.tv_usec = 250000};
	struct error error;

	(void)setenv("WATCHDOG_USEC", "200000", 1);
	CU_ASSERT_EQUAL_FATAL(watchdog_create(&environment, &watchdog, &error), 0);
	/* Timers have their turns in order, however late: one at once, and one before the loop's end. */
	(void)event_base_loopexit(base, &allowed);
	(void)event_base_dispatch(base);
	CU_ASSERT(heard("WATCHDOG=1") >= 2);
	watchdog_destroy(watchdog);
}

static void what_the_manager_is_told(void)
{
	service_manager_ready();
	CU_ASSERT_EQUAL(heard("READY=1"), 1);
	service_manager_reloading();
	CU_ASSERT_EQUAL(heard("RELOADING=1\nMONOTONIC_USEC="), 1);
	service_manager_extend(30);
	CU_ASSERT_EQUAL(heard("EXTEND_TIMEOUT_USEC=30000000"), 1);
	service_manager_stopping();
	CU_ASSERT_EQUAL(heard("STOPPING=1"), 1);
}

static void nobody_has_to_listen(void)
{
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	service_manager_ready();
	CU_ASSERT_EQUAL(heard(""), 0);
	CU_ASSERT_EQUAL(service_manager_watchdog_us(), 0);
	watchdog_destroy(NULL);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"a core that polls feeds the manager", a_core_that_polls_feeds_the_manager},
	        {"a stuck core does not", a_stuck_core_does_not},
	        {"looks are frequent enough", looks_are_frequent_enough},
	        {"what the manager is told", what_the_manager_is_told},
	        {"nobody has to listen", nobody_has_to_listen},
	        CU_TEST_INFO_NULL,
	};

	manager_open(&manager);
	base = event_base_new();
	int code = unit_run("watchdog", tests);
	event_base_free(base);
	manager_close(&manager);
	return code;
}
