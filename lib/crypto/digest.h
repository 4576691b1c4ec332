/* SPDX-License-Identifier: BSD-3-Clause */
/** Digests of what is no secret: which file a report speaks of. */
#ifndef SPECULAR_CRYPTO_DIGEST_H
#define SPECULAR_CRYPTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE      32u
#define SHA256_TEXT_SIZE (2 * SHA256_SIZE + 1)

/** FIPS 180-4. 0 or ERROR_CRYPTO. */
int sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]);

/** Of a file's octets, as hexadecimal digits; 0, ERROR_SYSTEM with errno set, or ERROR_CRYPTO. */
int sha256_file(const char *path, char text[SHA256_TEXT_SIZE]);

#endif
