/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A bound on a call of DPDK that may wait in the kernel for ever: its system call ends with EINTR. A memif's client, for one, asks for its
 * server with a connect() that waits while the server takes nobody. Main thread, one at a time; takes SIGALRM.
 */
#ifndef SPECULAR_HOST_CALL_LIMIT_H
#define SPECULAR_HOST_CALL_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct call_limit {
	uint64_t until_ns; /**< CLOCK_MONOTONIC */
};

void call_limit_begin(struct call_limit *limit, unsigned milliseconds);
/** Whether the time was up. */
bool call_limit_end(const struct call_limit *limit);

#endif
