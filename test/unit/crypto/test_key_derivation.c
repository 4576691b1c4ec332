/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/key_derivation.h"
#include "crypto/token_key_run.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "vectors.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct session_keys zero_keys;

static void self_test_passes(void)
{
	struct error error = {{0}};

	CU_ASSERT_EQUAL(key_derivation_self_test(&error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
	CU_ASSERT_EQUAL(key_derivation_self_test(NULL), 0);
}

static void prf_check(const struct prf_vector *vectors, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct prf_vector *vector = &vectors[i];
		size_t size = ike_prf_size(vector->prf);
		uint8_t out[IKE_SECRET_SIZE_MAXIMUM + 1];

		memset(out, 0xa5, sizeof(out));
		CU_ASSERT_EQUAL(ike_prf_compute(vector->prf, vector->key, vector->key_size,
		                                vector->data, vector->data_size, out),
		                0);
		CU_ASSERT_EQUAL(out[size], 0xa5);
		bool right = memcmp(out, vector->out, size) == 0;
		CU_ASSERT(right);
		if (!right)
			(void)printf("wrong: %s\n", vector->name);
	}
}

static void prfs_give_the_published_answers(void)
{
	prf_check(prf_vectors, COUNT_OF(prf_vectors));
}

static void prfs_take_keys_and_messages_of_any_size(void)
{
	prf_check(prf_edge_vectors, COUNT_OF(prf_edge_vectors));
}

static void prf_takes_no_pointer_for_nothing(void)
{
	for (enum ike_prf prf = IKE_PRF_HMAC_MD5; prf <= IKE_PRF_AES128_CMAC; prf++) {
		uint8_t left[IKE_SECRET_SIZE_MAXIMUM], right[IKE_SECRET_SIZE_MAXIMUM];

		if (ike_prf_size(prf) == 0)
			continue;
		CU_ASSERT_EQUAL(ike_prf_compute(prf, NULL, 0, NULL, 0, left), 0);
		CU_ASSERT_EQUAL(ike_prf_compute(prf, left, 0, left, 0, right), 0);
		CU_ASSERT(memcmp(left, right, ike_prf_size(prf)) == 0);
	}
}

static void prf_names(void)
{
	static const struct {
		const char *name;
		enum ike_prf prf;
		size_t size;
	} expected[] = {
	        {"hmac-md5", IKE_PRF_HMAC_MD5, 16},
	        {"hmac-sha1", IKE_PRF_HMAC_SHA1, 20},
	        {"aes128-xcbc", IKE_PRF_AES128_XCBC, 16},
	        {"hmac-sha2-256", IKE_PRF_HMAC_SHA2_256, 32},
	        {"hmac-sha2-384", IKE_PRF_HMAC_SHA2_384, 48},
	        {"hmac-sha2-512", IKE_PRF_HMAC_SHA2_512, 64},
	        {"aes128-cmac", IKE_PRF_AES128_CMAC, 16},
	};
	enum ike_prf prf;

	for (size_t i = 0; i < COUNT_OF(expected); i++) {
		CU_ASSERT_EQUAL(ike_prf_parse(expected[i].name, &prf), 0);
		CU_ASSERT_EQUAL(prf, expected[i].prf);
		CU_ASSERT_EQUAL(ike_prf_size(prf), expected[i].size);
		CU_ASSERT_STRING_EQUAL(ike_prf_name(prf), expected[i].name);
	}
	CU_ASSERT_EQUAL(ike_prf_parse("hmac-sha2", &prf), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(ike_prf_parse("", &prf), ERROR_ARGUMENT);
	prf = (enum ike_prf)3; /* HMAC-TIGER */
	uint8_t out[IKE_SECRET_SIZE_MAXIMUM];
	CU_ASSERT_EQUAL(ike_prf_compute(prf, out, 0, out, 0, out), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(ike_prf_size(prf), 0);
	CU_ASSERT_STRING_EQUAL(ike_prf_name(prf), "unknown");
}

static void ike_secrets(void)
{
	uint8_t secret[IKE_SECRET_SIZE_MAXIMUM], key[TOKEN_KEY_SIZE];
	size_t size = 0;

	for (size_t i = 0; i < COUNT_OF(secret_vectors); i++) {
		const struct secret_vector *vector = &secret_vectors[i];

		CU_ASSERT_EQUAL(ike_shared_secret(vector->prf, vector->sk_d, vector->sk_d_size,
		                                  secret, &size),
		                0);
		CU_ASSERT_EQUAL(size, vector->size);
		CU_ASSERT(memcmp(secret, vector->out, vector->size) == 0);
	}
	CU_ASSERT_EQUAL(
	        ike_shared_secret((enum ike_prf)3, vector_sk_d, sizeof(vector_sk_d), secret, &size),
	        ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(size, 0);
	CU_ASSERT_EQUAL(token_key_derive(vector_ike_secret, sizeof(vector_ike_secret), vector_salt,
	                                 VECTOR_COUNT, key),
	                0);
	CU_ASSERT(memcmp(key, vector_ike_token_key, sizeof(key)) == 0);
}

static void keys_of(const uint8_t *aes, const uint8_t *hmac, struct session_keys *keys)
{
	memcpy(keys->aes, aes, sizeof(keys->aes));
	memcpy(keys->hmac, hmac, sizeof(keys->hmac));
}

/** PBKDF2, the Token both ways and the test keys of sessions that the self-test does not know. */
static void sessions(void)
{
	for (size_t i = 0; i < COUNT_OF(session_vectors); i++) {
		const struct session_vector *vector = &session_vectors[i];
		uint8_t key[TOKEN_KEY_SIZE], token[TOKEN_PLAINTEXT_SIZE];
		struct session_keys control, test, expected, opened;

		keys_of(vector->aes, vector->hmac, &control);
		keys_of(vector->test_aes, vector->test_hmac, &expected);
		CU_ASSERT_EQUAL(token_key_derive(vector->secret, vector->secret_size, vector->salt,
		                                 vector->count, key),
		                0);
		CU_ASSERT(memcmp(key, vector->token_key, sizeof(key)) == 0);
		CU_ASSERT_EQUAL(token_seal(key, vector->challenge, &control, token), 0);
		CU_ASSERT(memcmp(token, vector->token, sizeof(token)) == 0);
		CU_ASSERT_EQUAL(token_open(key, vector->token, vector->challenge, &opened), 0);
		CU_ASSERT(memcmp(&opened, &control, sizeof(opened)) == 0);
		CU_ASSERT_EQUAL(test_keys_derive(&control, vector->sid, &test), 0);
		CU_ASSERT(memcmp(&test, &expected, sizeof(test)) == 0);
	}
}

/** Slices of any size give the key of the vectors. */
static void pbkdf2_in_slices(void)
{
	static const uint32_t slices[] = {1, 7, 1023, 1024, 1u << 31};

	for (size_t i = 0; i < COUNT_OF(session_vectors); i++) {
		const struct session_vector *vector = &session_vectors[i];

		for (size_t j = 0; j < COUNT_OF(slices); j++) {
			struct token_key_run *run = token_key_run_create(
			        vector->secret, vector->secret_size, vector->salt, vector->count);
			uint8_t key[TOKEN_KEY_SIZE];
			uint32_t turns = 0;
			bool done = false;

			CU_ASSERT_PTR_NOT_NULL_FATAL(run);
			for (; !done && turns <= vector->count; turns++)
				CU_ASSERT_EQUAL(token_key_run_go_on(run, slices[j], key, &done), 0);
			CU_ASSERT_TRUE(done);
			CU_ASSERT(turns >= (vector->count - 1) / slices[j]);
			CU_ASSERT(memcmp(key, vector->token_key, sizeof(key)) == 0);
			token_key_run_destroy(run);
		}
	}
	CU_ASSERT_PTR_NULL(token_key_run_create(vector_sk_d, 1, vector_salt, 0));
	token_key_run_destroy(NULL);
}

static void ike_tokens(void)
{
	struct session_keys control, opened;

	keys_of(vector_control_aes, vector_control_hmac, &control);
	CU_ASSERT_EQUAL(
	        token_open(vector_ike_token_key, vector_ike_token, vector_challenge, &opened), 0);
	CU_ASSERT(memcmp(&opened, &control, sizeof(opened)) == 0);
	CU_ASSERT_EQUAL(
	        token_open(vector_ike_secret, vector_ike_direct_token, vector_challenge, &opened),
	        0);
	CU_ASSERT(memcmp(&opened, &control, sizeof(opened)) == 0);
}

static void pbkdf2_bounds(void)
{
	uint8_t key[TOKEN_KEY_SIZE];

	CU_ASSERT_EQUAL(token_key_derive(vector_sk_d, 1, vector_salt, 0, key), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(token_key_derive(vector_sk_d, 1, vector_salt, (uint32_t)INT_MAX + 1u, key),
	                ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(token_key_derive(NULL, 0, vector_salt, 1, key), 0);
}

static void refused(const uint8_t *key, const uint8_t *token, const uint8_t *challenge)
{
	struct session_keys opened;

	memset(&opened, 0xa5, sizeof(opened));
	CU_ASSERT_EQUAL(token_open(key, token, challenge, &opened), ERROR_CRYPTO);
	CU_ASSERT(memcmp(&opened, &zero_keys, sizeof(opened)) == 0);
}

static void wrong_tokens_are_refused_and_wiped(void)
{
	uint8_t challenge[DERIVE_CHALLENGE_SIZE], token[TOKEN_PLAINTEXT_SIZE], key[TOKEN_KEY_SIZE];

	for (unsigned bit = 0; bit < 8 * DERIVE_CHALLENGE_SIZE; bit++) {
		uint8_t mask = (uint8_t)(1u << bit % 8);

		memcpy(challenge, vector_challenge, sizeof(challenge));
		challenge[bit / 8] ^= mask;
		refused(vector_token_key, vector_token, challenge);
		memcpy(token, vector_token, sizeof(token));
		token[bit / 8] ^= mask;
		refused(vector_token_key, token, vector_challenge);
		memcpy(key, vector_token_key, sizeof(key));
		key[bit / 8] ^= mask;
		refused(key, vector_token, vector_challenge);
	}
}

static void random_octets_are_fresh(void)
{
	uint8_t left[32], right[32];

	CU_ASSERT_EQUAL(random_octets(left, sizeof(left)), 0);
	CU_ASSERT_EQUAL(random_octets(right, sizeof(right)), 0);
	CU_ASSERT(memcmp(left, right, sizeof(left)) != 0);
	CU_ASSERT_EQUAL(random_octets(left, 0), 0);
	CU_ASSERT_EQUAL(random_octets(left, SIZE_MAX), ERROR_ARGUMENT);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"self-test passes", self_test_passes},
	        {"PRFs give the published answers", prfs_give_the_published_answers},
	        {"PRFs take keys and messages of any size",
	         prfs_take_keys_and_messages_of_any_size},
	        {"PRF takes no pointer for nothing", prf_takes_no_pointer_for_nothing},
	        {"PRF names", prf_names},
	        {"IKE secrets", ike_secrets},
	        {"sessions", sessions},
	        {"PBKDF2 in slices", pbkdf2_in_slices},
	        {"IKE tokens", ike_tokens},
	        {"PBKDF2 bounds", pbkdf2_bounds},
	        {"wrong tokens are refused and wiped", wrong_tokens_are_refused_and_wiped},
	        {"random octets are fresh", random_octets_are_fresh},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("crypto-key-derivation", tests);
}
