/* SPDX-License-Identifier: BSD-3-Clause */
/** How long the kernel had a thread wait for a CPU: what a measurement on a shared machine suffers and the code under it did not do. */
#ifndef SPECULAR_BENCH_CPU_WAIT_H
#define SPECULAR_BENCH_CPU_WAIT_H

#include <sys/types.h>

/** Microseconds since the thread of this process began; any thread may ask, 0 where the kernel does not say. A system call or three. */
double cpu_waited_us(pid_t thread);

#endif
