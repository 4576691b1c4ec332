/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The reference of tools/ci-bench: ipsec-mb alone seals and opens what the authenticated mode protects of a packet, AES-128-ECB and
 * HMAC-SHA1 over 16 octets, in bursts of 32 packets of 64 sessions. Of lib/crypto it has only the interface; it needs no more memory than the
 * second-level cache has, and no other thread. Stored baselines are ratios to it: who changes it has to write them again.
 */
#ifndef SPECULAR_BENCH_IMB_LOOP_H
#define SPECULAR_BENCH_IMB_LOOP_H

#include <stdbool.h>

#include "base/error.h"

struct imb_loop;

/** ERROR_MEMORY, ERROR_CRYPTO. */
int imb_loop_create(struct imb_loop **loop, struct error *error);
/** loop may be NULL. */
void imb_loop_destroy(struct imb_loop *loop);

/** So many bursts. False when a packet did not open as it was sealed. */
bool imb_loop_run(struct imb_loop *loop, unsigned bursts);

#define IMB_LOOP_BURST 32u /**< packets */

#endif
