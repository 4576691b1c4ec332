/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference suite: OpenSSL's EVP as its manual shows it, one packet after the other. */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/suite_internal.h"

enum { DECRYPT, ENCRYPT, DIRECTIONS };

#define CIPHERS (SUITE_AES_CBC + 1)

/** Contexts that hold the key schedules and the keyed HMAC. They are only copied from, so that threads may share them. */
struct openssl_keys {
	EVP_CIPHER_CTX *cipher[CIPHERS][DIRECTIONS];
	EVP_MAC_CTX *hmac;
} __attribute__((aligned(SUITE_KEYS_ALIGN)));

struct suite_openssl {
	struct suite suite;
	EVP_MAC *hmac;
	EVP_CIPHER_CTX *working; /**< a packet's copy of the session's context */
};

static void openssl_destroy(struct suite *suite)
{
	struct suite_openssl *self = (struct suite_openssl *)suite;

	EVP_CIPHER_CTX_free(self->working);
	EVP_MAC_free(self->hmac);
	free(self);
}

static void openssl_keys_wipe(const struct suite *suite, void *expanded)
{
	struct openssl_keys *keys = expanded;

	(void)suite;
	for (unsigned cipher = 0; cipher < CIPHERS; cipher++)
		for (unsigned direction = 0; direction < DIRECTIONS; direction++)
			EVP_CIPHER_CTX_free(keys->cipher[cipher][direction]);
	EVP_MAC_CTX_free(keys->hmac);
	secret_wipe(keys, sizeof(*keys));
}

static EVP_CIPHER_CTX *cipher_expand(const EVP_CIPHER *cipher, const uint8_t *key, int encrypt)
{
	static const uint8_t zero_iv[AES_BLOCK_SIZE];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	if (context != NULL &&
	    EVP_CipherInit_ex2(context, cipher, key, zero_iv, encrypt, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(context, 0) == 1)
		return context;
	EVP_CIPHER_CTX_free(context);
	return NULL;
}

static EVP_MAC_CTX *hmac_expand(EVP_MAC *mac, const uint8_t *key, size_t size)
{
	char digest[] = "SHA1";
	const OSSL_PARAM parameters[] = {
	        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	        OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);

	if (context != NULL && EVP_MAC_init(context, key, size, parameters) == 1)
		return context;
	EVP_MAC_CTX_free(context);
	return NULL;
}

static int openssl_keys_expand(const struct suite *suite, const struct session_keys *raw,
                               void *expanded)
{
	const struct suite_openssl *self = (const struct suite_openssl *)suite;
	struct openssl_keys *keys = expanded;
	const EVP_CIPHER *const ciphers[CIPHERS] = {
	        [SUITE_AES_ECB] = EVP_aes_128_ecb(), [SUITE_AES_CBC] = EVP_aes_128_cbc()};
	bool complete = true;

	memset(keys, 0, sizeof(*keys));
	for (unsigned cipher = 0; cipher < CIPHERS; cipher++) {
		for (unsigned direction = 0; direction < DIRECTIONS; direction++) {
			keys->cipher[cipher][direction] =
			        cipher_expand(ciphers[cipher], raw->aes, direction == ENCRYPT);
			complete = complete && keys->cipher[cipher][direction] != NULL;
		}
	}
	keys->hmac = hmac_expand(self->hmac, raw->hmac, sizeof(raw->hmac));
	if (complete && keys->hmac != NULL)
		return 0;
	openssl_keys_wipe(suite, expanded);
	return ERROR_CRYPTO;
}

static bool cipher_run(struct suite_openssl *self, const struct suite_job *job, unsigned direction)
{
	const struct openssl_keys *keys = job->keys;
	int written = 0;

	return EVP_CIPHER_CTX_copy(self->working, keys->cipher[job->cipher][direction]) == 1 &&
	       EVP_CipherUpdate(self->working, job->data, &written, job->data,
	                        job->protected_size) == 1 &&
	       written == job->protected_size;
}

static bool hmac_run(const struct suite_job *job, uint8_t digest[HMAC_SHA1_DIGEST_SIZE])
{
	const struct openssl_keys *keys = job->keys;
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(keys->hmac);
	size_t written = 0;

	bool done = context != NULL &&
	            EVP_MAC_update(context, job->data, job->protected_size) == 1 &&
	            EVP_MAC_final(context, digest, &written, HMAC_SHA1_DIGEST_SIZE) == 1;
	EVP_MAC_CTX_free(context);
	return done && written == HMAC_SHA1_DIGEST_SIZE;
}

static void openssl_open_burst(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	struct suite_openssl *self = (struct suite_openssl *)suite;
	uint8_t digest[HMAC_SHA1_DIGEST_SIZE];

	for (unsigned i = 0; i < count; i++)
		jobs[i].verified = cipher_run(self, &jobs[i], DECRYPT) &&
		                   hmac_run(&jobs[i], digest) &&
		                   secret_equal(digest, jobs[i].hmac, SUITE_HMAC_SIZE);
	secret_wipe(digest, sizeof(digest));
}

static void openssl_seal_burst(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	struct suite_openssl *self = (struct suite_openssl *)suite;
	uint8_t digest[HMAC_SHA1_DIGEST_SIZE];

	for (unsigned i = 0; i < count; i++) {
		if (hmac_run(&jobs[i], digest) && cipher_run(self, &jobs[i], ENCRYPT))
			memcpy(jobs[i].hmac, digest, SUITE_HMAC_SIZE);
		else
			suite_seal_failed(&jobs[i]);
	}
	secret_wipe(digest, sizeof(digest));
}

static const struct suite_operations openssl_operations = {
        .keys_size = sizeof(struct openssl_keys),
        .destroy = openssl_destroy,
        .keys_expand = openssl_keys_expand,
        .keys_wipe = openssl_keys_wipe,
        .open_burst = openssl_open_burst,
        .seal_burst = openssl_seal_burst,
};

int suite_openssl_create(struct suite **suite, struct error *error)
{
	struct suite_openssl *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the OpenSSL suite");
	self->suite.operations = &openssl_operations;
	(void)snprintf(self->suite.name, sizeof(self->suite.name), "openssl %s",
	               OpenSSL_version(OPENSSL_VERSION_STRING));
	self->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	self->working = EVP_CIPHER_CTX_new();
	if (self->hmac == NULL || self->working == NULL) {
		openssl_destroy(&self->suite);
		return error_set(error, ERROR_CRYPTO, "OpenSSL gives no HMAC or cipher context");
	}
	*suite = &self->suite;
	return 0;
}
