/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast suite: intel-ipsec-mb computes a burst's HMACs, and its AES-CBC, in parallel lanes.
 *
 * A burst is one hash burst and one cipher burst of the library, each complete when its call returns: no job stays in a queue,
 * and no order of completion matters. Its chained jobs (SUBMIT_BURST_NOCHECK and FLUSH_BURST) give the same octets at the same
 * price for one block and a tenth more for two to six. The cipher burst knows CBC but not ECB. CBC of one block with an IV of zero
 * is that block's ECB, so that both of TWAMP's modes are the same job and protected_size alone tells them apart; but where all of a
 * burst is single blocks, as in authenticated mode, AES-NI beside the library takes a tenth off the whole.
 */
#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/aes_ni.h"
#include "crypto/suite_internal.h"

#define AES128_SCHEDULE_SIZE 176u

/** On AVX-512 a lone packet costs half as much on SHA extensions, four about the same, eight more. */
#define SMALL_BURST 4u

/** The HMAC states stand between the schedules, so that opening and sealing each touch one run of cache lines. */
struct imb_keys {
	alignas(SUITE_KEYS_ALIGN) uint8_t decrypt_schedule[AES128_SCHEDULE_SIZE];
	uint8_t inner_state[HMAC_SHA1_DIGEST_SIZE]; /**< SHA-1 after the block of key xor ipad */
	uint8_t outer_state[HMAC_SHA1_DIGEST_SIZE]; /**< SHA-1 after the block of key xor opad */
	alignas(AES_BLOCK_SIZE) uint8_t encrypt_schedule[AES128_SCHEDULE_SIZE];
};

/** The library's state, in memory of ours so that it can be wiped whole. */
struct manager {
	IMB_MGR *library;
	size_t size;
};

struct suite_imb {
	struct suite suite;
	struct manager wide; /**< the best that the CPU has: sixteen lanes with AVX-512 */
	struct manager
	        small; /**< SHA extensions on few lanes, for a burst that would leave wide's lanes empty; or none */
	/** The library writes whole digests of 20 octets, which would run past a packet's HMAC field: they are made here. */
	uint8_t digests[SUITE_BURST_MAX][HMAC_SHA1_DIGEST_SIZE];
	IMB_JOB jobs[SUITE_BURST_MAX];
};

static const uint8_t zero_iv[AES_BLOCK_SIZE] __attribute__((aligned(AES_BLOCK_SIZE)));

static void manager_destroy(struct manager *manager)
{
	if (manager->library != NULL)
		secret_wipe(manager->library, manager->size);
	free(manager->library);
	manager->library = NULL;
}

static void imb_destroy(struct suite *suite)
{
	struct suite_imb *self = (struct suite_imb *)suite;

	manager_destroy(&self->wide);
	manager_destroy(&self->small);
	secret_wipe(self, sizeof(*self));
	free(self);
}

/** HMAC's two states: RFC 2104 section 4. */
static void hmac_expand(IMB_MGR *manager, const struct session_keys *raw, struct imb_keys *keys)
{
	uint8_t block[HMAC_SHA1_BLOCK_SIZE];

	memset(block, 0x36, sizeof(block));
	for (size_t i = 0; i < sizeof(raw->hmac); i++)
		block[i] ^= raw->hmac[i];
	IMB_SHA1_ONE_BLOCK(manager, block, keys->inner_state);
	memset(block, 0x5c, sizeof(block));
	for (size_t i = 0; i < sizeof(raw->hmac); i++)
		block[i] ^= raw->hmac[i];
	IMB_SHA1_ONE_BLOCK(manager, block, keys->outer_state);
	secret_wipe(block, sizeof(block));
}

static int imb_keys_expand(const struct suite *suite, const struct session_keys *raw,
                           void *expanded)
{
	const struct suite_imb *self = (const struct suite_imb *)suite;
	struct imb_keys *keys = expanded;

	memset(keys, 0, sizeof(*keys));
	IMB_AES_KEYEXP_128(self->wide.library, raw->aes, keys->encrypt_schedule,
	                   keys->decrypt_schedule);
	hmac_expand(self->wide.library, raw, keys);
	return 0;
}

