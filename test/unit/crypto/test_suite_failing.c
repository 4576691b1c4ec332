/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked with --wrap of the library's starters, to have it fail: then nothing is verified, and no packet leaves in clear. What it
 * did of a burst that it says it did not finish does not count.
 */
#include <intel-ipsec-mb.h>

#include "suite_fixture.h"

#define MANAGERS_MAX 8u

void __real_init_mb_mgr_auto(IMB_MGR *manager,
                             IMB_ARCH *arch); /* NOLINT(bugprone-reserved-identifier) */
void __wrap_init_mb_mgr_auto(IMB_MGR *manager,
                             IMB_ARCH *arch);  /* NOLINT(bugprone-reserved-identifier) */
void __real_init_mb_mgr_sse(IMB_MGR *manager); /* NOLINT(bugprone-reserved-identifier) */
void __wrap_init_mb_mgr_sse(IMB_MGR *manager); /* NOLINT(bugprone-reserved-identifier) */

static enum failing { NOTHING, HASHES, CIPHERS } failing;
static struct {
	IMB_MGR *manager;
	submit_hash_burst_t hash;
	submit_cipher_burst_t cipher;
} managers[MANAGERS_MAX];
static unsigned manager_count;

static unsigned number_of(const IMB_MGR *manager)
{
	unsigned number = 0;

	while (number < manager_count && managers[number].manager != manager)
		number++;
	CU_ASSERT_FATAL(number < manager_count);
	return number;
}

/** All are done, but it says that the last one is not. */
static uint32_t hash(IMB_MGR *manager, IMB_JOB *jobs, const uint32_t count,
                     const IMB_HASH_ALG algorithm)
{
	uint32_t done = managers[number_of(manager)].hash(manager, jobs, count, algorithm);

	return failing == HASHES ? done - 1 : done;
}

static uint32_t cipher(IMB_MGR *manager, IMB_JOB *jobs, const uint32_t count,
                       const IMB_CIPHER_MODE mode, const IMB_CIPHER_DIRECTION direction,
                       const IMB_KEY_SIZE_BYTES key_size)
{
	uint32_t done = managers[number_of(manager)].cipher(manager, jobs, count, mode, direction,
	                                                    key_size);

	return failing == CIPHERS ? done - 1 : done;
}

static void stand_between(IMB_MGR *manager)
{
	CU_ASSERT_FATAL(manager_count < MANAGERS_MAX);
	managers[manager_count].manager = manager;
	managers[manager_count].hash = manager->submit_hash_burst_nocheck;
	managers[manager_count++].cipher = manager->submit_cipher_burst_nocheck;
	manager->submit_hash_burst_nocheck = hash;
	manager->submit_cipher_burst_nocheck = cipher;
}

void __wrap_init_mb_mgr_auto(IMB_MGR *manager, IMB_ARCH *arch)
{
	__real_init_mb_mgr_auto(manager, arch);
	stand_between(manager);
}

void __wrap_init_mb_mgr_sse(IMB_MGR *manager)
{
	__real_init_mb_mgr_sse(manager);
	stand_between(manager);
}

struct packet {
	uint8_t octets[PACKET_BUFFER];
};

static void burst_make(const uint8_t *keys, struct packet *packets, struct suite_job *jobs,
                       unsigned count, uint16_t size)
{
	uint64_t random = 5357;

	for (unsigned i = 0; i < count; i++) {
		uint8_t *data = packets[i].octets + GUARD;

		memset(packets[i].octets, GUARD_OCTET, sizeof(packets[i].octets));
		pseudo_random_fill(&random, data, size);
		jobs[i] = (struct suite_job){.keys = keys,
		                             .data = data,
		                             .hmac = data + PROTECTED_MAX,
		                             .protected_size = size,
		                             .cipher = SUITE_AES_CBC};
	}
}

static bool is_zero(const uint8_t *octets, size_t size)
{
	size_t zeros = 0;

	while (zeros < size && octets[zeros] == 0)
		zeros++;
	return zeros == size;
}

static bool guards_stand(const struct packet *packet, size_t size)
{
	const uint8_t *octets = packet->octets;
	unsigned wrong = 0;

	for (size_t i = 0; i < GUARD; i++)
		wrong += octets[i] != GUARD_OCTET || octets[PACKET_BUFFER - 1 - i] != GUARD_OCTET;
	for (size_t i = size; i < PROTECTED_MAX; i++)
		wrong += octets[GUARD + i] != GUARD_OCTET;
	return wrong == 0;
}

/** A burst that is sealed, opened, and neither when the library fails. */
static void check(struct suite *suite, const uint8_t *keys, unsigned count, uint16_t size)
{
	static struct packet packets[SUITE_BURST_MAX];
	struct suite_job jobs[SUITE_BURST_MAX];
	unsigned leaked = 0, trusted = 0, refused = 0, damaged = 0;

	/* Single blocks' ciphers are AES-NI's, which does not fail. */
	for (enum failing what = HASHES; what <= (size == 16 ? HASHES : CIPHERS); what++) {
		failing = what;
		burst_make(keys, packets, jobs, count, size);
		suite_seal_burst(suite, jobs, count);
		for (unsigned i = 0; i < count; i++) {
			leaked += !is_zero(jobs[i].data, size) || !is_zero(jobs[i].hmac, HMAC_SIZE);
			damaged += !guards_stand(&packets[i], size);
		}
		for (unsigned twice = 0; twice < 2; twice++) {
			failing = NOTHING;
			burst_make(keys, packets, jobs, count, size);
			suite_seal_burst(suite, jobs, count);
			failing = twice == 0 ? NOTHING : what;
			suite_open_burst(suite, jobs, count);
			for (unsigned i = 0; i < count; i++) {
				refused += twice == 0 && !jobs[i].verified;
				trusted += twice == 1 && jobs[i].verified;
			}
		}
	}
	failing = NOTHING;
	CU_ASSERT_EQUAL(leaked + damaged, 0);
	CU_ASSERT_EQUAL(refused, 0);
	CU_ASSERT_EQUAL(trusted, 0);
}

static void a_library_that_fails(void)
{
	static const uint16_t sizes[] = {16, 32, 96};
	struct suite *suite = suite_make(SUITE_IPSEC_MB);
	struct session_keys raw;
	uint64_t random = 1;

	CU_ASSERT_FATAL(manager_count > 0);
	pseudo_random_fill(&random, &raw, sizeof(raw));
	uint8_t *keys = keys_make(suite, &raw, 1);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (unsigned count = 1; count <= SUITE_BURST_MAX; count += 7)
			check(suite, keys, count, sizes[i]);
	keys_free(suite, keys, 1);
	suite_destroy(suite);
}

int main(void)
{
	CU_TestInfo tests[] = {{"a library that fails", a_library_that_fails}, CU_TEST_INFO_NULL};
	return unit_run("crypto-suite-failing", tests);
}
