/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/aes128.h"
#include "crypto/key_derivation.h"

/** RFC 4656 section 3.1: what the Token holds. */
struct token {
	uint8_t challenge[DERIVE_CHALLENGE_SIZE];
	uint8_t aes[AES_KEY_SIZE];
	uint8_t hmac[HMAC_KEY_SIZE];
};

_Static_assert(sizeof(struct token) == TOKEN_PLAINTEXT_SIZE, "a Token has 64 octets");

int token_key_derive(const uint8_t *secret, size_t secret_size,
                     const uint8_t salt[DERIVE_SALT_SIZE], uint32_t count,
                     uint8_t key[TOKEN_KEY_SIZE])
{
	if (count < 1 || count > INT_MAX || secret_size > INT_MAX)
		return ERROR_ARGUMENT;
	const char *pass = secret_size > 0 ? (const char *)secret : "";
	if (PKCS5_PBKDF2_HMAC_SHA1(pass, (int)secret_size, salt, (int)DERIVE_SALT_SIZE, (int)count,
	                           (int)TOKEN_KEY_SIZE, key) != 1)
		return ERROR_CRYPTO;
	return 0;
}

int token_seal(const uint8_t key[TOKEN_KEY_SIZE], const uint8_t challenge[DERIVE_CHALLENGE_SIZE],
               const struct session_keys *keys, uint8_t token[TOKEN_PLAINTEXT_SIZE])
{
	struct token plain;

	memcpy(plain.challenge, challenge, sizeof(plain.challenge));
	memcpy(plain.aes, keys->aes, sizeof(plain.aes));
	memcpy(plain.hmac, keys->hmac, sizeof(plain.hmac));
	int result = aes128_cbc_encrypt(key, (const uint8_t *)&plain, sizeof(plain), token);
	secret_wipe(&plain, sizeof(plain));
	return result;
}

int token_open(const uint8_t key[TOKEN_KEY_SIZE], const uint8_t token[TOKEN_PLAINTEXT_SIZE],
               const uint8_t challenge[DERIVE_CHALLENGE_SIZE], struct session_keys *keys)
{
	struct token plain;

	int result = aes128_cbc_decrypt(key, token, sizeof(plain), (uint8_t *)&plain);
	if (result == 0 && !secret_equal(plain.challenge, challenge, sizeof(plain.challenge)))
		result = ERROR_CRYPTO;
	if (result == 0) {
		memcpy(keys->aes, plain.aes, sizeof(plain.aes));
		memcpy(keys->hmac, plain.hmac, sizeof(plain.hmac));
	} else {
		secret_wipe(keys, sizeof(*keys));
	}
	secret_wipe(&plain, sizeof(plain));
	return result;
}
