/* SPDX-License-Identifier: BSD-3-Clause */
/** Secrets: wiping that the compiler keeps and comparison in constant time. */
#ifndef SPECULAR_BASE_SECRET_H
#define SPECULAR_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/** The compiler knows nothing of the value any more, so that it can't end a comparison when it has seen enough. */
#define SECRET_HIDE(value) __asm__ volatile("" : "+r"(value))

/** Overwrites size octets with zeros; never optimised away. secret may be NULL when size is 0. */
void secret_wipe(void *secret, size_t size);

/** True when both have the same size octets; the time depends on size alone. */
bool secret_equal(const void *left, const void *right, size_t size);

#endif