static void imb_keys_wipe(const struct suite *suite, void *expanded)
{
	(void)suite;
	secret_wipe(expanded, sizeof(struct imb_keys));
}

/** Describes a burst to the library; what never changes was set by jobs_prepare. */
static void jobs_describe(struct suite_imb *self, const struct suite_job *jobs, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct imb_keys *keys = jobs[i].keys;
		IMB_JOB *job = &self->jobs[i];

		job->src = jobs[i].data;
		job->dst = jobs[i].data;
		job->msg_len_to_cipher_in_bytes = jobs[i].protected_size;
		job->msg_len_to_hash_in_bytes = jobs[i].protected_size;
		job->enc_keys = keys->encrypt_schedule;
		job->dec_keys = keys->decrypt_schedule;
		job->u.HMAC._hashed_auth_key_xor_ipad = keys->inner_state;
		job->u.HMAC._hashed_auth_key_xor_opad = keys->outer_state;
	}
}

static IMB_MGR *manager_for(const struct suite_imb *self, unsigned count)
{
	return count <= SMALL_BURST && self->small.library != NULL ? self->small.library
	                                                           : self->wide.library;
}

static bool hash_run(IMB_MGR *manager, struct suite_imb *self, unsigned count)
{
	return IMB_SUBMIT_HASH_BURST_NOCHECK(manager, self->jobs, count, IMB_AUTH_HMAC_SHA_1) ==
	       count;
}

static bool single_blocks(const struct suite_imb *self, unsigned count)
{
	if ((self->wide.library->features & IMB_FEATURE_AESNI) == 0)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (self->jobs[i].msg_len_to_cipher_in_bytes != AES_BLOCK_SIZE)
			return false;
	return true;
}

static void ecb_run(const struct suite_job *jobs, unsigned count, IMB_CIPHER_DIRECTION direction)
{
	struct aes_ni_block blocks[SUITE_BURST_MAX];

	for (unsigned i = 0; i < count; i++) {
		const struct imb_keys *keys = jobs[i].keys;

		blocks[i] = (struct aes_ni_block){.data = jobs[i].data,
		                                  .schedule = direction == IMB_DIR_ENCRYPT
		                                                      ? keys->encrypt_schedule
		                                                      : keys->decrypt_schedule};
	}
	if (direction == IMB_DIR_ENCRYPT)
		aes_ni_encrypt(blocks, count);
	else
		aes_ni_decrypt(blocks, count);
}

static bool cipher_run(IMB_MGR *manager, struct suite_imb *self, const struct suite_job *jobs,
                       unsigned count, IMB_CIPHER_DIRECTION direction)
{
	if (single_blocks(self, count)) {
		ecb_run(jobs, count, direction);
		return true;
	}
	return IMB_SUBMIT_CIPHER_BURST_NOCHECK(manager, self->jobs, count, IMB_CIPHER_CBC,
	                                       direction, IMB_KEY_128_BYTES) == count;
}

/** secret_equal of 16 octets in two words: this one runs once a packet. */
static bool hmac_equal(const uint8_t *left, const uint8_t *right)
{
	uint64_t difference =
	        (load_be64(left) ^ load_be64(right)) |
	        (load_be64(left + SUITE_HMAC_SIZE / 2) ^ load_be64(right + SUITE_HMAC_SIZE / 2));
	SECRET_HIDE(difference);
	return difference == 0;
}

static void imb_open_burst(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	struct suite_imb *self = (struct suite_imb *)suite;

	IMB_MGR *manager = manager_for(self, count);
	jobs_describe(self, jobs, count);
	bool done = cipher_run(manager, self, jobs, count, IMB_DIR_DECRYPT) &&
	            hash_run(manager, self, count);
	for (unsigned i = 0; i < count; i++)
		jobs[i].verified = done && hmac_equal(self->digests[i], jobs[i].hmac);
}

