/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "crypto/suite_internal.h"

/** The candidate, and those that it must agree with. */
#define SUITES        3u
#define SESSIONS      13u
#define BUFFER_SIZE   192u
#define ALIGNMENTS    16u
#define FORGED_ONE_IN 4u

struct buffer {
	uint8_t octets[BUFFER_SIZE];
};

/** The same burst for each suite. */
struct check {
	struct suite *suites[SUITES];
	uint8_t *keys[SUITES];
	struct buffer plain[SUITE_BURST_MAX];
	struct buffer buffers[SUITES][SUITE_BURST_MAX];
	struct suite_job jobs[SUITES][SUITE_BURST_MAX];
	bool forged[SUITE_BURST_MAX];
	uint64_t random;
};

/** Knuth's MMIX generator: the same octets at every start, so that what fails once fails again. */
static unsigned random_below(struct check *check, unsigned bound)
{
	check->random = check->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(check->random >> 33) % bound;
}

static void random_octets(struct check *check, void *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)octets)[i] = (uint8_t)random_below(check, 256);
}

static int suites_create(struct check *check, enum suite_kind kind, struct error *error)
{
	const enum suite_kind kinds[SUITES] = {kind, SUITE_IPSEC_MB, SUITE_OPENSSL};

	for (unsigned s = 0; s < SUITES; s++) {
		int result = suite_create(kinds[s], &check->suites[s], error);
		if (result != 0)
			return result;
		check->keys[s] = aligned_alloc(SUITE_KEYS_ALIGN,
		                               SESSIONS * suite_keys_size(check->suites[s]));
		if (check->keys[s] == NULL)
			return error_set(error, ERROR_MEMORY, "no memory for the crypto check");
		memset(check->keys[s], 0, SESSIONS * suite_keys_size(check->suites[s]));
	}
	return 0;
}

static int keys_expand(struct check *check, struct error *error)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct session_keys raw;

		random_octets(check, &raw, sizeof(raw));
		for (unsigned s = 0; s < SUITES; s++) {
			const struct suite *suite = check->suites[s];
			if (suite_keys_expand(suite, &raw,
			                      check->keys[s] + i * suite_keys_size(suite)) != 0)
				return error_set(error, ERROR_CRYPTO, "%s expands no keys",
				                 suite_name(suite));
		}
	}
	return 0;
}

static void suites_destroy(struct check *check)
{
	for (unsigned s = 0; s < SUITES; s++) {
		for (unsigned i = 0; i < SESSIONS && check->keys[s] != NULL; i++)
			suite_keys_wipe(check->suites[s],
			                check->keys[s] + i * suite_keys_size(check->suites[s]));
		free(check->keys[s]);
		suite_destroy(check->suites[s]);
	}
}

/** A packet of any mode and size, anywhere in its buffer; what surrounds it must stay as it is. */
static void packet_make(struct check *check, unsigned number)
{
	unsigned blocks = 1 + random_below(check, SUITE_PROTECTED_SIZE / AES_BLOCK_SIZE);
	size_t session = random_below(check, SESSIONS), at = random_below(check, ALIGNMENTS);
	uint16_t size = (uint16_t)(AES_BLOCK_SIZE * blocks);

	random_octets(check, &check->plain[number], sizeof(check->plain[number]));
	for (unsigned s = 0; s < SUITES; s++) {
		uint8_t *data = check->buffers[s][number].octets + at;

		check->buffers[s][number] = check->plain[number];
		check->jobs[s][number] = (struct suite_job){
		        .keys = check->keys[s] + session * suite_keys_size(check->suites[s]),
		        .data = data,
		        .hmac = data + size + AES_BLOCK_SIZE,
		        .protected_size = size,
		        .cipher = blocks == 1 && session % 2 == 0 ? SUITE_AES_ECB : SUITE_AES_CBC};
	}
}

static void packet_forge(struct check *check, unsigned number)
{
	unsigned octet = random_below(check, SUITE_PROTECTED_SIZE);
	uint8_t mask = (uint8_t)(1u << random_below(check, 8));

	check->forged[number] = random_below(check, FORGED_ONE_IN) == 0;
	for (unsigned s = 0; s < SUITES && check->forged[number]; s++) {
		const struct suite_job *job = &check->jobs[s][number];

		if (octet % 2 == 0)
			job->hmac[octet / 2 % SUITE_HMAC_SIZE] ^= mask;
		else
			job->data[octet / 2 % job->protected_size] ^= mask;
	}
}

static bool same_octets(const struct check *check, unsigned with, unsigned count)
{
	return memcmp(check->buffers[0], check->buffers[with], count * sizeof(struct buffer)) == 0;
}

static bool same_verdicts(const struct check *check, unsigned with, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (check->jobs[0][i].verified != check->jobs[with][i].verified ||
		    check->jobs[0][i].verified == check->forged[i])
			return false;
	return true;
}

static int differs(const struct check *check, unsigned with, const char *what, unsigned count,
                   struct error *error)
{
	return error_set(error, ERROR_CRYPTO, "%s differs from %s: %s %u packets",
	                 suite_name(check->suites[0]), suite_name(check->suites[with]), what,
	                 count);
}

static int burst_check(struct check *check, unsigned count, struct error *error)
{
	for (unsigned i = 0; i < count; i++)
		packet_make(check, i);
	for (unsigned s = 0; s < SUITES; s++)
		suite_seal_burst(check->suites[s], check->jobs[s], count);
	for (unsigned s = 1; s < SUITES; s++)
		if (!same_octets(check, s, count))
			return differs(check, s, "sealing", count, error);
	for (unsigned i = 0; i < count; i++)
		packet_forge(check, i);
	for (unsigned s = 0; s < SUITES; s++)
		suite_open_burst(check->suites[s], check->jobs[s], count);
	for (unsigned s = 1; s < SUITES; s++)
		if (!same_octets(check, s, count) || !same_verdicts(check, s, count))
			return differs(check, s, "opening", count, error);
	return 0;
}

int suite_cross_check(enum suite_kind kind, struct error *error)
{
	struct check *check = calloc(1, sizeof(*check));

	if (check == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the crypto check");
	int result = suites_create(check, kind, error);
	if (result == 0)
		result = keys_expand(check, error);
	for (unsigned count = 1; count <= SUITE_BURST_MAX && result == 0; count++)
		result = burst_check(check, count, error);
	suites_destroy(check);
	free(check);
	return result;
}
