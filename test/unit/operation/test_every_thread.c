/* SPDX-License-Identifier: BSD-3-Clause */
#include "every_thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#define THREADS 8u

static struct error error;
static pthread_t threads[THREADS];
static bool ends;
static unsigned calls;                 /* of count_call, in all */
static __thread unsigned thread_calls; /* in this thread */
static unsigned once;                  /* threads that ended after exactly one call */

static int count_call(const void *context)
{
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	thread_calls++;
	return context == &calls ? 0 : EINVAL;
}

/* One of them polls, as an lcore does, the others sleep. */
static void *live(void *polls)
{
	struct timespec pause = {.tv_nsec = 1000000};

	while (!__atomic_load_n(&ends, __ATOMIC_RELAXED)) {
		if (polls == NULL)
			(void)nanosleep(&pause, NULL);
	}
	if (thread_calls == 1)
		__atomic_add_fetch(&once, 1, __ATOMIC_RELAXED);
	return NULL;
}

static void start(void)
{
	calls = 0;
	once = 0;
	thread_calls = 0;
	ends = false;
	for (unsigned i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(
		        pthread_create(&threads[i], NULL, live, i == 0 ? &ends : NULL), 0);
}

static void stop(void)
{
	__atomic_store_n(&ends, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
}

static void each_thread_is_called_once(void)
{
	start();
	CU_ASSERT_EQUAL(every_thread_run(count_call, &calls, &error), 0);
	stop();
	CU_ASSERT_EQUAL(once, THREADS);
	CU_ASSERT_EQUAL(thread_calls, 1);
	CU_ASSERT(calls >= THREADS + 1); /* a sanitizer may have threads of its own */
}

static void a_failure_names_its_thread(void)
{
	start();
	CU_ASSERT_EQUAL(every_thread_run(count_call, NULL, &error), ERROR_SYSTEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "thread "));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, strerror(EINVAL)));
	CU_ASSERT_EQUAL(calls, 1);
	stop();
}

static void the_handler_is_put_back(void)
{
	struct sigaction before;
	struct sigaction after;

	CU_ASSERT_EQUAL(sigaction(SIGRTMIN, NULL, &before), 0);
	thread_calls = 0;
	CU_ASSERT_EQUAL(every_thread_run(count_call, &calls, &error), 0);
	CU_ASSERT_EQUAL(sigaction(SIGRTMIN, NULL, &after), 0);
	CU_ASSERT_PTR_EQUAL(after.sa_handler, before.sa_handler);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"each thread is called once", each_thread_is_called_once},
	        {"a failure names its thread", a_failure_names_its_thread},
	        {"the signal's handler is put back", the_handler_is_put_back},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("every_thread", tests);
}
