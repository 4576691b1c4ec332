/* SPDX-License-Identifier: BSD-3-Clause */
/** Key handling of a suite that only remembers: expanded keys are the raw ones, wiped keys are counted. One per program. */
#ifndef SPECULAR_TEST_FAKE_SUITE_H
#define SPECULAR_TEST_FAKE_SUITE_H

#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "crypto/suite.h"

static bool fake_expand_fails;
static bool fake_key_memory_was_zero; /**< when it failed to expand */
static unsigned fake_expanded;
static unsigned fake_wiped;
static bool fake_wiped_what_it_expanded = true;

size_t suite_keys_size(const struct suite *suite)
{
	(void)suite;
	return SUITE_KEYS_ALIGN;
}

int suite_keys_expand(const struct suite *suite, const struct session_keys *raw, void *expanded)
{
	(void)suite;
	if (fake_expand_fails) {
		static const uint8_t zeros[sizeof(struct session_keys)];

		fake_key_memory_was_zero = memcmp(expanded, zeros, sizeof(zeros)) == 0;
		return ERROR_CRYPTO;
	}
	memcpy(expanded, raw, sizeof(*raw));
	fake_expanded++;
	return 0;
}

void suite_keys_wipe(const struct suite *suite, void *expanded)
{
	const struct session_keys *keys = expanded;

	(void)suite;
	if (keys->aes[0] != 0xa5 || keys->hmac[0] != 0x5a)
		fake_wiped_what_it_expanded = false;
	secret_wipe(expanded, sizeof(struct session_keys));
	fake_wiped++;
}

/** Parameters of session number `number`; every number is a flow of its own. */
static inline void fake_parameters(struct session_parameters *parameters, enum test_mode mode,
                                   uint16_t number)
{
	struct endpoint sender = {.address = {.family = 4, .octets = {192, 0, 2, 1}},
	                          .port = number};
	struct endpoint reflector = {.address = {.family = 4, .octets = {192, 0, 2, 2}},
	                             .port = 20000};

	memset(parameters, 0, sizeof(*parameters));
	flow_key_make(&parameters->flow, &sender, &reflector, 0, 0);
	parameters->mode = mode;
	parameters->dscp = 46;
	memset(parameters->sid, 0x11, sizeof(parameters->sid));
	memset(parameters->keys.aes, 0xa5, sizeof(parameters->keys.aes));
	memset(parameters->keys.hmac, 0x5a, sizeof(parameters->keys.hmac));
}

#endif
