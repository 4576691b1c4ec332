/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every burst ends with an empty library: a queue that still holds jobs counts wrongly when it wraps. Tags are whole digests of
 * 20 octets in memory of ours: checked jobs refuse other lengths, unchecked ones write 20 whatever they are told.
 */
#define NO_COMPAT_IMB_API_053
#include <immintrin.h>
#include <intel-ipsec-mb.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "crypto/suite_internal.h"

#define SCHEDULE_SIZE 176u
#define AES_ROUNDS    10u
#define ECB_LANES     8u

enum way { JOBS, BURST, CIPHER_AND_HASH, CIPHER_AND_HASH_SSE };

struct imb_keys {
	alignas(SUITE_KEYS_ALIGN) uint8_t decrypt_schedule[SCHEDULE_SIZE];
	uint8_t inner_state[HMAC_SHA1_DIGEST_SIZE];
	uint8_t outer_state[HMAC_SHA1_DIGEST_SIZE];
	alignas(AES_BLOCK_SIZE) uint8_t encrypt_schedule[SCHEDULE_SIZE];
};

struct imb {
	struct suite suite;
	IMB_MGR *manager;
	IMB_JOB jobs[SUITE_BURST_MAX]; /**< of the cipher and hash bursts */
	uint8_t digests[SUITE_BURST_MAX][HMAC_SHA1_DIGEST_SIZE];
};

static const uint8_t zero_iv[AES_BLOCK_SIZE] __attribute__((aligned(AES_BLOCK_SIZE)));

static void hmac_state(IMB_MGR *manager, const struct session_keys *raw, uint8_t pad, void *state)
{
	uint8_t block[HMAC_SHA1_BLOCK_SIZE];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < sizeof(raw->hmac); i++)
		block[i] ^= raw->hmac[i];
	IMB_SHA1_ONE_BLOCK(manager, block, state);
}

static int keys_expand(const struct suite *suite, const struct session_keys *raw, void *expanded)
{
	IMB_MGR *manager = ((const struct imb *)suite)->manager;
	struct imb_keys *keys = expanded;

	memset(keys, 0, sizeof(*keys));
	IMB_AES_KEYEXP_128(manager, raw->aes, keys->encrypt_schedule, keys->decrypt_schedule);
	hmac_state(manager, raw, 0x36, keys->inner_state);
	hmac_state(manager, raw, 0x5c, keys->outer_state);
	return 0;
}

static void keys_wipe(const struct suite *suite, void *expanded)
{
	(void)suite;
	secret_wipe(expanded, sizeof(struct imb_keys));
}

static void destroy(struct suite *suite)
{
	struct imb *self = (struct imb *)suite;

	if (self->manager != NULL)
		free_mb_mgr(self->manager);
	free(self);
}

static void job_constants(IMB_JOB *job, uint8_t digest[HMAC_SHA1_DIGEST_SIZE])
{
	job->key_len_in_bytes = IMB_KEY_128_BYTES;
	job->hash_alg = IMB_AUTH_HMAC_SHA_1;
	job->iv = zero_iv;
	job->iv_len_in_bytes = sizeof(zero_iv);
	job->cipher_start_src_offset_in_bytes = 0;
	job->hash_start_src_offset_in_bytes = 0;
	job->auth_tag_output = digest;
	job->auth_tag_output_len_in_bytes = HMAC_SHA1_DIGEST_SIZE;
}

static void job_variables(IMB_JOB *job, const struct suite_job *from)
{
	const struct imb_keys *keys = from->keys;

	job->src = from->data;
	job->dst = from->data;
	job->msg_len_to_cipher_in_bytes = from->protected_size;
	job->msg_len_to_hash_in_bytes = from->protected_size;
	job->enc_keys = keys->encrypt_schedule;
	job->dec_keys = keys->decrypt_schedule;
	job->u.HMAC._hashed_auth_key_xor_ipad = keys->inner_state;
	job->u.HMAC._hashed_auth_key_xor_opad = keys->outer_state;
}

