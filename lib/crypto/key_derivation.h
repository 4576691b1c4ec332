/* SPDX-License-Identifier: BSD-3-Clause */
/** From a shared secret to session keys: RFC 4656 sections 3.1 and 4.1.2, RFC 7717 section 5.1. Slow path and probe. */
#ifndef SPECULAR_CRYPTO_KEY_DERIVATION_H
#define SPECULAR_CRYPTO_KEY_DERIVATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "crypto/suite.h"

#define TOKEN_KEY_SIZE          16u
#define TOKEN_PLAINTEXT_SIZE    64u
#define DERIVE_CHALLENGE_SIZE   16u
#define DERIVE_SALT_SIZE        16u
#define DERIVE_SID_SIZE         16u
#define PBKDF2_COUNT_MINIMUM    1024u
#define SK_D_SIZE_MAXIMUM       64u
#define IKE_SECRET_SIZE_MAXIMUM 64u

/** PRFs of IKEv2 (RFC 7296 section 3.3.2 and the IANA registry); the values are IANA's Transform IDs. */
enum ike_prf {
	IKE_PRF_HMAC_MD5 = 1,
	IKE_PRF_HMAC_SHA1 = 2,
	IKE_PRF_AES128_XCBC = 4, /**< RFC 4434 */
	IKE_PRF_HMAC_SHA2_256 = 5,
	IKE_PRF_HMAC_SHA2_384 = 6,
	IKE_PRF_HMAC_SHA2_512 = 7,
	IKE_PRF_AES128_CMAC = 8, /**< RFC 4615 */
};

/** "hmac-sha2-256" and so on; 0 or ERROR_ARGUMENT. */
int ike_prf_parse(const char *name, enum ike_prf *prf);
const char *ike_prf_name(enum ike_prf prf);
/** Octets of the PRF's output. */
size_t ike_prf_size(enum ike_prf prf);

/** prf(key, data). out has ike_prf_size octets. Keys of any length (RFC 4434 and RFC 4615 say how AES PRFs treat them). */
int ike_prf_compute(enum ike_prf prf, const uint8_t *key, size_t key_size, const uint8_t *data,
                    size_t data_size, uint8_t *out);

/** Shared secret key = prf(SK_d, "IPPM"): RFC 7717 section 5.1. */
int ike_shared_secret(enum ike_prf prf, const uint8_t *sk_d, size_t sk_d_size,
                      uint8_t secret[IKE_SECRET_SIZE_MAXIMUM], size_t *secret_size);

/** PBKDF2 with HMAC-SHA1, 16 octets out: RFC 4656 section 3.1. count must be at least 1. */
int token_key_derive(const uint8_t *secret, size_t secret_size,
                     const uint8_t salt[DERIVE_SALT_SIZE], uint32_t count,
                     uint8_t key[TOKEN_KEY_SIZE]);

/** Token = AES-128-CBC, zero IV, of Challenge, AES Session-key, HMAC Session-key: RFC 4656 section 3.1. */
int token_seal(const uint8_t key[TOKEN_KEY_SIZE], const uint8_t challenge[DERIVE_CHALLENGE_SIZE],
               const struct session_keys *keys, uint8_t token[TOKEN_PLAINTEXT_SIZE]);

/** ERROR_CRYPTO when the Challenge inside (compared in constant time) is not the one given; keys are wiped then. */
int token_open(const uint8_t key[TOKEN_KEY_SIZE], const uint8_t token[TOKEN_PLAINTEXT_SIZE],
               const uint8_t challenge[DERIVE_CHALLENGE_SIZE], struct session_keys *keys);

/** TWAMP-Test session keys from TWAMP-Control's and the SID: RFC 4656 section 4.1.2, RFC 5357 section 4.2.1. */
int test_keys_derive(const struct session_keys *control, const uint8_t sid[DERIVE_SID_SIZE],
                     struct session_keys *test);

/** Cryptographically secure random octets, the kernel's (getrandom); ERROR_CRYPTO when it has none. */
int random_octets(uint8_t *out, size_t size);

/** Known answers of everything in this header and of control_stream.h; run once at start. ERROR_CRYPTO names the one that failed. */
int key_derivation_self_test(struct error *error);

#endif
