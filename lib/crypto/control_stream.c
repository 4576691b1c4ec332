/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/control_stream.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "crypto/methods.h"

#define BLOCK_SIZE     16u
#define HMAC_SHA1_SIZE 20u
#define SIZE_WITH_HMAC (BLOCK_SIZE + CONTROL_STREAM_HMAC_SIZE)

/** One direction: a CBC stream that never restarts and an HMAC that does after each HMAC block. OpenSSL's contexts own the keys. */
struct direction {
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *hmac;
};

struct control_stream {
	bool keyed;
	struct direction send;
	struct direction receive;
};

/** An HMAC-SHA1 under a key, for both directions. */
static EVP_MAC_CTX *hmac_begin(const uint8_t key[HMAC_KEY_SIZE])
{
	char digest[] = "SHA1";
	const OSSL_PARAM parameters[] = {
	        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	        OSSL_PARAM_construct_end(),
	};
	EVP_MAC *method = method_hmac();
	EVP_MAC_CTX *hmac = method != NULL ? EVP_MAC_CTX_new(method) : NULL;

	if (hmac != NULL && EVP_MAC_init(hmac, key, HMAC_KEY_SIZE, parameters) == 1)
		return hmac;
	EVP_MAC_CTX_free(hmac);
	return NULL;
}

static EVP_CIPHER_CTX *cipher_begin(const uint8_t key[AES_KEY_SIZE], const uint8_t *iv, int encrypt)
{
	EVP_CIPHER *method = method_aes128_cbc();
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();

	if (cipher != NULL && method != NULL &&
	    EVP_CipherInit_ex2(cipher, method, key, iv, encrypt, NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(cipher, 0) == 1)
		return cipher;
	EVP_CIPHER_CTX_free(cipher);
	return NULL;
}

static bool open_directions(struct control_stream *stream, const struct session_keys *keys,
                            const uint8_t *send_iv, const uint8_t *receive_iv)
{
	stream->send.cipher = cipher_begin(keys->aes, send_iv, 1);
	stream->receive.cipher = cipher_begin(keys->aes, receive_iv, 0);
	stream->send.hmac = hmac_begin(keys->hmac);
	if (stream->send.hmac != NULL)
		stream->receive.hmac = EVP_MAC_CTX_dup(stream->send.hmac);
	return stream->send.cipher != NULL && stream->receive.cipher != NULL &&
	       stream->receive.hmac != NULL;
}

static void direction_close(struct direction *direction)
{
	EVP_CIPHER_CTX_free(direction->cipher);
	EVP_MAC_CTX_free(direction->hmac);
}

struct control_stream *control_stream_create(const struct session_keys *keys,
                                             const uint8_t *send_iv, const uint8_t *receive_iv)
{
	struct control_stream *stream = calloc(1, sizeof(*stream));

	if (stream == NULL || keys == NULL)
		return stream;
	stream->keyed = true;
	if (open_directions(stream, keys, send_iv, receive_iv))
		return stream;
	control_stream_destroy(stream);
	return NULL;
}

void control_stream_destroy(struct control_stream *stream)
{
	if (stream == NULL)
		return;
	direction_close(&stream->send);
	direction_close(&stream->receive);
	free(stream);
}

static bool cipher_update(struct direction *direction, uint8_t *octets, size_t size)
{
	int written = 0;

	return EVP_CipherUpdate(direction->cipher, octets, &written, octets, (int)size) == 1 &&
	       (size_t)written == size;
}

/** Ends a span: its HMAC, cut to 16 octets, and the next span begins under the same key. */
static bool hmac_finish(struct direction *direction, uint8_t hmac[CONTROL_STREAM_HMAC_SIZE])
{
	uint8_t whole[HMAC_SHA1_SIZE] = {0};
	size_t written = 0;

	bool done = EVP_MAC_final(direction->hmac, whole, &written, sizeof(whole)) == 1 &&
	            written == sizeof(whole) && EVP_MAC_init(direction->hmac, NULL, 0, NULL) == 1;
	memcpy(hmac, whole, CONTROL_STREAM_HMAC_SIZE);
	secret_wipe(whole, sizeof(whole));
	return done;
}

static bool whole_blocks(size_t size)
{
	return size % BLOCK_SIZE == 0 && size <= INT_MAX;
}

int control_stream_send(struct control_stream *stream, uint8_t *octets, size_t size)
{
	if (!whole_blocks(size))
		return ERROR_ARGUMENT;
	if (!stream->keyed)
		return 0;
	if (EVP_MAC_update(stream->send.hmac, octets, size) != 1 ||
	    !cipher_update(&stream->send, octets, size))
		return ERROR_CRYPTO;
	return 0;
}

int control_stream_send_with_hmac(struct control_stream *stream, uint8_t *octets, size_t size)
{
	if (!whole_blocks(size) || size < SIZE_WITH_HMAC)
		return ERROR_ARGUMENT;
	size_t covered = size - CONTROL_STREAM_HMAC_SIZE;
	uint8_t *hmac = octets + covered;
	if (!stream->keyed) {
		memset(hmac, 0, CONTROL_STREAM_HMAC_SIZE);
		return 0;
	}
	if (EVP_MAC_update(stream->send.hmac, octets, covered) != 1 ||
	    !hmac_finish(&stream->send, hmac) || !cipher_update(&stream->send, octets, size))
		return ERROR_CRYPTO;
	return 0;
}

int control_stream_receive(struct control_stream *stream, uint8_t *octets, size_t size)
{
	if (!whole_blocks(size))
		return ERROR_ARGUMENT;
	if (!stream->keyed)
		return 0;
	if (!cipher_update(&stream->receive, octets, size) ||
	    EVP_MAC_update(stream->receive.hmac, octets, size) != 1)
		return ERROR_CRYPTO;
	return 0;
}

bool control_stream_receive_hmac(struct control_stream *stream,
                                 uint8_t hmac[CONTROL_STREAM_HMAC_SIZE])
{
	uint8_t expected[CONTROL_STREAM_HMAC_SIZE];

	if (!stream->keyed)
		return true;
	bool right = cipher_update(&stream->receive, hmac, CONTROL_STREAM_HMAC_SIZE) &&
	             hmac_finish(&stream->receive, expected) &&
	             secret_equal(hmac, expected, sizeof(expected));
	secret_wipe(expected, sizeof(expected));
	return right;
}
