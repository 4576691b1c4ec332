/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the service manager is told (sd_notify), so that `systemctl status` and its watchdog know how the appliance is. Does
 * nothing where nobody asked: without NOTIFY_SOCKET in the environment. Slow path.
 */
#ifndef SPECULAR_OPERATION_SERVICE_MANAGER_H
#define SPECULAR_OPERATION_SERVICE_MANAGER_H

#include <stdint.h>

/** All stages are up, or a reload is over. */
void service_manager_ready(void);
/** A reload begins; service_manager_ready ends it, however it went. */
void service_manager_reloading(void);
/** Also while sessions are given time to end. */
void service_manager_stopping(void);
/** So much longer the manager is to wait for the end of what is going on, from now. */
void service_manager_extend(unsigned seconds);
/** One line for `systemctl status`. */
void service_manager_status(const char *text);

/** Microseconds within which the manager wants service_manager_alive() again (WatchdogSec); 0: it does not watch. */
uint64_t service_manager_watchdog_us(void);
void service_manager_alive(void);

#endif
