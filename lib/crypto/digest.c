/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/digest.h"

#include <stdbool.h>
#include <stdio.h>

#include <openssl/evp.h>

#include "base/error.h"

#define READ_SIZE 4096u

int sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE])
{
	return EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL) == 1 ? 0 : ERROR_CRYPTO;
}

static int digest_stream(FILE *file, EVP_MD_CTX *context, uint8_t digest[SHA256_SIZE])
{
	uint8_t octets[READ_SIZE];
	size_t size;

	if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		return ERROR_CRYPTO;
	while ((size = fread(octets, 1, sizeof(octets), file)) > 0) {
		if (EVP_DigestUpdate(context, octets, size) != 1)
			return ERROR_CRYPTO;
	}
	if (ferror(file) != 0)
		return ERROR_SYSTEM;
	return EVP_DigestFinal_ex(context, digest, NULL) == 1 ? 0 : ERROR_CRYPTO;
}

int sha256_file(const char *path, char text[SHA256_TEXT_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return ERROR_SYSTEM;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int status = digest_stream(file, context, digest);
	EVP_MD_CTX_free(context);
	(void)fclose(file);
	for (size_t i = 0; i < SHA256_SIZE && status == 0; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", (unsigned)digest[i]);
	return status;
}
