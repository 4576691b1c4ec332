/* SPDX-License-Identifier: BSD-3-Clause */
#include "service_manager.h"

#include <inttypes.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#define MICROSECONDS_IN_SECOND     1000000u
#define NANOSECONDS_IN_MICROSECOND 1000u

/* A manager that can't be told changes nothing for the packets: errors are left alone. */

void service_manager_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

void service_manager_reloading(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	                 (uint64_t)now.tv_sec * MICROSECONDS_IN_SECOND +
	                         (uint64_t)now.tv_nsec / NANOSECONDS_IN_MICROSECOND);
}

void service_manager_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void service_manager_extend(unsigned seconds)
{
	(void)sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%" PRIu64,
	                 (uint64_t)seconds * MICROSECONDS_IN_SECOND);
}

void service_manager_status(const char *text)
{
	(void)sd_notifyf(0, "STATUS=%s", text);
}

uint64_t service_manager_watchdog_us(void)
{
	uint64_t interval_us = 0;

	return sd_watchdog_enabled(0, &interval_us) > 0 ? interval_us : 0;
}

void service_manager_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}
