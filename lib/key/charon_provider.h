/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Keys of an IKE daemon's live SAs, over the protocol of doc/ike-key-protocol.md: strongSwan's charon with the plugin ippm-keys, or
 * whatever else speaks it. Asynchronous on the slow path's event loop; one connection, which subscribes.
 *
 * What the subscription told is a cache: a look-up for an SA in it is answered at once. One that is not there is asked of the daemon, since
 * its event may still be under way, and only the daemon's "no such SA" is ERROR_NOT_FOUND. While the daemon can't be reached, or what it
 * has is not yet known, nothing is answered from memory: a look-up tries to connect at once (not more often than every 100 ms), otherwise
 * the provider tries by itself with a growing pause, 100 ms to 10 s. ERROR_UNAVAILABLE when it does not succeed. After a daemon has refused us
 * (its list of users, another version of the protocol, no SK_d) the pause is 10 s, for look-ups too. A daemon that leaves the subscription or
 * a question unanswered for ikev2.timeout is hung up on, as is one that does not keep to the protocol or tells of more than a million SAs.
 *
 * ERROR_PERMISSION: the SA is there, but its peer's address is not the Control-Client's (ikev2.require-peer-address-match) or its identity
 * is none of ikev2.allowed-identities.
 *
 * An SA without a key for us is logged and not used: ERROR_UNAVAILABLE. At most 1,024 look-ups wait at a time: ERROR_UNAVAILABLE for more.
 *
 * When an SA is gone, or the connection to the daemon is lost (then all are), its secret is wiped and key_provider_watch's call-back told.
 *
 * Call-backs, answers as well as this one, may ask and cancel; they must not destroy the provider.
 */
#ifndef SPECULAR_KEY_CHARON_PROVIDER_H
#define SPECULAR_KEY_CHARON_PROVIDER_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"
#include "key/key_provider.h"

struct event_base;

/**
 * Connects from the event loop on: a daemon that is not there is no error. base and settings outlive the provider. ERROR_MEMORY;
 * ERROR_ARGUMENT when the socket's path is too long for a unix socket.
 */
int charon_provider_create(struct event_base *base, const struct config_ikev2 *settings,
                           struct key_provider **provider, struct error *error);

/** True while the daemon answers, and what it has is known. */
bool charon_provider_is_connected(const struct key_provider *provider);

/** The same settings, or others that need no new connection (ikev2.timeout, require-peer-address-match, allowed-identities), elsewhere. */
void charon_provider_set_settings(struct key_provider *provider,
                                  const struct config_ikev2 *settings);

/** SAs in the cache; 0 while the daemon can't be reached. For status and tests. */
unsigned charon_provider_count(const struct key_provider *provider);

#endif
