/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * Identities as doc/ike-key-protocol.md has them written: no two have the same text, so that a peer can't choose one which reads as
 * another's.
 */
#ifndef CHARON_IPPM_KEYS_IDENTITY_TEXT_H
#define CHARON_IPPM_KEYS_IDENTITY_TEXT_H

#include "strongswan.h"

#include "wire/ike_key_message.h"

/** by_eap: it is the one of EAP. False when it does not fit: a part of it might be taken for another's. */
bool identity_text(char text[IKE_KEY_TEXT_SIZE], identification_t *identity, bool by_eap);

#endif
