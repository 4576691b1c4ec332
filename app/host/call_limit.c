/* SPDX-License-Identifier: BSD-3-Clause */
#include "call_limit.h"

#include <signal.h>
#include <stddef.h>
#include <sys/time.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS     UINT64_C(1000000)
#define US_PER_MS     1000
#define MS_PER_SECOND 1000u
/** Once the time is up: the signal may come before the system call that it is to end, or between two of them. */
#define AGAIN_MS 50

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* That it was called is all: the system call is not begun again. */
static void on_alarm(int number)
{
	(void)number;
}

void call_limit_begin(struct call_limit *limit, unsigned milliseconds)
{
	const struct sigaction action = {.sa_handler = on_alarm};
	const struct itimerval timer = {
	        .it_value = {.tv_sec = milliseconds / MS_PER_SECOND,
	                     .tv_usec = (suseconds_t)(milliseconds % MS_PER_SECOND) * US_PER_MS},
	        .it_interval = {.tv_usec = AGAIN_MS * US_PER_MS}};

	limit->until_ns = now_ns() + milliseconds * NS_PER_MS;
	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

bool call_limit_end(const struct call_limit *limit)
{
	const struct itimerval none = {.it_value = {.tv_sec = 0}};

	(void)setitimer(ITIMER_REAL, &none, NULL);
	return now_ns() >= limit->until_ns;
}
