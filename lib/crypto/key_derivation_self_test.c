/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base/secret.h"
#include "crypto/control_stream.h"
#include "crypto/key_derivation.h"
#include "crypto/self_test_vectors.h"
#include "crypto/token_key_run.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int failed(struct error *error, const char *what)
{
	return error_set(error, ERROR_CRYPTO, "self-test of key derivation failed: %s", what);
}

static int prf_test(struct error *error)
{
	uint8_t out[IKE_SECRET_SIZE_MAXIMUM];
	size_t size = 0;

	for (size_t i = 0; i < COUNT_OF(prf_vectors); i++) {
		const struct prf_vector *vector = &prf_vectors[i];

		if (ike_prf_compute(vector->prf, vector->key, vector->key_size, vector->data,
		                    vector->data_size, out) != 0 ||
		    !secret_equal(out, vector->out, ike_prf_size(vector->prf)))
			return failed(error, vector->name);
	}
	if (ike_shared_secret(IKE_PRF_HMAC_SHA2_256, vector_sk_d, sizeof(vector_sk_d), out,
	                      &size) != 0 ||
	    size != sizeof(vector_ike_secret) || !secret_equal(out, vector_ike_secret, size))
		return failed(error, "prf(SK_d, \"IPPM\")");
	return 0;
}

static int token_key_run_test(struct error *error)
{
	struct token_key_run *run =
	        token_key_run_create((const uint8_t *)VECTOR_PASSPHRASE, strlen(VECTOR_PASSPHRASE),
	                             vector_salt, VECTOR_COUNT);
	uint8_t key[TOKEN_KEY_SIZE];
	bool done = false;
	bool right = run != NULL && token_key_run_go_on(run, VECTOR_COUNT / 2, key, &done) == 0 &&
	             !done && token_key_run_go_on(run, VECTOR_COUNT, key, &done) == 0 && done &&
	             secret_equal(key, vector_token_key, sizeof(key));

	token_key_run_destroy(run);
	return right ? 0 : failed(error, "PBKDF2 in slices");
}

static int token_test(const struct session_keys *control, struct error *error)
{
	uint8_t key[TOKEN_KEY_SIZE], token[TOKEN_PLAINTEXT_SIZE];
	struct session_keys opened;

	if (token_key_derive((const uint8_t *)VECTOR_PASSPHRASE, strlen(VECTOR_PASSPHRASE),
	                     vector_salt, VECTOR_COUNT, key) != 0 ||
	    !secret_equal(key, vector_token_key, sizeof(key)))
		return failed(error, "PBKDF2");
	if (token_seal(key, vector_challenge, control, token) != 0 ||
	    !secret_equal(token, vector_token, sizeof(token)))
		return failed(error, "sealing a token");
	if (token_open(key, token, vector_challenge, &opened) != 0 ||
	    !secret_equal(&opened, control, sizeof(opened)))
		return failed(error, "opening a token");
	if (token_open(key, token, vector_salt, &opened) != ERROR_CRYPTO)
		return failed(error, "refusing a token of another challenge");
	return 0;
}

static int sid_test(const struct session_keys *control, struct error *error)
{
	struct session_keys test;

	if (test_keys_derive(control, vector_sid, &test) != 0 ||
	    !secret_equal(test.aes, vector_test_aes, sizeof(test.aes)) ||
	    !secret_equal(test.hmac, vector_test_hmac, sizeof(test.hmac)))
		return failed(error, "test keys by SID");
	return 0;
}

/** Sends a message of the transcript on one side and receives it on the other. */
static bool transfer(struct control_stream *from, struct control_stream *to,
                     const struct control_vector *vector)
{
	enum { MESSAGE_SIZE_MAXIMUM = 128 };
	uint8_t octets[MESSAGE_SIZE_MAXIMUM] = {0};
	size_t covered = vector->size - (vector->has_hmac ? CONTROL_STREAM_HMAC_SIZE : 0u);

	if (vector->size > sizeof(octets))
		return false;
	memcpy(octets, vector->plain, covered);
	int sent = vector->has_hmac ? control_stream_send_with_hmac(from, octets, vector->size)
	                            : control_stream_send(from, octets, vector->size);
	return sent == 0 && secret_equal(octets, vector->sent, vector->size) &&
	       control_stream_receive(to, octets, covered) == 0 &&
	       secret_equal(octets, vector->plain, covered) &&
	       (!vector->has_hmac || control_stream_receive_hmac(to, octets + covered));
}

static int control_test(const struct session_keys *control, struct error *error)
{
	struct control_stream *server =
	        control_stream_create(control, vector_server_iv, vector_client_iv);
	struct control_stream *client =
	        control_stream_create(control, vector_client_iv, vector_server_iv);
	bool right = server != NULL && client != NULL;

	for (size_t i = 0; i < COUNT_OF(control_vectors) && right; i++)
		right = control_vectors[i].from_server
		                ? transfer(server, client, &control_vectors[i])
		                : transfer(client, server, &control_vectors[i]);
	control_stream_destroy(server);
	control_stream_destroy(client);
	return right ? 0 : failed(error, "control stream");
}

int key_derivation_self_test(struct error *error)
{
	struct session_keys control;

	memcpy(control.aes, vector_control_aes, sizeof(control.aes));
	memcpy(control.hmac, vector_control_hmac, sizeof(control.hmac));
	int result = prf_test(error);
	if (result == 0)
		result = token_key_run_test(error);
	if (result == 0)
		result = token_test(&control, error);
	if (result == 0)
		result = sid_test(&control, error);
	if (result == 0)
		result = control_test(&control, error);
	return result;
}
