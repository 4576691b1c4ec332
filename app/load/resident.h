/* SPDX-License-Identifier: BSD-3-Clause */
/** How much memory this process holds: a soak watches that it stays the same. */
#ifndef SPECULAR_LOAD_RESIDENT_H
#define SPECULAR_LOAD_RESIDENT_H

#include <stdint.h>

/** VmRSS in KiB; 0 when the kernel does not say. */
uint64_t resident_kib(void);

#endif
