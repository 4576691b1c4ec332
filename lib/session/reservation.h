/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Address space for as many objects as there may ever be, with memory behind what is in use. Only what was made usable counts against
 * the system's limits (vm.overcommit_memory = 2, RLIMIT_DATA): a small machine may be configured for a million sessions.
 */
#ifndef SPECULAR_SESSION_RESERVATION_H
#define SPECULAR_SESSION_RESERVATION_H

#include <stdbool.h>
#include <stddef.h>

enum reservation_use {
	RESERVATION_SLOW_PATH, /**< small pages: no core reads it */
	RESERVATION_GROWS, /**< used from its beginning on: small pages first, huge ones behind 8 MB */
	RESERVATION_FULL /**< huge pages; all of it is resident from now on */
};

/**
 * Zeroed memory of size octets, 2 MB aligned; NULL when there is no address space. Nothing of it may be touched before
 * reservation_grow, unless it is RESERVATION_FULL. Slow path.
 */
void *reservation_create(size_t size, enum reservation_use use);
/**
 * Makes the beginning usable, up to at least octet `end` <= size; *usable, 0 at first, says how far it is so far. False when the system
 * gives no more memory.
 */
bool reservation_grow(void *memory, size_t size, size_t end, size_t *usable);
/** memory may be NULL; size as it was created. */
void reservation_destroy(void *memory, size_t size);

#endif
