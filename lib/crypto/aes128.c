/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/aes128.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>

#include "base/error.h"
#include "crypto/methods.h"

static int cbc(const uint8_t *key, const uint8_t *in, size_t size, uint8_t *out, int encrypt)
{
	static const uint8_t zero_iv[AES128_BLOCK_SIZE];
	EVP_CIPHER *method = method_aes128_cbc();
	int written = 0;

	if (size % AES128_BLOCK_SIZE != 0 || size > INT_MAX)
		return ERROR_ARGUMENT;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool done = context != NULL && method != NULL &&
	            EVP_CipherInit_ex2(context, method, key, zero_iv, encrypt, NULL) == 1 &&
	            EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
	            EVP_CipherUpdate(context, out, &written, in, (int)size) == 1 &&
	            (size_t)written == size;
	EVP_CIPHER_CTX_free(context);
	return done ? 0 : ERROR_CRYPTO;
}

int aes128_cbc_encrypt(const uint8_t key[AES128_KEY_SIZE], const uint8_t *in, size_t size,
                       uint8_t *out)
{
	return cbc(key, in, size, out, 1);
}

int aes128_cbc_decrypt(const uint8_t key[AES128_KEY_SIZE], const uint8_t *in, size_t size,
                       uint8_t *out)
{
	return cbc(key, in, size, out, 0);
}
