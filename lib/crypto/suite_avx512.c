/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fastest suite, for CPUs with AVX-512, VAES and SHA extensions. What TWAMP seals is so short that an HMAC is two compressions
 * of SHA-1 (three for 96 octets) from states saved in the session's keys, and that fetching stored AES round keys costs more than
 * making them. So packets go side by side, one in each lane of a register: sha1_lanes.h and aes_lanes.h. A burst is cut into
 * groups of packets of one size, which the lanes take from the caller's jobs where they stand side by side, as they usually do. A few
 * packets alone would pay for all the lanes, and go through sha1_ni.c instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/aes_avx512.h"
#include "crypto/cpu_avx512.h"
#include "crypto/sha1_avx512.h"
#include "crypto/sha1_ni.h"

/** As many as the groups of a burst of one size. */
#define SCRATCHES (SUITE_BURST_MAX / AVX512_LANES)

struct suite_avx512 {
	struct suite suite;
	struct aes_scratch scratch[SCRATCHES];
};

_Static_assert(SHA1_NI_LANES <= AES_REGISTER_LANES, "lanes_in_use");
_Static_assert(sizeof(struct suite_job) == 32, "lanes are a shift apart");

static void avx512_destroy(struct suite *suite)
{
	struct suite_avx512 *self = (struct suite_avx512 *)suite;

	secret_wipe(self, sizeof(*self));
	free(self);
}

/** RFC 2104 section 2: the key with zeros behind it, each octet xored with pad. */
static void hmac_block(const struct session_keys *raw, uint8_t pad,
                       uint8_t block[HMAC_SHA1_BLOCK_SIZE])
{
	memset(block, pad, HMAC_SHA1_BLOCK_SIZE);
	for (size_t i = 0; i < sizeof(raw->hmac); i++)
		block[i] ^= raw->hmac[i];
}

static int avx512_keys_expand(const struct suite *suite, const struct session_keys *raw,
                              void *expanded)
{
	struct avx512_keys *keys = expanded;
	uint8_t block[HMAC_SHA1_BLOCK_SIZE];

	(void)suite;
	memset(keys, 0, sizeof(*keys));
	memcpy(keys->aes, raw->aes, sizeof(keys->aes));
	hmac_block(raw, 0x36, block);
	sha1_ni_first_block(block, keys->inner, &keys->inner_last);
	hmac_block(raw, 0x5c, block);
	sha1_ni_first_block(block, keys->outer, &keys->outer_last);
	secret_wipe(block, sizeof(block));
	return 0;
}

static void avx512_keys_wipe(const struct suite *suite, void *expanded)
{
	(void)suite;
	secret_wipe(expanded, sizeof(struct avx512_keys));
}

/** The jobs of a burst, taken a group of one size at a time. */
struct grouping {
	struct suite_job *jobs;
	unsigned count;
	unsigned sizes;  /**< bit b: some job has b blocks, which are still to be taken */
	unsigned next;   /**< the first job not looked at for lanes.blocks */
	unsigned number; /**< groups so far */
	bool one_size;
	struct lanes lanes;
	uint8_t job_of[AVX512_LANES]; /**< of each lane */
	struct suite_job
	        copies[AVX512_LANES]; /**< lanes.jobs, unless the jobs stand as lanes want them */
};

/** Field by field: there is much that need not be cleared. */
static void grouping_start(struct grouping *grouping, struct suite_job *jobs, unsigned count)
{
	unsigned sizes = 0;

	for (unsigned i = 0; i < count; i++)
		sizes |= 1u << jobs[i].protected_size / AES_BLOCK_SIZE;
	grouping->jobs = jobs;
	grouping->count = count;
	grouping->sizes = sizes;
	grouping->next = count;
	grouping->number = 0;
	grouping->one_size = (sizes & (sizes - 1)) == 0;
}

/** How many lanes the registers for count packets have: of sha1_avx512.h, and for few of aes_avx512.h alone. */
static unsigned lanes_in_use(unsigned count)
{
	if (count <= AES_NARROW_LANES)
		return count;
	if (count <= SHA1_NI_LANES)
		return AES_REGISTER_LANES;
	return count <= SHA1_HALF_LANES ? SHA1_HALF_LANES : AVX512_LANES;
}

