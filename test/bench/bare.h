/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The crypto libraries alone, each used in the ways that its manual offers: what a suite of ours is compared with. They stand
 * behind suite.h's functions, so that one loop measures them all; but all jobs of a burst have to have the same cipher and size.
 */
#ifndef SPECULAR_BENCH_BARE_H
#define SPECULAR_BENCH_BARE_H

#include "crypto/suite.h"

struct bare {
	const char *how; /**< as records name it */
	/** Makes an untested suite that the caller destroys; ERROR_MEMORY, ERROR_CRYPTO. */
	int (*create)(const struct bare *bare, struct suite **suite, struct error *error);
	unsigned way; /**< its file's */
};

#define BARE_IMB_COUNT     4u
#define BARE_OPENSSL_COUNT 2u

/** intel-ipsec-mb: chained jobs one by one; chained bursts; a cipher burst and a hash burst with ECB by AES-NI beside it; that on SSE. */
extern const struct bare bare_imb[BARE_IMB_COUNT];
/** OpenSSL: everything prepared once a session, and everything anew for each packet. */
extern const struct bare bare_openssl[BARE_OPENSSL_COUNT];

#endif