static void imb_seal_burst(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	struct suite_imb *self = (struct suite_imb *)suite;

	IMB_MGR *manager = manager_for(self, count);
	jobs_describe(self, jobs, count);
	bool done = hash_run(manager, self, count) &&
	            cipher_run(manager, self, jobs, count, IMB_DIR_ENCRYPT);
	for (unsigned i = 0; i < count; i++) {
		if (done)
			memcpy(jobs[i].hmac, self->digests[i], SUITE_HMAC_SIZE);
		else
			suite_seal_failed(&jobs[i]);
	}
}

static const struct suite_operations imb_operations = {
        .keys_size = sizeof(struct imb_keys),
        .destroy = imb_destroy,
        .keys_expand = imb_keys_expand,
        .keys_wipe = imb_keys_wipe,
        .open_burst = imb_open_burst,
        .seal_burst = imb_seal_burst,
};

_Static_assert(sizeof(struct imb_keys) % SUITE_KEYS_ALIGN == 0, "keys stand in arrays");

static void jobs_prepare(struct suite_imb *self)
{
	for (unsigned i = 0; i < SUITE_BURST_MAX; i++) {
		IMB_JOB *job = &self->jobs[i];

		job->key_len_in_bytes = IMB_KEY_128_BYTES;
		job->cipher_mode = IMB_CIPHER_CBC;
		job->hash_alg = IMB_AUTH_HMAC_SHA_1;
		job->iv = zero_iv;
		job->iv_len_in_bytes = sizeof(zero_iv);
		job->auth_tag_output = self->digests[i];
		job->auth_tag_output_len_in_bytes = HMAC_SHA1_DIGEST_SIZE;
	}
}

static const char *architecture_name(uint32_t architecture)
{
	switch (architecture) {
	case IMB_ARCH_SSE:
		return "sse";
	case IMB_ARCH_AVX:
		return "avx";
	case IMB_ARCH_AVX2:
		return "avx2";
	case IMB_ARCH_AVX512:
		return "avx512";
	default:
		return "unknown";
	}
}

static int manager_create(struct manager *manager, void (*start)(IMB_MGR *), struct error *error)
{
	size_t size = imb_get_mb_mgr_size();

	size = (size + SUITE_KEYS_ALIGN - 1) / SUITE_KEYS_ALIGN * SUITE_KEYS_ALIGN;
	void *memory = aligned_alloc(SUITE_KEYS_ALIGN, size);
	if (memory == NULL) {
		(void)error_set(error, ERROR_MEMORY, "no memory for ipsec-mb");
		return ERROR_MEMORY;
	}
	memset(memory, 0, size);
	IMB_MGR *library = imb_set_pointers_mb_mgr(memory, 0, 1);
	int code = imb_get_errno(library);
	if (library != NULL && code == 0) {
		start(library);
		code = imb_get_errno(library);
	}
	if (library == NULL || code != 0) {
		free(memory);
		(void)error_set(
		        error, ERROR_CRYPTO,
		        "ipsec-mb does not start on this CPU, which must have AES instructions: %s",
		        imb_get_strerror(code));
		return ERROR_CRYPTO;
	}
	*manager = (struct manager){.library = library, .size = size};
	return 0;
}

static void start_best(IMB_MGR *library)
{
	init_mb_mgr_auto(library, NULL);
}

static void start_sse(IMB_MGR *library)
{
	init_mb_mgr_sse(library);
}

static int managers_create(struct suite_imb *self, struct error *error)
{
	int result = manager_create(&self->wide, start_best, error);

	if (result != 0 || self->wide.library->used_arch != IMB_ARCH_AVX512 ||
	    (self->wide.library->features & IMB_FEATURE_SHANI) == 0)
		return result;
	return manager_create(&self->small, start_sse, error);
}

int suite_imb_create(struct suite **suite, struct error *error)
{
	struct suite_imb *self = calloc(1, sizeof(*self));

	if (self == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the ipsec-mb suite");
	self->suite.operations = &imb_operations;
	int result = managers_create(self, error);
	if (result != 0) {
		imb_destroy(&self->suite);
		return result;
	}
	(void)snprintf(self->suite.name, sizeof(self->suite.name), "ipsec-mb %s (%s)",
	               imb_get_version_str(), architecture_name(self->wide.library->used_arch));
	jobs_prepare(self);
	*suite = &self->suite;
	return 0;
}
