/* SPDX-License-Identifier: BSD-3-Clause */
/** Sleeps of an lcore that finds nothing to do, `eal.idle: sleep`: none goes past what the lcore is to do by itself. */
#ifndef SPECULAR_LOAD_NAP_H
#define SPECULAR_LOAD_NAP_H

#include <stdbool.h>
#include <stdint.h>

#include "lcore.h"

/** A nap ends so long before the next slot or deadline: the kernel wakes late. */
#define NAP_MARGIN_NS UINT64_C(30000)

/** How long an lcore may sleep that has nothing to do until event_tsc (UINT64_MAX: never): at most most_ns. 0: not at all. */
uint64_t nap_length_ns(uint64_t now_tsc, uint64_t event_tsc, uint64_t tsc_hz, uint64_t most_ns);

/** After a turn of the loop that found nothing, empty_polls in a row: waits as the configuration says. Returns the ticks that it slept; 0: it did not. */
uint64_t nap_take(const struct lcore *lcore, unsigned empty_polls);

#endif