/** A chained job: the library's job memory is used by turns, so everything is set each time. */
static void job_chain(IMB_JOB *job, const struct suite_job *from, IMB_CIPHER_DIRECTION direction,
                      uint8_t digest[HMAC_SHA1_DIGEST_SIZE])
{
	job_constants(job, digest);
	job_variables(job, from);
	job->cipher_mode = from->cipher == SUITE_AES_ECB ? IMB_CIPHER_ECB : IMB_CIPHER_CBC;
	job->cipher_direction = direction;
	job->chain_order =
	        direction == IMB_DIR_DECRYPT ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
}

static void jobs_run(struct imb *self, const struct suite_job *jobs, unsigned count,
                     IMB_CIPHER_DIRECTION direction)
{
	for (unsigned i = 0; i < count; i++) {
		job_chain(IMB_GET_NEXT_JOB(self->manager), &jobs[i], direction, self->digests[i]);
		(void)IMB_SUBMIT_JOB_NOCHECK(self->manager);
	}
	while (IMB_FLUSH_JOB(self->manager) != NULL)
		;
}

static void burst_run(struct imb *self, const struct suite_job *jobs, unsigned count,
                      IMB_CIPHER_DIRECTION direction)
{
	IMB_JOB *chained[SUITE_BURST_MAX];

	if (IMB_GET_NEXT_BURST(self->manager, count, chained) != count)
		abort();
	for (unsigned i = 0; i < count; i++)
		job_chain(chained[i], &jobs[i], direction, self->digests[i]);
	unsigned done = IMB_SUBMIT_BURST_NOCHECK(self->manager, count, chained);
	while (done < count) {
		unsigned more = IMB_FLUSH_BURST(self->manager, count - done, chained);

		if (more == 0)
			abort();
		done += more;
	}
}

/** One block of each job by AES-NI: the library's cipher bursts do CBC and CTR only. */
__attribute__((target("aes,sse4.1"))) static void
ecb_run(const struct suite_job *jobs, unsigned count, IMB_CIPHER_DIRECTION direction)
{
	for (unsigned first = 0; first < count; first += ECB_LANES) {
		unsigned lanes = count - first < ECB_LANES ? count - first : ECB_LANES;
		const __m128i *schedules[ECB_LANES];
		__m128i blocks[ECB_LANES];

		for (unsigned i = 0; i < ECB_LANES; i++) {
			const struct suite_job *job = &jobs[first + (i < lanes ? i : 0)];
			const struct imb_keys *keys = job->keys;

			schedules[i] =
			        (const __m128i *)(direction == IMB_DIR_ENCRYPT
			                                  ? (const void *)keys->encrypt_schedule
			                                  : keys->decrypt_schedule);
			blocks[i] = _mm_xor_si128(_mm_loadu_si128((const __m128i_u *)job->data),
			                          schedules[i][0]);
		}
		for (unsigned round = 1; round < AES_ROUNDS; round++) {
			for (unsigned i = 0; i < ECB_LANES; i++)
				blocks[i] =
				        direction == IMB_DIR_ENCRYPT
				                ? _mm_aesenc_si128(blocks[i], schedules[i][round])
				                : _mm_aesdec_si128(blocks[i], schedules[i][round]);
		}
		for (unsigned i = 0; i < lanes; i++)
			_mm_storeu_si128(
			        (__m128i_u *)jobs[first + i].data,
			        direction == IMB_DIR_ENCRYPT
			                ? _mm_aesenclast_si128(blocks[i], schedules[i][AES_ROUNDS])
			                : _mm_aesdeclast_si128(blocks[i],
			                                       schedules[i][AES_ROUNDS]));
	}
}

static void cipher_run(struct imb *self, const struct suite_job *jobs, unsigned count,
                       IMB_CIPHER_DIRECTION direction)
{
	if (jobs[0].cipher == SUITE_AES_ECB)
		ecb_run(jobs, count, direction);
	else if (IMB_SUBMIT_CIPHER_BURST_NOCHECK(self->manager, self->jobs, count, IMB_CIPHER_CBC,
	                                         direction, IMB_KEY_128_BYTES) != count)
		abort();
}

