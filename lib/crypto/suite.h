/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A suite opens and seals bursts of TWAMP-Test packets: RFC 4656 section 4.1.2, RFC 5357 section 4.2.1.
 *
 * Authenticated mode: AES-128-ECB over the first block, HMAC-SHA1 (cut to 16 octets) over that block's plaintext.
 * Encrypted mode: AES-128-CBC with zero IV over 32 (sender) or 96 (reflector) octets, HMAC-SHA1 over the same plaintext.
 * The HMAC is computed first and stays clear.
 *
 * suite_imb.c is the only file that includes intel-ipsec-mb and runs on any x86 CPU with AES instructions; suite_avx512.c is faster and needs AVX-512,
 * VAES and SHA extensions; suite_openssl.c is the reference. A suite is only handed out by suite_create after its known-answer
 * self-test passed.
 */
#ifndef SPECULAR_CRYPTO_SUITE_H
#define SPECULAR_CRYPTO_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define AES_KEY_SIZE     16u
#define HMAC_KEY_SIZE    32u
#define SUITE_BURST_MAX  64u
#define SUITE_KEYS_ALIGN 64u

/** Raw session keys: TWAMP-Control's (from the Token) or TWAMP-Test's (by SID). A secret: wipe with secret_wipe. */
struct session_keys {
	uint8_t aes[AES_KEY_SIZE];
	uint8_t hmac[HMAC_KEY_SIZE];
};

enum suite_kind { SUITE_IPSEC_MB, SUITE_OPENSSL, SUITE_AVX512 };

enum suite_cipher { SUITE_AES_ECB, SUITE_AES_CBC };

/** One packet of a burst. The suite reads and writes data[0 .. protected_size) and the 16 octets at hmac. */
struct suite_job {
	const void *keys;        /**< expanded by suite_keys_expand of the same suite; read only */
	uint8_t *data;           /**< the protected octets, changed in place */
	uint8_t *hmac;           /**< 16 octets: compared by open, written by seal */
	uint16_t protected_size; /**< multiple of 16, at most 96 */
	uint8_t cipher;          /**< enum suite_cipher; ECB only with protected_size 16 */
	bool verified; /**< out, open only: the HMAC was right (compared in constant time) */
};

/** One per thread: it holds that thread's working memory. */
struct suite;

/**
 * Makes a suite of a kind after its self-test; ERROR_CRYPTO with a text when the test fails, ERROR_UNAVAILABLE when the CPU cannot
 * run that kind. Not on the datapath. The caller owns *suite until suite_destroy.
 */
int suite_create(enum suite_kind kind, struct suite **suite, struct error *error);

/**
 * Seals and opens random bursts, some packets forged, with this kind, with ipsec-mb and with OpenSSL: 0 when all agree on every
 * octet, else as suite_create or ERROR_CRYPTO with a text. Some milliseconds; any thread.
 */
int suite_cross_check(enum suite_kind kind, struct error *error);

/**
 * The fastest kind that this CPU can run and whose cross-check passes. When that is not the fastest there is, *error says why (else
 * its text is empty), for a warning.
 */
enum suite_kind suite_kind_fastest(struct error *error);
void suite_destroy(struct suite *suite);

/** "ipsec-mb 1.3.0 (avx512)", "openssl 3.0.x": for a person. */
const char *suite_name(const struct suite *suite);

/** Octets that expanded keys take: a multiple of SUITE_KEYS_ALIGN. Same for every suite of a kind. */
size_t suite_keys_size(const struct suite *suite);

/**
 * Expands raw keys once a session (key schedules, HMAC inner and outer states) into memory of the caller: suite_keys_size
 * octets, aligned to SUITE_KEYS_ALIGN. Keys expanded by one suite serve every suite of that kind, in any thread, read-only.
 * The expanded form is a secret: the owner calls suite_keys_wipe where it ends (it may own heap objects: OpenSSL contexts).
 */
int suite_keys_expand(const struct suite *suite, const struct session_keys *raw, void *expanded);
void suite_keys_wipe(const struct suite *suite, void *expanded);

/**
 * Opens count <= SUITE_BURST_MAX packets: decrypts in place, computes the HMAC over the plaintext, compares, sets verified.
 * No malloc, lock, log or system call but for SUITE_OPENSSL. Data of a job that did not verify is garbage.
 */
void suite_open_burst(struct suite *suite, struct suite_job *jobs, unsigned count);

/** Seals: computes the HMAC over the plaintext, writes its first 16 octets to job->hmac, encrypts in place. */
void suite_seal_burst(struct suite *suite, struct suite_job *jobs, unsigned count);

#endif
