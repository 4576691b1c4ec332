/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Runs a function in every thread of the process: capabilities are a thread's own, and DPDK has threads that nobody else can reach.
 * Done by a signal, one thread after another; the signal's own handler is back in place afterwards.
 */
#ifndef SPECULAR_OPERATION_EVERY_THREAD_H
#define SPECULAR_OPERATION_EVERY_THREAD_H

#include "base/error.h"

/** What runs in each thread, in a signal handler of it: async-signal-safe. Returns 0 or errno. */
typedef int (*every_thread_function)(const void *context);

/**
 * Returns when all threads have run it, those started meanwhile too; the first failure ends it. ERROR_SYSTEM names the thread.
 */
int every_thread_run(every_thread_function function, const void *context, struct error *error);

#endif
