/* SPDX-License-Identifier: BSD-3-Clause */
/** What comes to an lcore: from its queue, from other lcores and from the kernel. */
#ifndef SPECULAR_LOAD_INTAKE_H
#define SPECULAR_LOAD_INTAKE_H

#include "lcore.h"

/** Each returns how many frames there were. */
unsigned intake_port(struct lcore *lcore);
unsigned intake_hand_over(struct lcore *lcore);
unsigned intake_kernel(struct lcore *lcore);

/** Frames with the TSC of their arrival: judged, and sent where they belong. */
void intake_judge(struct lcore *lcore, struct rte_mbuf *mbufs[], const uint64_t arrivals[],
                  unsigned count);

#endif