/** Takes the next jobs as they stand; false when others are between them, or when they are too few for whole registers. */
static bool group_in_place(struct grouping *grouping)
{
	unsigned left = grouping->count - grouping->next;
	unsigned count = left < AVX512_LANES ? left : AVX512_LANES;

	if (!grouping->one_size || lanes_in_use(count) != count)
		return false;
	grouping->lanes.jobs = &grouping->jobs[grouping->next];
	grouping->lanes.count = count;
	for (unsigned lane = 0; lane < count; lane++)
		grouping->job_of[lane] = (uint8_t)grouping->next++;
	return true;
}

/** Copies the next jobs of lanes.blocks blocks; there may be none left. */
static void group_copy(struct grouping *grouping)
{
	unsigned lane = 0;

	for (; grouping->next < grouping->count && lane < AVX512_LANES; grouping->next++) {
		const struct suite_job *job = &grouping->jobs[grouping->next];

		if (job->protected_size != grouping->lanes.blocks * AES_BLOCK_SIZE)
			continue;
		grouping->job_of[lane] = (uint8_t)grouping->next;
		grouping->copies[lane++] = *job;
	}
	grouping->lanes.jobs = grouping->copies;
	grouping->lanes.count = lane;
	for (unsigned in_use = lanes_in_use(lane); lane < in_use; lane++)
		grouping->copies[lane] = grouping->copies[0];
}

/** Fills the lanes; false when all jobs have been in them. */
static bool group_next(struct grouping *grouping)
{
	do {
		if (grouping->next == grouping->count) {
			if (grouping->sizes == 0)
				return false;
			grouping->lanes.blocks = (unsigned)__builtin_ctz(grouping->sizes);
			grouping->sizes &= grouping->sizes - 1;
			grouping->next = 0;
		}
		if (!group_in_place(grouping))
			group_copy(grouping);
	} while (grouping->lanes.count == 0);
	grouping->number++;
	return true;
}

/** The same for the same group of the next call: what opening leaves there, sealing uses. */
static struct aes_scratch *scratch_of(struct suite_avx512 *self, const struct grouping *grouping)
{
	return &self->scratch[grouping->number % SCRATCHES];
}

static uint32_t hmac_verify(const struct lanes *lanes)
{
	return lanes->count <= SHA1_NI_LANES ? hmac_sha1_ni_verify(lanes)
	                                     : hmac_sha1_avx512_verify(lanes);
}

static void hmac_write(const struct lanes *lanes)
{
	if (lanes->count <= SHA1_NI_LANES)
		hmac_sha1_ni_write(lanes);
	else
		hmac_sha1_avx512_write(lanes);
}

static void avx512_open_burst(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	struct suite_avx512 *self = (struct suite_avx512 *)suite;
	struct grouping grouping;

	grouping_start(&grouping, jobs, count);
	while (group_next(&grouping)) {
		aes_avx512_decrypt(&grouping.lanes, scratch_of(self, &grouping));
		uint32_t right = hmac_verify(&grouping.lanes);
		for (unsigned i = 0; i < grouping.lanes.count; i++)
			jobs[grouping.job_of[i]].verified = right >> i & 1;
	}
}

static void avx512_seal_burst(struct suite *suite, struct suite_job *jobs, unsigned count)
{
	struct suite_avx512 *self = (struct suite_avx512 *)suite;
	struct grouping grouping;

	grouping_start(&grouping, jobs, count);
	while (group_next(&grouping)) {
		hmac_write(&grouping.lanes);
		aes_avx512_encrypt(&grouping.lanes, scratch_of(self, &grouping));
	}
}

static const struct suite_operations avx512_operations = {
        .keys_size = sizeof(struct avx512_keys),
        .destroy = avx512_destroy,
        .keys_expand = avx512_keys_expand,
        .keys_wipe = avx512_keys_wipe,
        .open_burst = avx512_open_burst,
        .seal_burst = avx512_seal_burst,
};

int suite_avx512_create(struct suite **suite, struct error *error)
{
	const char *missing = cpu_avx512_missing();

	if (missing != NULL)
		return error_set(error, ERROR_UNAVAILABLE,
		                 "crypto suite avx512 cannot run here: this CPU lacks %s", missing);
	struct suite_avx512 *self = aligned_alloc(_Alignof(struct suite_avx512), sizeof(*self));
	if (self == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the avx512 suite");
	memset(self, 0, sizeof(*self));
	self->suite.operations = &avx512_operations;
	(void)snprintf(self->suite.name, sizeof(self->suite.name), "avx512 (VAES, SHA)");
	*suite = &self->suite;
	return 0;
}
