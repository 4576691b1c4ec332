/* SPDX-License-Identifier: BSD-3-Clause */
/** What the daemon tells the charon provider, message by message: the snapshot, answers, events. */
#ifndef SPECULAR_KEY_CHARON_MESSAGE_H
#define SPECULAR_KEY_CHARON_MESSAGE_H

#include "key/charon.h"

/** The number of a connection's first request, the subscription. */
#define CHARON_SUBSCRIPTION 1u

/** enum ike_key_want: what this provider needs of an SA. */
uint16_t charon_want(const struct charon_provider *charon);

/** charon_receiver.message; context is the provider. */
int charon_take_message(void *context, const struct ike_key_message *message, struct error *error);

/** Takes an SA out of the cache, tells the watcher, wipes it. */
void charon_forget_sa(struct charon_provider *charon, struct ike_sa *sa);

#endif
