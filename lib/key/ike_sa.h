/* SPDX-License-Identifier: BSD-3-Clause */
/** One live IKE SA as a daemon told of it: whose it is and its shared secret prf(SK_d, "IPPM") (RFC 7717 section 5.1). */
#ifndef SPECULAR_KEY_IKE_SA_H
#define SPECULAR_KEY_IKE_SA_H

#include <sys/queue.h>

#include "base/error.h"
#include "config/config.h"
#include "key/key_provider.h"
#include "wire/ike_key_message.h"

/** SPIi, then SPIr: how an SA is looked up. */
#define IKE_SPIS_SIZE (2 * IKE_SPI_SIZE)

/** A secret. */
struct ike_sa {
	uint8_t spis[IKE_SPIS_SIZE]; /**< first: what the cache compares */
	uint8_t secret[IKE_KEY_SECRET_SIZE_MAXIMUM];
	uint8_t secret_size;
	struct address peer;
	LIST_ENTRY(ike_sa) link;
	char peer_identity[]; /**< text; "": the daemon didn't tell */
};

/** Writes "spi-i/spi-r" in hexadecimal: an SA's name in logs. */
void ike_sa_name(const uint8_t spis[IKE_SPIS_SIZE], char name[KEY_NAME_SIZE]);

/**
 * Takes an SA from a message of type SA or EVENT_UP. With DERIVE_APPLIANCE the secret is computed from SK_d, with DERIVE_DAEMON it
 * comes ready. ERROR_ARGUMENT: no key for us in it; the text says why (a PRF that we don't have, a secret that is missing or too short).
 * ERROR_MEMORY. The caller destroys *sa.
 */
int ike_sa_read(const struct ike_key_message *message, enum config_derive derive,
                struct ike_sa **sa, struct error *error);

/** Wipes and frees. sa may be NULL. */
void ike_sa_destroy(struct ike_sa *sa);

/** The secret as providers hand it out; the caller wipes it. */
void ike_sa_secret(const struct ike_sa *sa, struct shared_secret *secret);

/**
 * Whether a Control-Client at that address may use the SA's key. ERROR_PERMISSION: its address is not the peer's
 * (require_peer_address_match), or the peer's identity matches none of allowed_identities; the text is the reason. RFC 7717 asks for
 * neither. Patterns are those of fnmatch(3) without flags: `*` and `?` match any character, `\` takes the next one as it is. A pattern
 * matches identities of its own kind alone (a prefix as "keyid:", a DN with its '=', a mailbox with its '@', a name or address), but
 * "*" matches all.
 */
int ike_sa_permit(const struct ike_sa *sa, const struct config_ikev2 *settings,
                  const struct address *client, struct error *error);

#endif
