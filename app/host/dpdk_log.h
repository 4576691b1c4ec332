/* SPDX-License-Identifier: BSD-3-Clause */
/** DPDK's own log as our debug events, so that a person reads our messages first; the newest lines are kept for error texts. */
#ifndef SPECULAR_HOST_DPDK_LOG_H
#define SPECULAR_HOST_DPDK_LOG_H

#include "base/error.h"

#define DPDK_LOG_LINE_SIZE 128u
#define DPDK_LOG_LINES     3u
#define DPDK_LOG_TEXT_SIZE (DPDK_LOG_LINES * (DPDK_LOG_LINE_SIZE + 2))

/** Before rte_eal_init. */
int dpdk_log_start(struct error *error);
/** After rte_eal_cleanup. */
void dpdk_log_stop(void);
/** Copies the newest lines, oldest first, with "; " between; "nothing" when there was none. Returns text. */
const char *dpdk_log_recent(char text[DPDK_LOG_TEXT_SIZE]);

#endif
