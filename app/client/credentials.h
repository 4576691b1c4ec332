/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the Control-Client proves itself with: a pre-shared key by KeyID, or prf(SK_d, "IPPM") of an IKE SA by its SPIs (RFC 7717
 * section 5.1). Secrets of files live in the key providers and are wiped with them.
 */
#ifndef SPECULAR_CLIENT_CREDENTIALS_H
#define SPECULAR_CLIENT_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "crypto/key_derivation.h"
#include "key/key_provider.h"
#include "server_sa.h"
#include "wire/control_message.h"

struct credentials {
	struct key_provider *keys; /**< owned; NULL without a key file */
	struct key_provider *sas;  /**< owned; NULL without an SA file */
	const char *key_id;        /**< borrowed */
	bool ike_token_direct;
	struct server_sa
	        sa; /**< the SA file's first, its secret left in sas; or the IKE daemon's */
};

/** Loads the files that are given (NULL: none). ERROR_NOT_FOUND when the key file lacks key_id. */
int credentials_load(struct credentials *credentials, const char *key_file, const char *key_id,
                     const char *sa_file, bool ike_token_direct, struct error *error);

/** Wipes and frees; a zeroed one too. */
void credentials_free(struct credentials *credentials);

/**
 * The KeyID field for a mode and the AES key of the Token under a greeting's Salt and Count (RFC 4656 section 3.1). The caller
 * wipes token_key.
 */
int credentials_token_key(const struct credentials *credentials, uint32_t mode,
                          const struct server_greeting *greeting, uint8_t key_id[KEY_ID_SIZE],
                          uint8_t token_key[TOKEN_KEY_SIZE], struct error *error);

#endif
