/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for all suites: no key ever reaches a suite whose self-test failed. */
#include "crypto/suite.h"

#include <string.h>

#include "crypto/suite_internal.h"
#include "unit.h"

static unsigned destroyed;

static void destroy(struct suite *suite)
{
	(void)suite;
	destroyed++;
}

static int keys_expand(const struct suite *suite, const struct session_keys *raw, void *expanded)
{
	(void)suite;
	memcpy(expanded, raw, sizeof(*raw));
	return 0;
}

static void keys_wipe(const struct suite *suite, void *expanded)
{
	(void)suite;
	secret_wipe(expanded, sizeof(struct session_keys));
}

/** Believes everything and changes nothing. */
static void burst_without_cipher(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	(void)suite;
	for (unsigned i = 0; i < count; i++)
		jobs[i].verified = true;
}

static const struct suite_operations operations = {
        .keys_size = 2 * SUITE_KEYS_ALIGN,
        .destroy = destroy,
        .keys_expand = keys_expand,
        .keys_wipe = keys_wipe,
        .open_burst = burst_without_cipher,
        .seal_burst = burst_without_cipher,
};
static struct suite useless = {.operations = &operations, .name = "useless"};

int suite_imb_create(struct suite **suite, struct error *error)
{
	(void)error;
	*suite = &useless;
	return 0;
}

int suite_openssl_create(struct suite **suite, struct error *error)
{
	return suite_imb_create(suite, error);
}

int suite_avx512_create(struct suite **suite, struct error *error)
{
	return suite_imb_create(suite, error);
}

static void faulty_suite_is_not_handed_out(void)
{
	for (enum suite_kind kind = SUITE_IPSEC_MB; kind <= SUITE_AVX512; kind++) {
		struct suite *suite = &useless;
		struct error error = {""};

		destroyed = 0;
		CU_ASSERT(suite_create(kind, &suite, &error) == ERROR_CRYPTO);
		CU_ASSERT(strstr(error.text, "useless") != NULL);
		CU_ASSERT(suite == NULL);
		CU_ASSERT(destroyed == 1);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {{"faulty suite is not handed out", faulty_suite_is_not_handed_out},
	                       CU_TEST_INFO_NULL};
	return unit_run("crypto-suite-create", tests);
}
