/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA1_Transform is deprecated, not gone: nothing else of OpenSSL starts an HMAC from a saved state without copying a context. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "base/bytes.h"
#include "crypto/suite_internal.h"

enum way { PREPARED, PER_PACKET };
enum { DECRYPT, ENCRYPT, DIRECTIONS };

#define CIPHERS            (SUITE_AES_CBC + 1)
#define HASH_BLOCKS_SIZE   128u /**< of the longest message with its padding */
#define SHA1_PADDING_SIZE  9u   /**< at least */
#define SHA1_LENGTH_OFFSET 8u   /**< from the end */

struct openssl_keys {
	EVP_CIPHER_CTX *cipher[CIPHERS][DIRECTIONS]; /**< prepared only */
	SHA_CTX inner;
	SHA_CTX outer;
	struct session_keys raw; /**< per packet only */
} __attribute__((aligned(SUITE_KEYS_ALIGN)));

static const uint8_t zero_iv[AES_BLOCK_SIZE];

static const EVP_CIPHER *cipher_of(unsigned cipher)
{
	return cipher == SUITE_AES_ECB ? EVP_aes_128_ecb() : EVP_aes_128_cbc();
}

static EVP_CIPHER_CTX *context_make(unsigned cipher, const uint8_t *key, int direction)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	if (context == NULL ||
	    EVP_CipherInit_ex(context, cipher_of(cipher), NULL, key, zero_iv, direction) != 1 ||
	    EVP_CIPHER_CTX_set_padding(context, 0) != 1)
		abort();
	return context;
}

static void cipher_update(EVP_CIPHER_CTX *context, const struct suite_job *job)
{
	int written = 0;

	if (EVP_CipherUpdate(context, job->data, &written, job->data, job->protected_size) != 1 ||
	    written != job->protected_size)
		abort();
}

static void hmac_state(SHA_CTX *state, const struct session_keys *raw, uint8_t pad)
{
	uint8_t block[HMAC_SHA1_BLOCK_SIZE];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < sizeof(raw->hmac); i++)
		block[i] ^= raw->hmac[i];
	SHA1_Init(state);
	SHA1_Transform(state, block);
}

static int prepared_expand(const struct suite *suite, const struct session_keys *raw,
                           void *expanded)
{
	struct openssl_keys *keys = expanded;

	(void)suite;
	memset(keys, 0, sizeof(*keys));
	for (unsigned cipher = 0; cipher < CIPHERS; cipher++)
		for (int direction = 0; direction < DIRECTIONS; direction++)
			keys->cipher[cipher][direction] = context_make(cipher, raw->aes, direction);
	hmac_state(&keys->inner, raw, 0x36);
	hmac_state(&keys->outer, raw, 0x5c);
	return 0;
}

static int per_packet_expand(const struct suite *suite, const struct session_keys *raw,
                             void *expanded)
{
	struct openssl_keys *keys = expanded;

	(void)suite;
	memset(keys, 0, sizeof(*keys));
	keys->raw = *raw;
	return 0;
}

static void keys_wipe(const struct suite *suite, void *expanded)
{
	struct openssl_keys *keys = expanded;

	(void)suite;
	for (unsigned cipher = 0; cipher < CIPHERS; cipher++)
		for (unsigned direction = 0; direction < DIRECTIONS; direction++)
			EVP_CIPHER_CTX_free(keys->cipher[cipher][direction]);
	secret_wipe(keys, sizeof(*keys));
}

/** The hash goes on from a saved state over size octets, with one block before them, and ends. */
static void hash_on(const SHA_CTX *state, const uint8_t *data, size_t size,
                    uint8_t digest[HMAC_SHA1_DIGEST_SIZE])
{
	uint8_t blocks[HASH_BLOCKS_SIZE] = {0};
	size_t end = size + SHA1_PADDING_SIZE <= HMAC_SHA1_BLOCK_SIZE ? HMAC_SHA1_BLOCK_SIZE
	                                                              : HASH_BLOCKS_SIZE;
	SHA_CTX hash = *state;

	memcpy(blocks, data, size);
	blocks[size] = 0x80;
	store_be64(blocks + end - SHA1_LENGTH_OFFSET, (HMAC_SHA1_BLOCK_SIZE + size) * 8);
	for (size_t at = 0; at < end; at += HMAC_SHA1_BLOCK_SIZE)
		SHA1_Transform(&hash, blocks + at);
	store_be32(digest, hash.h0);
	store_be32(digest + 4, hash.h1);
	store_be32(digest + 8, hash.h2);
	store_be32(digest + 12, hash.h3);
	store_be32(digest + 16, hash.h4);
}

