/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Whether this thread has its core to itself. A virtual CPU may share its core's execution units with a stranger's for seconds at
 * a time, and no counter of the guest tells. What runs near the core's issue width, as the datapath does, then takes up to twice
 * its cycles, and a reference that waits for memory hardly more: even their ratio is wrong.
 */
#ifndef SPECULAR_BENCH_CORE_SHARE_H
#define SPECULAR_BENCH_CORE_SHARE_H

#include <stdbool.h>

/**
 * How many additions that wait for nothing are done in the time of one that waits for the one before it: about 3.5 on a core
 * of four adders and more that is ours, less when somebody else uses them. Takes some 5 microseconds.
 */
double core_share_additions(void);

/** True when that is near the most that this process has seen. */
bool core_share_is_whole(void);

#endif
