/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/suite.h"

#include <stdio.h>

#include "crypto/suite_internal.h"
#include "suite_fixture.h"
#include "vectors.h"

#define VECTORS (sizeof(packet_vectors) / sizeof(packet_vectors[0]))

static enum suite_kind kinds[SUITE_KINDS];
static unsigned kind_count;

static struct session_keys example_keys(void)
{
	struct session_keys raw;

	memcpy(raw.aes, vector_test_aes, sizeof(raw.aes));
	memcpy(raw.hmac, vector_test_hmac, sizeof(raw.hmac));
	return raw;
}

static struct suite_job job_of(const struct packet_vector *vector, const void *keys,
                               uint8_t *packet)
{
	return (struct suite_job){.keys = keys,
	                          .data = packet,
	                          .hmac = packet + vector->hmac_offset,
	                          .protected_size = vector->protected_size,
	                          .cipher = vector->cipher};
}

static void suites_are_made_and_named(void)
{
	struct error error = {{0}};
	struct suite *suite = suite_make(SUITE_IPSEC_MB);

	CU_ASSERT(strncmp(suite_name(suite), "ipsec-mb ", strlen("ipsec-mb ")) == 0);
	CU_ASSERT_EQUAL(suite_keys_size(suite) % SUITE_KEYS_ALIGN, 0);
	suite_open_burst(suite, NULL, 0);
	suite_seal_burst(suite, NULL, 0);
	suite_destroy(suite);
	suite = suite_make(SUITE_OPENSSL);
	CU_ASSERT(strncmp(suite_name(suite), "openssl 3.", strlen("openssl 3.")) == 0);
	CU_ASSERT_EQUAL(suite_keys_size(suite) % SUITE_KEYS_ALIGN, 0);
	suite_destroy(suite);
	for (unsigned i = 0; i < kind_count; i++) {
		suite = suite_make(kinds[i]);
		(void)printf("%s: %zu octets of keys a session\n", suite_name(suite),
		             suite_keys_size(suite));
		if (kinds[i] == SUITE_AVX512) {
			CU_ASSERT(strncmp(suite_name(suite), "avx512 ", strlen("avx512 ")) == 0);
			CU_ASSERT_EQUAL(suite_keys_size(suite), 64);
		}
		suite_open_burst(suite, NULL, 0);
		suite_seal_burst(suite, NULL, 0);
		suite_destroy(suite);
	}
	CU_ASSERT_EQUAL(suite_create((enum suite_kind)9, &suite, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NULL(suite);
	suite_destroy(NULL);
}

/** The known packets through a suite, with every octet outside of the protected ones and the HMAC left as it was. */
static void vectors_of(enum suite_kind kind)
{
	struct suite *suite = suite_make(kind);
	struct session_keys raw = example_keys();
	uint8_t *keys = keys_make(suite, &raw, 1);

	for (size_t i = 0; i < VECTORS; i++) {
		const struct packet_vector *vector = &packet_vectors[i];
		uint8_t packet[PACKET_BUFFER];
		struct suite_job job = job_of(vector, keys, packet);

		memcpy(packet, vector->plain, vector->size);
		suite_seal_burst(suite, &job, 1);
		CU_ASSERT(memcmp(packet, vector->sealed, vector->size) == 0);
		suite_open_burst(suite, &job, 1);
		CU_ASSERT(job.verified);
		CU_ASSERT(memcmp(packet, vector->plain, vector->hmac_offset) == 0);
		CU_ASSERT(memcmp(job.hmac, vector->sealed + vector->hmac_offset, HMAC_SIZE) == 0);
	}
	keys_free(suite, keys, 1);
	suite_destroy(suite);
}

static void vectors_are_met(void)
{
	for (unsigned i = 0; i < kind_count; i++)
		vectors_of(kinds[i]);
}

/** Turns each bit of the HMAC and of the protected octets over, one at a time, in bursts of each length in turn. */
static void flipped_bits_of(enum suite_kind kind)
{
	struct suite *suite = suite_make(kind);
	struct session_keys raw = example_keys();
	uint8_t *keys = keys_make(suite, &raw, 1);
	unsigned length = 1;

	for (size_t i = 0; i < VECTORS; i++) {
		const struct packet_vector *vector = &packet_vectors[i];
		size_t bits = 8u * (HMAC_SIZE + vector->protected_size);

		for (size_t bit = 0; bit < bits; length = length % SUITE_BURST_MAX + 1) {
			uint8_t packets[SUITE_BURST_MAX][PACKET_BUFFER];
			struct suite_job jobs[SUITE_BURST_MAX];

			for (unsigned j = 0; j < length; j++, bit++) {
				memcpy(packets[j], vector->sealed, vector->size);
				jobs[j] = job_of(vector, keys, packets[j]);
				size_t octet = bit % bits / 8;
				uint8_t *at = octet < HMAC_SIZE ? jobs[j].hmac + octet
				                                : jobs[j].data + octet - HMAC_SIZE;
				*at ^= (uint8_t)(1u << bit % 8);
			}
			suite_open_burst(suite, jobs, length);
			for (unsigned j = 0; j < length; j++)
				CU_ASSERT(!jobs[j].verified);
		}
	}
	keys_free(suite, keys, 1);
	suite_destroy(suite);
}

static void every_flipped_bit_is_refused(void)
{
	for (unsigned i = 0; i < kind_count; i++)
		flipped_bits_of(kinds[i]);
}

/** Turns the same bit of two octets of the HMAC over: differences of words must not cancel out. In bursts of each length. */
static void pairs_of_flipped_bits_of(enum suite_kind kind)
{
	struct suite *suite = suite_make(kind);
	struct session_keys raw = example_keys();
	uint8_t *keys = keys_make(suite, &raw, 1);
	const struct packet_vector *vector = &packet_vectors[0];

	for (unsigned length = 1; length <= SUITE_BURST_MAX; length++) {
		for (unsigned pair = 0; pair < HMAC_SIZE * HMAC_SIZE;) {
			uint8_t packets[SUITE_BURST_MAX][PACKET_BUFFER];
			struct suite_job jobs[SUITE_BURST_MAX];

			for (unsigned j = 0; j < length; j++, pair++) {
				unsigned first = pair / HMAC_SIZE % HMAC_SIZE;

				memcpy(packets[j], vector->sealed, vector->size);
				jobs[j] = job_of(vector, keys, packets[j]);
				jobs[j].verified = true;
				jobs[j].hmac[first] ^= 0x10;
				jobs[j].hmac[(first + 1 + pair % (HMAC_SIZE - 1)) % HMAC_SIZE] ^=
				        0x10;
			}
			suite_open_burst(suite, jobs, length);
			for (unsigned j = 0; j < length; j++)
				CU_ASSERT(!jobs[j].verified);
		}
	}
	keys_free(suite, keys, 1);
	suite_destroy(suite);
}

static void alike_differences_are_refused(void)
{
	for (unsigned i = 0; i < kind_count; i++)
		pairs_of_flipped_bits_of(kinds[i]);
}

static bool holds(const uint8_t *octets, size_t size, const uint8_t *part, size_t part_size)
{
	return memmem(octets, size, part, part_size) != NULL;
}

static void wiped_keys_are_zero(void)
{
	for (unsigned i = 0; i < kind_count; i++) {
		struct suite *suite = suite_make(kinds[i]);
		struct session_keys raw = example_keys();
		size_t size = suite_keys_size(suite);
		uint8_t *keys = keys_make(suite, &raw, 1);

		if (kinds[i] != SUITE_OPENSSL) /* an AES key is its schedule's first round key */
			CU_ASSERT(holds(keys, size, raw.aes, sizeof(raw.aes)));
		CU_ASSERT(!holds(keys, size, raw.hmac, sizeof(raw.hmac)));
		suite_keys_wipe(suite, keys);
		for (size_t octet = 0; octet < size; octet++)
			CU_ASSERT_EQUAL(keys[octet], 0);
		suite_keys_wipe(suite, keys);
		free(keys);
		suite_destroy(suite);
	}
}

/** One suite expands, another of its kind uses, after the first has ended. */
static void keys_outlive_their_suite(void)
{
	for (unsigned i = 0; i < kind_count; i++) {
		struct suite *first = suite_make(kinds[i]), *second = suite_make(kinds[i]);
		struct session_keys raw = example_keys();
		uint8_t *keys = keys_make(first, &raw, 1), packet[PACKET_BUFFER];
		struct suite_job job = job_of(&packet_vectors[0], keys, packet);

		suite_destroy(first);
		memcpy(packet, packet_vectors[0].sealed, packet_vectors[0].size);
		suite_open_burst(second, &job, 1);
		CU_ASSERT(job.verified);
		keys_free(second, keys, 1);
		suite_destroy(second);
	}
}

static void a_packet_that_fails_to_seal_is_blank(void)
{
	uint8_t packet[PACKET_BUFFER];
	struct suite_job job = {.data = packet + GUARD,
	                        .hmac = packet + GUARD + PROTECTED_MAX,
	                        .protected_size = PROTECTED_MAX};

	memset(packet, GUARD_OCTET, sizeof(packet));
	suite_seal_failed(&job);
	for (size_t i = 0; i < sizeof(packet); i++)
		CU_ASSERT_EQUAL(packet[i],
		                i < GUARD || i >= PACKET_BUFFER - GUARD ? GUARD_OCTET : 0);
}

/* A suite that is wrong in one way, on OpenSSL's: the self-test must see each. */

static struct suite *inner;
static enum {
	TAG_SHORT,
	SEAL_LEAVES_CLEAR,
	TRUSTS_ALL,
	TRUSTS_NONE,
	LAST_OF_BURST_SKIPPED,
	FAULTS
} fault;

static int faulty_expand(const struct suite *suite, const struct session_keys *raw, void *expanded)
{
	(void)suite;
	return suite_keys_expand(inner, raw, expanded);
}

static void faulty_wipe(const struct suite *suite, void *expanded)
{
	(void)suite;
	suite_keys_wipe(inner, expanded);
}

static void faulty_open(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	(void)suite;
	suite_open_burst(inner, jobs, count);
	for (unsigned i = 0; i < count; i++)
		jobs[i].verified =
		        fault == TRUSTS_ALL || (fault != TRUSTS_NONE && jobs[i].verified);
}

static void faulty_seal(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	(void)suite;
	if (fault == SEAL_LEAVES_CLEAR)
		return;
	suite_seal_burst(inner, jobs, count - (fault == LAST_OF_BURST_SKIPPED && count > 1));
	if (fault == TAG_SHORT)
		jobs[0].hmac[HMAC_SIZE - 1] = (uint8_t)(jobs[0].hmac[HMAC_SIZE - 1] + 1);
}

static void self_test_sees_a_faulty_suite(void)
{
	inner = suite_make(SUITE_OPENSSL);
	const struct suite_operations operations = {.keys_size = suite_keys_size(inner),
	                                            .keys_expand = faulty_expand,
	                                            .keys_wipe = faulty_wipe,
	                                            .open_burst = faulty_open,
	                                            .seal_burst = faulty_seal};
	struct suite faulty = {.operations = &operations, .name = "faulty 1.0"};
	static const char *const expected[FAULTS] = {
	        [TAG_SHORT] = "self-test of faulty 1.0 failed: seal, authenticated sender",
	        [SEAL_LEAVES_CLEAR] = "self-test of faulty 1.0 failed: seal, authenticated sender",
	        [TRUSTS_ALL] = "self-test of faulty 1.0 failed: open a burst with wrong HMACs, "
	                       "authenticated reflector",
	        [TRUSTS_NONE] = "self-test of faulty 1.0 failed: open, authenticated sender",
	        [LAST_OF_BURST_SKIPPED] = "self-test of faulty 1.0 failed: seal a whole burst, "
	                                  "encrypted reflector",
	};

	for (fault = TAG_SHORT; fault < FAULTS; fault++) {
		struct error error = {{0}};

		CU_ASSERT_EQUAL(suite_self_test(&faulty, &error), ERROR_CRYPTO);
		CU_ASSERT_STRING_EQUAL(error.text, expected[fault]);
	}
	suite_destroy(inner);
}

int main(void)
{
	kind_count = suite_kinds(kinds);
	CU_TestInfo tests[] = {
	        {"suites are made and named", suites_are_made_and_named},
	        {"vectors are met", vectors_are_met},
	        {"every flipped bit is refused", every_flipped_bit_is_refused},
	        {"alike differences are refused", alike_differences_are_refused},
	        {"wiped keys are zero", wiped_keys_are_zero},
	        {"keys outlive their suite", keys_outlive_their_suite},
	        {"a packet that fails to seal is blank", a_packet_that_fails_to_seal_is_blank},
	        {"self-test sees a faulty suite", self_test_sees_a_faulty_suite},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("crypto-suite", tests);
}
