/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Address space for as many objects as there may ever be, with memory behind what is in use. Only what was made usable counts against
 * the system's limits (vm.overcommit_memory = 2, RLIMIT_DATA): a small machine may be configured for a million sessions.
 */
#ifndef SPECULAR_SESSION_RESERVATION_H
#define SPECULAR_SESSION_RESERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reservation_use {
	RESERVATION_GROWS, /**< used from its beginning on, as far as reservation_grow was asked for */
	RESERVATION_FULL /**< all of it is resident from now on */
};

/** What a huge page covers, and one entry of the TLB with it. */
#define RESERVATION_HUGE_PAGE ((size_t)2 << 20)
#define RESERVATION_NO_HUGE   SIZE_MAX

/**
 * Zeroed memory of size octets, 2 MB aligned; NULL when there is no address space. It has small pages up to huge_from (a multiple of
 * RESERVATION_HUGE_PAGE, or RESERVATION_NO_HUGE) and huge ones behind, where the kernel has them. Nothing of it may be touched
 * before reservation_grow, unless it is RESERVATION_FULL. Slow path.
 */
void *reservation_create(size_t size, enum reservation_use use, size_t huge_from);
/**
 * Makes the beginning usable, up to at least octet `end` <= size; *usable, 0 at first, says how far it is so far. False when the system
 * gives no more memory.
 */
bool reservation_grow(void *memory, size_t size, size_t end, size_t *usable);
/** memory may be NULL; size as it was created. */
void reservation_destroy(void *memory, size_t size);

#endif