static void prepared_hmac(const struct suite_job *job, uint8_t digest[HMAC_SHA1_DIGEST_SIZE])
{
	const struct openssl_keys *keys = job->keys;
	uint8_t inner[HMAC_SHA1_DIGEST_SIZE];

	hash_on(&keys->inner, job->data, job->protected_size, inner);
	hash_on(&keys->outer, inner, sizeof(inner), digest);
}

static void prepared_cipher(const struct suite_job *job, int direction)
{
	const struct openssl_keys *keys = job->keys;
	EVP_CIPHER_CTX *context = keys->cipher[job->cipher][direction];

	if (job->cipher == SUITE_AES_CBC &&
	    EVP_CipherInit_ex(context, NULL, NULL, NULL, zero_iv, -1) != 1)
		abort();
	cipher_update(context, job);
}

static void per_packet_hmac(const struct suite_job *job, uint8_t digest[HMAC_SHA1_DIGEST_SIZE])
{
	const struct session_keys *raw = &((const struct openssl_keys *)job->keys)->raw;

	if (HMAC(EVP_sha1(), raw->hmac, sizeof(raw->hmac), job->data, job->protected_size, digest,
	         NULL) == NULL)
		abort();
}

static void per_packet_cipher(const struct suite_job *job, int direction)
{
	const struct openssl_keys *keys = job->keys;
	EVP_CIPHER_CTX *context = context_make(job->cipher, keys->raw.aes, direction);

	cipher_update(context, job);
	EVP_CIPHER_CTX_free(context);
}

#define OPEN_AND_SEAL(way)                                                                         \
	static void way##_open(struct suite *suite, struct suite_job *jobs, unsigned count)        \
	{                                                                                          \
		uint8_t digest[HMAC_SHA1_DIGEST_SIZE];                                             \
                                                                                                   \
		(void)suite;                                                                       \
		for (unsigned i = 0; i < count; i++) {                                             \
			way##_cipher(&jobs[i], DECRYPT);                                           \
			way##_hmac(&jobs[i], digest);                                              \
			jobs[i].verified = memcmp(digest, jobs[i].hmac, SUITE_HMAC_SIZE) == 0;     \
		}                                                                                  \
	}                                                                                          \
	static void way##_seal(struct suite *suite, struct suite_job *jobs, unsigned count)        \
	{                                                                                          \
		uint8_t digest[HMAC_SHA1_DIGEST_SIZE];                                             \
                                                                                                   \
		(void)suite;                                                                       \
		for (unsigned i = 0; i < count; i++) {                                             \
			way##_hmac(&jobs[i], digest);                                              \
			way##_cipher(&jobs[i], ENCRYPT);                                           \
			memcpy(jobs[i].hmac, digest, SUITE_HMAC_SIZE);                             \
		}                                                                                  \
	}

OPEN_AND_SEAL(prepared)
OPEN_AND_SEAL(per_packet)

static void destroy(struct suite *suite)
{
	free(suite);
}

static const struct suite_operations operations[] = {
        [PREPARED] = {.keys_size = sizeof(struct openssl_keys),
                      .destroy = destroy,
                      .keys_expand = prepared_expand,
                      .keys_wipe = keys_wipe,
                      .open_burst = prepared_open,
                      .seal_burst = prepared_seal},
        [PER_PACKET] = {.keys_size = sizeof(struct openssl_keys),
                        .destroy = destroy,
                        .keys_expand = per_packet_expand,
                        .keys_wipe = keys_wipe,
                        .open_burst = per_packet_open,
                        .seal_burst = per_packet_seal},
};

static int create(const struct bare *bare, struct suite **suite, struct error *error)
{
	*suite = calloc(1, sizeof(**suite));
	if (*suite == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for OpenSSL");
	(*suite)->operations = &operations[bare->way];
	(void)strncpy((*suite)->name, bare->how, sizeof((*suite)->name) - 1);
	return 0;
}

const struct bare bare_openssl[BARE_OPENSSL_COUNT] = {
        {.how = "openssl", .create = create, .way = PREPARED},
        {.how = "openssl per packet", .create = create, .way = PER_PACKET},
};
