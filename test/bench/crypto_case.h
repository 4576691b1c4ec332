/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the datapath asks of crypto and nothing else: bursts of requests of random sessions are opened, bursts of replies sealed,
 * by one suite (ours or bare). The functions are alternation's measure.
 */
#ifndef SPECULAR_BENCH_CRYPTO_CASE_H
#define SPECULAR_BENCH_CRYPTO_CASE_H

#include "bare.h"
#include "wire/test_packet.h"

#define CRYPTO_SESSIONS 1024u

/** One suite with the sessions' keys. */
struct crypto_place {
	const char *how;
	struct suite *suite;
	struct suite *sealer; /**< of the requests */
	uint8_t *keys;        /**< CRYPTO_SESSIONS expanded by suite */
	uint8_t *buffers;
	uint8_t *sealer_keys;
	uint64_t random;
};

struct crypto_case {
	struct crypto_place *place;
	enum test_mode mode; /**< TEST_AUTHENTICATED or TEST_ENCRYPTED */
	unsigned burst;
	unsigned packets; /**< a round measures */
};

/** Takes over suite, which is destroyed with the place or on an error. how: as records name it; must outlive the place. */
int crypto_place_create(const char *how, struct suite *suite, struct crypto_place **place,
                        struct error *error);
/** place may be NULL. */
void crypto_place_destroy(struct crypto_place *place);

/** Of a bare library. */
int crypto_place_of_bare(const struct bare *bare, struct crypto_place **place, struct error *error);

/** Opens and seals one burst and compares every octet with what OpenSSL makes of it; ERROR_CRYPTO. */
int crypto_case_check(const struct crypto_case *crypto, struct error *error);

/** TSC cycles a packet to open and seal it: the median of the round's bursts. context is a struct crypto_case. */
double crypto_case_measure(void *context);

#endif