/** All jobs of a burst have the same cipher here. */
static void cipher_and_hash_run(struct imb *self, const struct suite_job *jobs, unsigned count,
                                IMB_CIPHER_DIRECTION direction)
{
	for (unsigned i = 0; i < count; i++)
		job_variables(&self->jobs[i], &jobs[i]);
	if (direction == IMB_DIR_DECRYPT)
		cipher_run(self, jobs, count, direction);
	if (IMB_SUBMIT_HASH_BURST_NOCHECK(self->manager, self->jobs, count, IMB_AUTH_HMAC_SHA_1) !=
	    count)
		abort();
	if (direction == IMB_DIR_ENCRYPT)
		cipher_run(self, jobs, count, direction);
}

static void verify(const struct imb *self, struct suite_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		jobs[i].verified = memcmp(self->digests[i], jobs[i].hmac, SUITE_HMAC_SIZE) == 0;
}

static void hmacs_write(const struct imb *self, const struct suite_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		memcpy(jobs[i].hmac, self->digests[i], SUITE_HMAC_SIZE);
}

#define OPEN_AND_SEAL(run)                                                                         \
	static void run##_open(struct suite *suite, struct suite_job *jobs, unsigned count)        \
	{                                                                                          \
		run##_run((struct imb *)suite, jobs, count, IMB_DIR_DECRYPT);                      \
		verify((struct imb *)suite, jobs, count);                                          \
	}                                                                                          \
	static void run##_seal(struct suite *suite, struct suite_job *jobs, unsigned count)        \
	{                                                                                          \
		run##_run((struct imb *)suite, jobs, count, IMB_DIR_ENCRYPT);                      \
		hmacs_write((struct imb *)suite, jobs, count);                                     \
	}

OPEN_AND_SEAL(jobs)
OPEN_AND_SEAL(burst)
OPEN_AND_SEAL(cipher_and_hash)

#define OPERATIONS(run)                                                                            \
	{                                                                                          \
		.keys_size = sizeof(struct imb_keys), .destroy = destroy,                          \
		.keys_expand = keys_expand, .keys_wipe = keys_wipe, .open_burst = run##_open,      \
		.seal_burst = run##_seal,                                                          \
	}

static const struct suite_operations operations[] = {
        [JOBS] = OPERATIONS(jobs),
        [BURST] = OPERATIONS(burst),
        [CIPHER_AND_HASH] = OPERATIONS(cipher_and_hash),
        [CIPHER_AND_HASH_SSE] = OPERATIONS(cipher_and_hash),
};

static int create(const struct bare *bare, struct suite **suite, struct error *error)
{
	struct imb *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for ipsec-mb");
	self->suite.operations = &operations[bare->way];
	(void)strncpy(self->suite.name, bare->how, sizeof(self->suite.name) - 1);
	self->manager = alloc_mb_mgr(0);
	if (self->manager != NULL) {
		if (bare->way == CIPHER_AND_HASH_SSE)
			init_mb_mgr_sse(self->manager);
		else
			init_mb_mgr_auto(self->manager, NULL);
	}
	if (self->manager == NULL || imb_get_errno(self->manager) != 0) {
		destroy(&self->suite);
		return error_set(error, ERROR_CRYPTO, "ipsec-mb does not start on this CPU");
	}
	for (unsigned i = 0; i < SUITE_BURST_MAX; i++)
		job_constants(&self->jobs[i], self->digests[i]);
	*suite = &self->suite;
	return 0;
}

const struct bare bare_imb[BARE_IMB_COUNT] = {
        {.how = "ipsec-mb jobs", .create = create, .way = JOBS},
        {.how = "ipsec-mb burst", .create = create, .way = BURST},
        {.how = "ipsec-mb cipher+hash", .create = create, .way = CIPHER_AND_HASH},
        {.how = "ipsec-mb cipher+hash sse", .create = create, .way = CIPHER_AND_HASH_SSE},
};
