/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Hears from charon's bus of IKEv2 SAs, derives their keys, and keeps the store true. */
#ifndef CHARON_IPPM_KEYS_IPPM_KEYS_LISTENER_H
#define CHARON_IPPM_KEYS_IPPM_KEYS_LISTENER_H

#include "strongswan.h"

#include "sa_store.h"

struct ippm_keys_listener {
	listener_t listener; /**< stays first: charon hands it back */
	struct sa_store *store;
	bool keep_sk_d;
};

/** The store outlives the listener. keep_sk_d: SK_d itself is entered too, beside prf(SK_d, "IPPM"). */
void ippm_keys_listener_init(struct ippm_keys_listener *listener, struct sa_store *store,
                             bool keep_sk_d);

#endif
