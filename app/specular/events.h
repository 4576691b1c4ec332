/* SPDX-License-Identifier: BSD-3-Clause */
/** The event loop's timers (clock, session reclaim, link) and signals: SIGINT and SIGTERM end it, SIGUSR1 reports counters. */
#ifndef SPECULAR_APP_EVENTS_H
#define SPECULAR_APP_EVENTS_H

#include "appliance.h"

/** The last stage of the start. */
int events_start(struct appliance *appliance, struct error *error);
void events_stop(struct appliance *appliance);

#endif
