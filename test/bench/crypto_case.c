/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cycles.h"
#include "traffic.h"

#define BURSTS_MAX    4096u
#define WARM_UP_SHARE 4u

static const struct world_settings sessions_settings = {.mode = TEST_AUTHENTICATED, .family = 4};

static int place_fill(struct crypto_place *place, struct error *error)
{
	size_t size = suite_keys_size(place->suite);

	place->random = UINT64_C(0x9e3779b97f4a7c15);
	int result = suite_create(SUITE_IPSEC_MB, &place->sealer, error);
	if (result != 0)
		return result;
	place->buffers = aligned_alloc(64, (size_t)SUITE_BURST_MAX * TRAFFIC_BUFFER_SIZE);
	place->keys = aligned_alloc(SUITE_KEYS_ALIGN, CRYPTO_SESSIONS * size);
	place->sealer_keys = aligned_alloc(SUITE_KEYS_ALIGN,
	                                   TRAFFIC_SEAL_BURST * suite_keys_size(place->sealer));
	if (place->buffers == NULL || place->keys == NULL || place->sealer_keys == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for keys");
	memset(place->buffers, 0, (size_t)SUITE_BURST_MAX * TRAFFIC_BUFFER_SIZE);
	memset(place->keys, 0, CRYPTO_SESSIONS * size);
	for (unsigned index = 0; result == 0 && index < CRYPTO_SESSIONS; index++) {
		struct session_parameters parameters;

		world_parameters(&sessions_settings, index, &parameters);
		result = suite_keys_expand(place->suite, &parameters.keys,
		                           place->keys + index * size);
	}
	return result == 0 ? 0 : error_set(error, result, "%s expands no keys", place->how);
}

int crypto_place_create(const char *how, struct suite *suite, struct crypto_place **place,
                        struct error *error)
{
	struct crypto_place *made = calloc(1, sizeof(*made));

	*place = NULL;
	if (made == NULL) {
		suite_destroy(suite);
		return error_set(error, ERROR_MEMORY, "no memory for %s", how);
	}
	made->how = how;
	made->suite = suite;
	int result = place_fill(made, error);
	if (result != 0) {
		crypto_place_destroy(made);
		return result;
	}
	*place = made;
	return 0;
}

void crypto_place_destroy(struct crypto_place *place)
{
	if (place == NULL)
		return;
	for (unsigned index = 0; place->keys != NULL && index < CRYPTO_SESSIONS; index++)
		suite_keys_wipe(place->suite, place->keys + index * suite_keys_size(place->suite));
	suite_destroy(place->suite);
	suite_destroy(place->sealer);
	free(place->keys);
	free(place->sealer_keys);
	free(place->buffers);
	free(place);
}

int crypto_place_of_bare(const struct bare *bare, struct crypto_place **place, struct error *error)
{
	struct suite *suite;

	*place = NULL;
	int result = bare->create(bare, &suite, error);
	if (result != 0)
		return result;
	return crypto_place_create(bare->how, suite, place, error);
}

/** One burst: its sessions, and what the suite is to do with their packets. */
struct run {
	unsigned indexes[SUITE_BURST_MAX];
	struct suite_job open[SUITE_BURST_MAX];
	struct suite_job seal[SUITE_BURST_MAX];
};

static struct suite_job job_make(const struct crypto_case *crypto, const void *keys,
                                 uint8_t *payload, bool reply)
{
	return (struct suite_job){
	        .keys = keys,
	        .data = payload,
	        .hmac = payload + (reply ? SECURE_REFLECTOR_HMAC : SECURE_SENDER_HMAC),
	        .protected_size = reply ? reflector_protected_size(crypto->mode)
	                                : sender_protected_size(crypto->mode),
	        .cipher = crypto->mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB,
	};
}

static uint8_t *payload_of(const struct crypto_place *place, unsigned i)
{
	return place->buffers + (size_t)i * TRAFFIC_BUFFER_SIZE + TRAFFIC_HEADROOM;
}

static void requests_seal(const struct crypto_case *crypto, const struct run *run, unsigned first,
                          unsigned count)
{
	const struct crypto_place *place = crypto->place;
	struct suite_job jobs[TRAFFIC_SEAL_BURST];

	for (unsigned i = 0; i < count; i++) {
		uint8_t *keys = place->sealer_keys + i * suite_keys_size(place->sealer);
		uint8_t *payload = payload_of(place, first + i);
		const struct sender_packet packet = {.sequence = (uint32_t)place->random + i,
		                                     .timestamp = place->random,
		                                     .error_estimate = 1};
		struct session_parameters parameters;

		world_parameters(&sessions_settings, run->indexes[first + i], &parameters);
		if (suite_keys_expand(place->sealer, &parameters.keys, keys) != 0)
			abort();
		sender_packet_write(payload, crypto->mode, false, false, &packet);
		jobs[i] = job_make(crypto, keys, payload, false);
	}
	suite_seal_burst(place->sealer, jobs, count);
}

/** Requests of random sessions, sealed. */
static void run_prepare(const struct crypto_case *crypto, struct run *run)
{
	struct crypto_place *place = crypto->place;
	size_t size = suite_keys_size(place->suite);

	for (unsigned i = 0; i < crypto->burst; i++) {
		run->indexes[i] = (unsigned)(random_next(&place->random) >> 32) % CRYPTO_SESSIONS;
		const uint8_t *keys = place->keys + run->indexes[i] * size;
		run->open[i] = job_make(crypto, keys, payload_of(place, i), false);
		run->seal[i] = job_make(crypto, keys, payload_of(place, i), true);
	}
	for (unsigned first = 0; first < crypto->burst; first += TRAFFIC_SEAL_BURST)
		requests_seal(crypto, run, first,
		              crypto->burst - first < TRAFFIC_SEAL_BURST ? crypto->burst - first
		                                                         : TRAFFIC_SEAL_BURST);
}

static void require_verified(const struct crypto_case *crypto, const struct run *run)
{
	for (unsigned i = 0; i < crypto->burst; i++) {
		if (!run->open[i].verified) {
			(void)fprintf(stderr, "bench: %s refuses a valid request\n",
			              crypto->place->how);
			exit(1);
		}
	}
}

/** Plaintext of replies over the opened requests, as the datapath leaves it. */
static void replies_write(const struct crypto_case *crypto)
{
	for (unsigned i = 0; i < crypto->burst; i++) {
		uint8_t *payload = payload_of(crypto->place, i);

		memcpy(payload + SECURE_REFLECTOR_SENDER_SEQUENCE, payload, SENDER_HEADER_SIZE);
		memset(payload + SECURE_REFLECTOR_RECEIVE_TIMESTAMP, (int)i, 16);
	}
}

int crypto_case_check(const struct crypto_case *crypto, struct error *error)
{
	static uint8_t expected[SUITE_BURST_MAX][SECURE_REFLECTOR_HEADER_SIZE];
	struct crypto_place *openssl;
	struct suite *suite;
	struct run run;

	int result = suite_create(SUITE_OPENSSL, &suite, error);
	if (result == 0)
		result = crypto_place_create("OpenSSL", suite, &openssl, error);
	if (result != 0)
		return result;
	run_prepare(crypto, &run);
	suite_open_burst(crypto->place->suite, run.open, crypto->burst);
	replies_write(crypto);
	size_t size = suite_keys_size(openssl->suite);
	for (unsigned i = 0; i < crypto->burst; i++) {
		struct suite_job job =
		        job_make(crypto, openssl->keys + run.indexes[i] * size, expected[i], true);

		memcpy(expected[i], payload_of(crypto->place, i), sizeof(expected[i]));
		suite_seal_burst(openssl->suite, &job, 1);
	}
	suite_seal_burst(crypto->place->suite, run.seal, crypto->burst);
	for (unsigned i = 0; result == 0 && i < crypto->burst; i++) {
		if (!run.open[i].verified ||
		    memcmp(expected[i], payload_of(crypto->place, i), sizeof(expected[i])) != 0)
			result = error_set(error, ERROR_CRYPTO, "%s and OpenSSL disagree",
			                   crypto->place->how);
	}
	crypto_place_destroy(openssl);
	return result;
}

double crypto_case_measure(void *context)
{
	static uint64_t samples[BURSTS_MAX];
	const struct crypto_case *crypto = context;
	struct suite *suite = crypto->place->suite;
	unsigned bursts = crypto->packets / crypto->burst;
	uint64_t overhead = cycles_overhead();
	struct run run;

	bursts = bursts == 0 ? 1 : bursts > BURSTS_MAX ? BURSTS_MAX : bursts;
	unsigned warm_up = bursts / WARM_UP_SHARE;
	for (unsigned i = 0; i < warm_up + bursts; i++) {
		run_prepare(crypto, &run);
		uint64_t begin = cycles_now();
		suite_open_burst(suite, run.open, crypto->burst);
		uint64_t opened = cycles_now();
		require_verified(crypto, &run);
		replies_write(crypto);
		uint64_t again = cycles_now();
		suite_seal_burst(suite, run.seal, crypto->burst);
		uint64_t end = cycles_now();
		if (i >= warm_up)
			samples[i - warm_up] = cycles_between(begin, opened, overhead) +
			                       cycles_between(again, end, overhead);
	}
	return cycles_quantile(samples, bursts, 0.5) / crypto->burst;
}
