/* SPDX-License-Identifier: BSD-3-Clause */
/** DPDK's own log as our debug events, so that a person reads our messages first; the last line is kept for error texts. */
#ifndef SPECULAR_APP_DPDK_LOG_H
#define SPECULAR_APP_DPDK_LOG_H

#include "base/error.h"

#define DPDK_LOG_LINE_SIZE 256u

/** Before rte_eal_init. */
int dpdk_log_start(struct error *error);
/** After rte_eal_cleanup. */
void dpdk_log_stop(void);
/** Copies the newest line, "nothing" when there was none; returns line. */
const char *dpdk_log_last(char line[DPDK_LOG_LINE_SIZE]);

#endif
