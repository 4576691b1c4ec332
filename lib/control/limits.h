/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Who may have how much: connections and test sessions, in all, per client address and per connection, with separate pools for
 * unauthenticated and keyed clients, so that one kind can't take the other's share.
 *
 * A connection is half-open, in no pool, until its set-up is complete. What an address holds is counted in one entry of a hash
 * table; the entry lives while it holds anything.
 */
#ifndef SPECULAR_CONTROL_LIMITS_H
#define SPECULAR_CONTROL_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "config/config.h"
#include "wire/control_message.h"

enum limit_pool { POOL_UNAUTHENTICATED, POOL_KEYED, POOL_COUNT };
/** The pool of a half-open connection. */
#define POOL_NONE POOL_COUNT

struct limits;
/** What one client address holds. */
struct address_usage;

/** control outlives it. seed: random, so that nobody outside can aim at one bucket. NULL when memory fails. */
struct limits *limits_create(const struct config_control *control, uint64_t seed);
void limits_destroy(struct limits *limits);

/** Other limits; who has more than the new ones allow keeps it. control outlives limits. */
void limits_configure(struct limits *limits, const struct config_control *control);

/** A new TCP connection, half-open. NULL when it is over a limit; *reason says which. */
struct address_usage *limits_take_connection(struct limits *limits, const struct address *client,
                                             const char **reason);

/** True when no connection of that address is taken before one of its own has ended. */
bool limits_address_is_full(struct limits *limits, const struct address *client);

/** Half-open connections of one address. */
unsigned limits_half_open_of(const struct address_usage *usage);

/** True when a half-open connection of that address would find room in a pool. */
bool limits_pool_has_room(const struct limits *limits, const struct address_usage *usage,
                          enum limit_pool pool);

/** The set-up is complete: from half-open into a pool. False, and still half-open, when there is no room. */
bool limits_enter_pool(struct limits *limits, struct address_usage *usage, enum limit_pool pool);

/** The connection ended. usage is dead to the caller unless it holds sessions. */
void limits_release_connection(struct limits *limits, struct address_usage *usage,
                               enum limit_pool pool);

/**
 * One more test session. ACCEPT_OK, ACCEPT_PERMANENT_LIMIT (this connection has all that one may have) or ACCEPT_TEMPORARY_LIMIT
 * (the pool's or the address's total); *reason says which.
 */
enum accept limits_take_session(struct limits *limits, struct address_usage *usage,
                                enum limit_pool pool, unsigned on_connection, const char **reason);
void limits_release_session(struct limits *limits, struct address_usage *usage,
                            enum limit_pool pool);

/** For status and tests. */
unsigned limits_half_open(const struct limits *limits);
unsigned limits_addresses(const struct limits *limits);

#endif
