/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/token_key_run.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/methods.h"

#define HMAC_SHA1_SIZE 20u
_Static_assert(TOKEN_KEY_SIZE <= HMAC_SHA1_SIZE, "one block of PBKDF2's output suffices");

/** RFC 8018 section 5.2: T_1 = U_1 ^ U_2 ^ ... U_count. */
struct token_key_run {
	EVP_MAC_CTX *hmac; /**< keyed with the secret */
	uint32_t left;     /**< iterations */
	uint8_t last[HMAC_SHA1_SIZE];
	uint8_t sum[HMAC_SHA1_SIZE];
};

/** last = HMAC(secret, octets) */
static bool next(struct token_key_run *run, const uint8_t *octets, size_t size)
{
	size_t written = 0;

	return EVP_MAC_init(run->hmac, NULL, 0, NULL) == 1 &&
	       EVP_MAC_update(run->hmac, octets, size) == 1 &&
	       EVP_MAC_final(run->hmac, run->last, &written, sizeof(run->last)) == 1 &&
	       written == sizeof(run->last);
}

static bool set_key(struct token_key_run *run, const uint8_t *secret, size_t secret_size)
{
	static const uint8_t empty[1];
	char digest[] = "SHA1";
	const OSSL_PARAM parameters[] = {
	        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	        OSSL_PARAM_construct_end(),
	};
	EVP_MAC *method = method_hmac();

	if (method != NULL)
		run->hmac = EVP_MAC_CTX_new(method);
	return run->hmac != NULL && EVP_MAC_init(run->hmac, secret_size > 0 ? secret : empty,
	                                         secret_size, parameters) == 1;
}

struct token_key_run *token_key_run_create(const uint8_t *secret, size_t secret_size,
                                           const uint8_t salt[DERIVE_SALT_SIZE], uint32_t count)
{
	/* The salt and the number of the block, from 1. */
	uint8_t first[DERIVE_SALT_SIZE + 4] = {[DERIVE_SALT_SIZE + 3] = 1};
	struct token_key_run *run = count < 1 ? NULL : calloc(1, sizeof(*run));

	if (run == NULL)
		return NULL;
	memcpy(first, salt, DERIVE_SALT_SIZE);
	if (!set_key(run, secret, secret_size) || !next(run, first, sizeof(first))) {
		token_key_run_destroy(run);
		return NULL;
	}
	memcpy(run->sum, run->last, sizeof(run->sum));
	run->left = count - 1;
	return run;
}

int token_key_run_go_on(struct token_key_run *run, uint32_t iterations, uint8_t key[TOKEN_KEY_SIZE],
                        bool *done)
{
	for (; iterations > 0 && run->left > 0; iterations--, run->left--) {
		if (!next(run, run->last, sizeof(run->last)))
			return ERROR_CRYPTO;
		for (unsigned i = 0; i < sizeof(run->sum); i++)
			run->sum[i] ^= run->last[i];
	}
	*done = run->left == 0;
	if (*done)
		memcpy(key, run->sum, TOKEN_KEY_SIZE);
	return 0;
}

void token_key_run_destroy(struct token_key_run *run)
{
	if (run == NULL)
		return;
	EVP_MAC_CTX_free(run->hmac);
	secret_wipe(run, sizeof(*run));
	free(run);
}
