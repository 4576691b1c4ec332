/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * OpenSSL's implementations that the slow path needs for each connection, found once: a search by name takes longer than what they then
 * compute. Any thread; they stay OpenSSL's, for the process's life.
 */
#ifndef SPECULAR_CRYPTO_METHODS_H
#define SPECULAR_CRYPTO_METHODS_H

#include <openssl/evp.h>

/** NULL when OpenSSL has none. */
EVP_CIPHER *method_aes128_cbc(void);
EVP_MAC *method_hmac(void);

#endif
