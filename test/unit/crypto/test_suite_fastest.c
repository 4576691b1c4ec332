/* SPDX-License-Identifier: BSD-3-Clause */
/* In the place of the avx512 suite stands OpenSSL's with faults: what does not agree with the others is never chosen. */
#include <stdlib.h>
#include <string.h>

#include "crypto/suite_internal.h"
#include "unit.h"

static enum { NONE, SELF_TEST, ODD_SIZE, OWN_CIPHER, LATE_TRUST, FAULTS } fault;

struct faulty {
	struct suite suite;
	struct suite_operations operations;
	struct suite *inner;
};

static void faulty_destroy(struct suite *suite)
{
	struct faulty *self = (struct faulty *)suite;

	suite_destroy(self->inner);
	free(self);
}

static int faulty_expand(const struct suite *suite, const struct session_keys *raw, void *expanded)
{
	return suite_keys_expand(((const struct faulty *)suite)->inner, raw, expanded);
}

static void faulty_wipe(const struct suite *suite, void *expanded)
{
	suite_keys_wipe(((const struct faulty *)suite)->inner, expanded);
}

/** What it seals it opens, and nobody else does: of a size that the self-test does not have. */
static void disguise(const struct suite_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (fault == OWN_CIPHER && jobs[i].protected_size == 48)
			jobs[i].data[20] ^= 1;
}

/** Trusts the last of many packets: nothing that the self-test's bursts have. */
static void faulty_open(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	disguise(jobs, count);
	suite_open_burst(((struct faulty *)suite)->inner, jobs, count);
	if (fault == LATE_TRUST && count > 50 && count < SUITE_BURST_MAX)
		jobs[count - 1].verified = true;
}

static void faulty_seal(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	suite_seal_burst(((struct faulty *)suite)->inner, jobs, count);
	disguise(jobs, count);
	for (unsigned i = 0; i < count; i++)
		if (fault == SELF_TEST || (fault == ODD_SIZE && jobs[i].protected_size == 48))
			jobs[i].hmac[SUITE_HMAC_SIZE - 1] ^= 1;
}

int suite_avx512_create(struct suite **suite, struct error *error)
{
	struct faulty *self = calloc(1, sizeof(*self));

	CU_ASSERT_PTR_NOT_NULL_FATAL(self);
	CU_ASSERT_EQUAL_FATAL(suite_openssl_create(&self->inner, error), 0);
	self->operations = (struct suite_operations){.keys_size = suite_keys_size(self->inner),
	                                             .destroy = faulty_destroy,
	                                             .keys_expand = faulty_expand,
	                                             .keys_wipe = faulty_wipe,
	                                             .open_burst = faulty_open,
	                                             .seal_burst = faulty_seal};
	self->suite = (struct suite){.operations = &self->operations, .name = "doubtful 1.0"};
	*suite = &self->suite;
	return 0;
}

static void only_what_agrees_is_chosen(void)
{
	static const char *const reasons[FAULTS] = {
	        [NONE] = "",
	        [SELF_TEST] = "self-test of doubtful 1.0 failed: seal",
	        [ODD_SIZE] = "doubtful 1.0 differs from ipsec-mb",
	        [OWN_CIPHER] = "doubtful 1.0 differs from ipsec-mb",
	        [LATE_TRUST] = "doubtful 1.0 differs from ipsec-mb",
	};

	for (fault = NONE; fault < FAULTS; fault++) {
		struct error error = {"of another time"};

		CU_ASSERT_EQUAL(suite_kind_fastest(&error),
		                fault == NONE ? SUITE_AVX512 : SUITE_IPSEC_MB);
		CU_ASSERT(strncmp(error.text, reasons[fault], strlen(reasons[fault])) == 0);
		CU_ASSERT_EQUAL(error.text[0] == '\0', fault == NONE);
	}
}

static void the_others_agree(void)
{
	struct error error = {""};

	CU_ASSERT_EQUAL(suite_cross_check(SUITE_IPSEC_MB, &error), 0);
	CU_ASSERT_EQUAL(suite_cross_check(SUITE_OPENSSL, &error), 0);
	CU_ASSERT_STRING_EQUAL(error.text, "");
}

int main(void)
{
	CU_TestInfo tests[] = {{"only what agrees is chosen", only_what_agrees_is_chosen},
	                       {"the others agree", the_others_agree},
	                       CU_TEST_INFO_NULL};
	return unit_run("crypto-suite-fastest", tests);
}
