/* SPDX-License-Identifier: BSD-3-Clause */
/** Test packets between guard octets, and expanded keys, for the tests of the suites. */
#ifndef SPECULAR_TEST_SUITE_FIXTURE_H
#define SPECULAR_TEST_SUITE_FIXTURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/suite.h"
#include "unit.h"

#define HMAC_SIZE     16u
#define PROTECTED_MAX 96u
#define GUARD         64u
#define PACKET_BUFFER (PROTECTED_MAX + HMAC_SIZE + 2u * GUARD)
#define GUARD_OCTET   0xa5u

/** The same packet twice would not show a suite that mixes packets up: all octets come from here, the same in every run. */
static inline uint32_t pseudo_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static inline void pseudo_random_fill(uint64_t *state, void *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)octets)[i] = (uint8_t)pseudo_random(state);
}

static inline struct suite *suite_make(enum suite_kind kind)
{
	struct suite *suite = NULL;
	struct error error = {{0}};

	int result = suite_create(kind, &suite, &error);
	CU_ASSERT_EQUAL_FATAL(result, 0);
	return suite;
}

#define SUITE_KINDS 3u

/** The kinds that this CPU can run; returns how many, and says what is left out. */
static inline unsigned suite_kinds(enum suite_kind kinds[SUITE_KINDS])
{
	static const enum suite_kind all[SUITE_KINDS] = {SUITE_IPSEC_MB, SUITE_OPENSSL,
	                                                 SUITE_AVX512};
	unsigned count = 0;

	for (unsigned i = 0; i < SUITE_KINDS; i++) {
		struct suite *suite = NULL;
		struct error error = {{0}};

		if (suite_create(all[i], &suite, &error) == ERROR_UNAVAILABLE)
			(void)printf("skipped: %s\n", error.text);
		else
			kinds[count++] = all[i];
		suite_destroy(suite);
	}
	return count;
}

/** count sessions' keys in one array; the caller ends them with keys_free. */
static inline uint8_t *keys_make(const struct suite *suite, const struct session_keys *raw,
                                 unsigned count)
{
	uint8_t *keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(suite) * count);

	CU_ASSERT_PTR_NOT_NULL_FATAL(keys);
	for (unsigned i = 0; i < count; i++)
		CU_ASSERT_EQUAL(
		        suite_keys_expand(suite, &raw[i], keys + i * suite_keys_size(suite)), 0);
	return keys;
}

static inline void keys_free(const struct suite *suite, uint8_t *keys, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		suite_keys_wipe(suite, keys + i * suite_keys_size(suite));
	free(keys);
}

#endif
