/* SPDX-License-Identifier: BSD-3-Clause */
/** What a suite of either kind is made of; only the suites' own files include this. */
#ifndef SPECULAR_CRYPTO_SUITE_INTERNAL_H
#define SPECULAR_CRYPTO_SUITE_INTERNAL_H

#include "base/secret.h"
#include "crypto/suite.h"

#define AES_BLOCK_SIZE        16u
#define SUITE_HMAC_SIZE       16u /**< HMAC-SHA1 cut to 128 bits: RFC 4656 section 3.2 */
#define SUITE_PROTECTED_SIZE  96u /**< the most that a job protects: RFC 5357 section 4.2.1 */
#define SUITE_NAME_SIZE       64u
#define HMAC_SHA1_DIGEST_SIZE 20u
#define HMAC_SHA1_BLOCK_SIZE  64u

/** The functions of suite.h with the same meaning. */
struct suite_operations {
	size_t keys_size; /**< a multiple of SUITE_KEYS_ALIGN */
	void (*destroy)(struct suite *suite);
	int (*keys_expand)(const struct suite *suite, const struct session_keys *raw,
	                   void *expanded);
	void (*keys_wipe)(const struct suite *suite, void *expanded);
	void (*open_burst)(struct suite *suite, struct suite_job *jobs, unsigned count);
	void (*seal_burst)(struct suite *suite, struct suite_job *jobs, unsigned count);
};

/** The first member of each kind's own struct. */
struct suite {
	const struct suite_operations *operations;
	char name[SUITE_NAME_SIZE];
};

/** Each makes a suite that nobody has tested yet. */
int suite_openssl_create(struct suite **suite, struct error *error);
int suite_imb_create(struct suite **suite, struct error *error);
int suite_avx512_create(struct suite **suite, struct error *error);

/** A packet that could not be sealed must not leave in clear: its protected octets and HMAC become zero. */
static inline void suite_seal_failed(const struct suite_job *job)
{
	secret_wipe(job->data, job->protected_size);
	secret_wipe(job->hmac, SUITE_HMAC_SIZE);
}

/** Known answers for every cipher and size of the protocol, right and wrong HMACs; ERROR_CRYPTO names suite and case. */
int suite_self_test(struct suite *suite, struct error *error);

#endif
