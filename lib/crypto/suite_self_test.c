/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "crypto/self_test_vectors.h"
#include "crypto/suite_internal.h"

#define VECTORS     (sizeof(packet_vectors) / sizeof(packet_vectors[0]))
#define PACKET_SIZE 112u

/** A burst of the known packets, one after the other and again until it is full. */
struct known_burst {
	uint8_t packets[SUITE_BURST_MAX][PACKET_SIZE];
	struct suite_job jobs[SUITE_BURST_MAX];
	unsigned count;
};

static const struct packet_vector *vector_of(unsigned first, unsigned i)
{
	return &packet_vectors[(first + i) % VECTORS];
}

static void fill(struct known_burst *burst, unsigned first, unsigned count, bool sealed,
                 const void *keys)
{
	burst->count = count;
	for (unsigned i = 0; i < count; i++) {
		const struct packet_vector *vector = vector_of(first, i);

		memcpy(burst->packets[i], sealed ? vector->sealed : vector->plain, vector->size);
		burst->jobs[i] = (struct suite_job){
		        .keys = keys,
		        .data = burst->packets[i],
		        .hmac = burst->packets[i] + vector->hmac_offset,
		        .protected_size = vector->protected_size,
		        .cipher = vector->cipher,
		};
	}
}

static const char *seal_case(struct suite *suite, struct known_burst *burst, unsigned first,
                             unsigned count, const void *keys)
{
	fill(burst, first, count, false, keys);
	suite_seal_burst(suite, burst->jobs, count);
	for (unsigned i = 0; i < count; i++) {
		const struct packet_vector *vector = vector_of(first, i);

		if (memcmp(burst->packets[i], vector->sealed, vector->size) != 0)
			return vector->name;
	}
	return NULL;
}

static bool is_damaged(unsigned i)
{
	return i % 3 == 1;
}

/** Opens with one bit of some packets' HMAC or data turned over; those must not verify, the others must. */
static const char *open_case(struct suite *suite, struct known_burst *burst, unsigned first,
                             unsigned count, unsigned damage_from, const void *keys)
{
	fill(burst, first, count, true, keys);
	for (unsigned i = damage_from; i < count; i++) {
		if (is_damaged(i - damage_from)) {
			uint8_t *octets = i % 2 == 0 ? burst->jobs[i].hmac : burst->jobs[i].data;
			octets[i % SUITE_HMAC_SIZE] ^= (uint8_t)(1u << i % 8);
		}
	}
	suite_open_burst(suite, burst->jobs, count);
	for (unsigned i = 0; i < count; i++) {
		const struct packet_vector *vector = vector_of(first, i);
		bool damaged = i >= damage_from && is_damaged(i - damage_from);

		if (burst->jobs[i].verified == damaged)
			return vector->name;
		if (!damaged &&
		    memcmp(burst->packets[i], vector->plain, vector->protected_size) != 0)
			return vector->name;
	}
	return NULL;
}

static int report(const struct suite *suite, struct error *error, const char *what,
                  const char *failed)
{
	if (failed == NULL)
		return 0;
	return error_set(error, ERROR_CRYPTO, "self-test of %s failed: %s, %s", suite_name(suite),
	                 what, failed);
}

static int run(struct suite *suite, struct known_burst *burst, const void *keys,
               struct error *error)
{
	int result = 0;

	for (unsigned i = 0; i < VECTORS && result == 0; i++) {
		result = report(suite, error, "seal", seal_case(suite, burst, i, 1, keys));
		if (result == 0)
			result = report(suite, error, "open",
			                open_case(suite, burst, i, 1, 1, keys));
	}
	if (result == 0)
		result = report(suite, error, "seal a whole burst",
		                seal_case(suite, burst, 0, SUITE_BURST_MAX, keys));
	if (result == 0)
		result = report(suite, error, "open a burst with wrong HMACs",
		                open_case(suite, burst, 0, SUITE_BURST_MAX, 0, keys));
	return result;
}

int suite_self_test(struct suite *suite, struct error *error)
{
	struct session_keys raw;

	memcpy(raw.aes, vector_test_aes, sizeof(raw.aes));
	memcpy(raw.hmac, vector_test_hmac, sizeof(raw.hmac));
	void *keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(suite));
	struct known_burst *burst = calloc(1, sizeof(*burst));
	int result = ERROR_MEMORY;
	if (keys == NULL || burst == NULL) {
		result = error_set(error, ERROR_MEMORY, "no memory for the crypto self-test");
	} else if (suite_keys_expand(suite, &raw, keys) != 0) {
		result = error_set(error, ERROR_CRYPTO, "self-test of %s failed: keys",
		                   suite_name(suite));
	} else {
		result = run(suite, burst, keys, error);
		suite_keys_wipe(suite, keys);
	}
	free(burst);
	free(keys);
	return result;
}
