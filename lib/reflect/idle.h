/* SPDX-License-Identifier: BSD-3-Clause */
/** What a polling lcore does that finds nothing: `eal.idle`. */
#ifndef SPECULAR_REFLECT_IDLE_H
#define SPECULAR_REFLECT_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/** Polls without a frame before IDLE_SLEEP sleeps: a sender's burst finds the lcore awake. */
#define IDLE_EMPTY_POLLS 64u

/** The lcore's thread, before it polls: so that the kernel does not round its sleeps up. */
void idle_begin(enum config_idle idle);

/** After the empty_polls-th poll in a row that found nothing. sleep_ns: how long IDLE_SLEEP sleeps; 0: not now. Whether it slept. */
bool idle_wait(enum config_idle idle, unsigned empty_polls, uint64_t sleep_ns);

#endif
