/* SPDX-License-Identifier: BSD-3-Clause */
/** Names to addresses, by the host's resolver. */
#ifndef SPECULAR_CLIENT_RESOLVE_H
#define SPECULAR_CLIENT_RESOLVE_H

#include <stdint.h>

#include "base/address.h"
#include "base/error.h"

/**
 * At most capacity endpoints of a name or a numeric address, in the resolver's order, each with this port. family: 4, 6 or 0 for
 * either. Returns 0 with *number at least 1, or ERROR_NOT_FOUND.
 */
int resolve(const char *host, uint16_t port, uint8_t family, struct endpoint *endpoints,
            unsigned capacity, unsigned *number, struct error *error);

#endif
