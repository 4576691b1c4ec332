/* SPDX-License-Identifier: BSD-3-Clause */
/** Address space for as many objects as there may ever be, with memory behind what is in use. */
#ifndef SPECULAR_SESSION_RESERVATION_H
#define SPECULAR_SESSION_RESERVATION_H

#include <stddef.h>

enum reservation_use {
	RESERVATION_SLOW_PATH, /**< small pages: no core reads it */
	RESERVATION_GROWS, /**< used from its beginning on: small pages first, huge ones behind 8 MB */
	RESERVATION_FULL /**< huge pages; all of it is resident from now on */
};

/** Zeroed memory of size octets, page aligned; NULL when there is no address space. Slow path. */
void *reservation_create(size_t size, enum reservation_use use);
/** memory may be NULL; size as it was created. */
void reservation_destroy(void *memory, size_t size);

#endif
