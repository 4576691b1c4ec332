/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Looks for a secret in all writable memory of the process: our buffers, libraries', what was given back to the heap, the stack. What is
 * looked for stands masked in the test, so that the test does not find its own.
 */
#ifndef SPECULAR_TEST_MEMORY_SEARCH_H
#define SPECULAR_TEST_MEMORY_SEARCH_H

#include <stdint.h>

#define MASK        0x5au
#define NEEDLE_SIZE 12u /**< of the secret's begin: libyaml's string buffers start with 16 octets */

/** The needle for a secret of at least NEEDLE_SIZE octets. */
void mask(uint8_t masked[NEEDLE_SIZE], const void *octets);

/** How often what masked hides stands in writable memory; -1 when the system doesn't let us look. */
int search_memory(const uint8_t masked[NEEDLE_SIZE]);

#endif
