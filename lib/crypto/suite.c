/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/suite.h"

#include "crypto/suite_internal.h"

static int create_untested(enum suite_kind kind, struct suite **suite, struct error *error)
{
	switch (kind) {
	case SUITE_IPSEC_MB:
		return suite_imb_create(suite, error);
	case SUITE_OPENSSL:
		return suite_openssl_create(suite, error);
	case SUITE_AVX512:
		return suite_avx512_create(suite, error);
	}
	return error_set(error, ERROR_ARGUMENT, "no such crypto suite");
}

int suite_create(enum suite_kind kind, struct suite **suite, struct error *error)
{
	*suite = NULL;
	int result = create_untested(kind, suite, error);

	if (result == 0)
		result = suite_self_test(*suite, error);
	if (result != 0) {
		suite_destroy(*suite);
		*suite = NULL;
	}
	return result;
}

enum suite_kind suite_kind_fastest(struct error *error)
{
	error->text[0] = '\0';
	return suite_cross_check(SUITE_AVX512, error) == 0 ? SUITE_AVX512 : SUITE_IPSEC_MB;
}

void suite_destroy(struct suite *suite)
{
	if (suite != NULL)
		suite->operations->destroy(suite);
}

const char *suite_name(const struct suite *suite)
{
	return suite->name;
}

size_t suite_keys_size(const struct suite *suite)
{
	return suite->operations->keys_size;
}

int suite_keys_expand(const struct suite *suite, const struct session_keys *raw, void *expanded)
{
	return suite->operations->keys_expand(suite, raw, expanded);
}

void suite_keys_wipe(const struct suite *suite, void *expanded)
{
	suite->operations->keys_wipe(suite, expanded);
}

void suite_open_burst(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	suite->operations->open_burst(suite, jobs, count);
}

void suite_seal_burst(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	suite->operations->seal_burst(suite, jobs, count);
}
