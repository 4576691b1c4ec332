/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/idle.h"

#include <rte_pause.h>
#include <sys/prctl.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)
/** The kernel may round a sleep up by this much instead of the default 50 us. */
#define TIMER_SLACK_NS 1u

void idle_begin(enum config_idle idle)
{
	if (idle == IDLE_SLEEP)
		(void)prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
}

bool idle_wait(enum config_idle idle, unsigned empty_polls, uint64_t sleep_ns)
{
	if (idle == IDLE_PAUSE)
		rte_pause();
	if (idle != IDLE_SLEEP || empty_polls < IDLE_EMPTY_POLLS || sleep_ns == 0)
		return false;
	struct timespec sleep = {.tv_sec = (time_t)(sleep_ns / NS_PER_SECOND),
	                         .tv_nsec = (long)(sleep_ns % NS_PER_SECOND)};
	(void)nanosleep(&sleep, NULL);
	return true;
}
