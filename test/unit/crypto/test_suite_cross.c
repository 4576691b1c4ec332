/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites against each other on the same random packets: every size, burst length, alignment and mixture. */
#include <pthread.h>
#include <stdio.h>

#include "suite_fixture.h"

#define SESSIONS                                                                                   \
	37u /* of no common divisor with a burst: lanes and sessions fall together in every way */
#define ROUNDS 12u

struct packet {
	uint8_t octets[PACKET_BUFFER];
};

/** The same burst for each suite, and what it was before. */
struct same_burst {
	struct packet original[SUITE_BURST_MAX];
	struct packet packets[SUITE_KINDS][SUITE_BURST_MAX];
	struct suite_job jobs[SUITE_KINDS][SUITE_BURST_MAX];
	bool damaged[SUITE_BURST_MAX];
	unsigned count;
};

struct cross {
	unsigned suite_count;
	struct suite *suites[SUITE_KINDS];
	uint8_t *keys[SUITE_KINDS];
	uint64_t random;
	unsigned long packets;
	struct same_burst burst;
};

static void cross_start(struct cross *cross)
{
	enum suite_kind kinds[SUITE_KINDS] = {SUITE_IPSEC_MB};
	struct session_keys raw[SESSIONS];

	cross->suite_count = suite_kinds(kinds);
	cross->random = 5357;
	pseudo_random_fill(&cross->random, raw, sizeof(raw));
	for (unsigned i = 0; i < cross->suite_count; i++) {
		cross->suites[i] = suite_make(kinds[i]);
		cross->keys[i] = keys_make(cross->suites[i], raw, SESSIONS);
	}
}

static void cross_end(struct cross *cross)
{
	for (unsigned i = 0; i < cross->suite_count; i++) {
		keys_free(cross->suites[i], cross->keys[i], SESSIONS);
		suite_destroy(cross->suites[i]);
	}
}

/** Of packets: those of the protocol, and now and then another one that the contract allows. */
static const uint16_t sizes[] = {16, 16, 16, 32, 32, 96, 96, 96, 16, 48, 64, 80};
#define CHOICES (sizeof(sizes) / sizeof(sizes[0]))

/** A packet at any alignment. */
static void packet_make(struct cross *cross, unsigned number, unsigned choice)
{
	struct packet *packet = &cross->burst.original[number];
	unsigned session = pseudo_random(&cross->random) % SESSIONS;
	size_t at = GUARD - pseudo_random(&cross->random) % 16;
	size_t gap = choice == 0 ? PROTECTED_MAX - sizes[choice] : 0;

	memset(packet, GUARD_OCTET, sizeof(*packet));
	pseudo_random_fill(&cross->random, packet->octets + at, sizes[choice]);
	for (unsigned i = 0; i < cross->suite_count; i++) {
		uint8_t *octets = cross->burst.packets[i][number].octets;

		cross->burst.packets[i][number] = *packet;
		cross->burst.jobs[i][number] = (struct suite_job){
		        .keys = cross->keys[i] + session * suite_keys_size(cross->suites[i]),
		        .data = octets + at,
		        .hmac = octets + at + sizes[choice] + gap,
		        .protected_size = sizes[choice],
		        .cipher = choice <= 2 ? SUITE_AES_ECB : SUITE_AES_CBC,
		};
	}
}

static void packet_damage(struct cross *cross, unsigned number)
{
	struct same_burst *burst = &cross->burst;
	unsigned octet = pseudo_random(&cross->random);
	uint8_t mask = (uint8_t)(1u << pseudo_random(&cross->random) % 8);

	burst->damaged[number] = pseudo_random(&cross->random) % 4 == 0;
	for (unsigned i = 0; i < cross->suite_count && burst->damaged[number]; i++) {
		struct suite_job *job = &burst->jobs[i][number];

		if (octet % 2 == 0)
			job->hmac[octet / 2 % HMAC_SIZE] ^= mask;
		else
			job->data[octet / 2 % job->protected_size] ^= mask;
	}
}

/** Packets are compared with all around them, so that a suite that writes one octet too many is seen. */
static bool packets_equal(const struct cross *cross)
{
	const struct same_burst *burst = &cross->burst;

	for (unsigned i = 1; i < cross->suite_count; i++)
		if (memcmp(burst->packets[0], burst->packets[i],
		           burst->count * sizeof(struct packet)) != 0)
			return false;
	return true;
}

static bool guards_kept(const struct same_burst *burst, unsigned number)
{
	const struct suite_job *job = &burst->jobs[0][number];
	const uint8_t *octets = burst->packets[0][number].octets;
	size_t data = (size_t)(job->data - octets), hmac = (size_t)(job->hmac - octets);
	bool kept = true;

	for (size_t i = 0; i < PACKET_BUFFER; i++)
		if ((i < data || i >= data + job->protected_size) &&
		    (i < hmac || i >= hmac + HMAC_SIZE))
			kept = kept && octets[i] == GUARD_OCTET;
	return kept;
}

static void burst_run(struct cross *cross, unsigned count)
{
	struct same_burst *burst = &cross->burst;

	burst->count = count;
	for (unsigned i = 0; i < count; i++)
		packet_make(cross, i, pseudo_random(&cross->random) % CHOICES);
	for (unsigned i = 0; i < cross->suite_count; i++)
		suite_seal_burst(cross->suites[i], burst->jobs[i], count);
	CU_ASSERT(packets_equal(cross));
	for (unsigned i = 0; i < count; i++) {
		CU_ASSERT(guards_kept(burst, i));
		packet_damage(cross, i);
	}
	for (unsigned i = 0; i < cross->suite_count; i++)
		suite_open_burst(cross->suites[i], burst->jobs[i], count);
	CU_ASSERT(packets_equal(cross));
	for (unsigned i = 0; i < count; i++) {
		const struct suite_job *job = &burst->jobs[0][i];
		size_t at = (size_t)(job->data - burst->packets[0][i].octets);

		for (unsigned k = 0; k < cross->suite_count; k++)
			CU_ASSERT_EQUAL(burst->jobs[k][i].verified, !burst->damaged[i]);
		if (!burst->damaged[i])
			CU_ASSERT(memcmp(job->data, burst->original[i].octets + at,
			                 job->protected_size) == 0);
		CU_ASSERT(guards_kept(burst, i));
	}
	cross->packets += count;
}

static void suites_agree(void)
{
	static struct cross cross;

	cross_start(&cross);
	for (unsigned round = 0; round < ROUNDS; round++)
		for (unsigned count = 1; count <= SUITE_BURST_MAX; count++)
			burst_run(&cross, count);
	for (unsigned round = 0; round < ROUNDS * SUITE_BURST_MAX; round++)
		burst_run(&cross, 1 + pseudo_random(&cross.random) % 8);
	cross_end(&cross);
	(void)printf("%lu packets sealed and opened by %u suites\n", cross.packets,
	             cross.suite_count);
}

/** A session ends, and another one gets the memory of its keys. */
static void session_replace(struct cross *cross, unsigned session, const struct session_keys *raw)
{
	for (unsigned i = 0; i < cross->suite_count; i++) {
		uint8_t *keys = cross->keys[i] + session * suite_keys_size(cross->suites[i]);

		suite_keys_wipe(cross->suites[i], keys);
		CU_ASSERT_EQUAL(suite_keys_expand(cross->suites[i], raw, keys), 0);
	}
}

/** Seals, opens and again seals the same packets of one size, after some sessions may have got other keys. */
static void again_run(struct cross *cross, unsigned count, unsigned choice, unsigned replaced)
{
	struct same_burst *burst = &cross->burst;
	struct session_keys raw;

	burst->count = count;
	for (unsigned i = 0; i < count; i++)
		packet_make(cross, i, choice);
	for (unsigned i = 0; i < cross->suite_count; i++) {
		suite_seal_burst(cross->suites[i], burst->jobs[i], count);
		suite_open_burst(cross->suites[i], burst->jobs[i], count);
		for (unsigned number = 0; number < count; number++)
			CU_ASSERT(burst->jobs[i][number].verified);
	}
	for (; replaced > 0; replaced--) {
		pseudo_random_fill(&cross->random, &raw, sizeof(raw));
		session_replace(cross, pseudo_random(&cross->random) % SESSIONS, &raw);
	}
	for (unsigned i = 0; i < cross->suite_count; i++)
		suite_seal_burst(cross->suites[i], burst->jobs[i], count);
	CU_ASSERT(packets_equal(cross));
	for (unsigned i = 0; i < count; i++)
		CU_ASSERT(guards_kept(burst, i));
	cross->packets += count;
}

/** What a suite keeps of one call for the next serves those keys only, wherever they are. */
static void suites_agree_on_changed_keys(void)
{
	static const unsigned choices[] = {1, 3, 5};
	static const struct session_keys zero;
	static struct cross cross;

	cross_start(&cross);
	for (unsigned session = 0; session < SESSIONS; session++)
		session_replace(&cross, session, &zero);
	for (unsigned round = 0; round < 4 * ROUNDS; round++)
		again_run(&cross, 1 + pseudo_random(&cross.random) % SUITE_BURST_MAX, 1,
		          round < ROUNDS ? 0 : 1);
	for (unsigned count = 1; count <= SUITE_BURST_MAX; count++)
		for (unsigned i = 0; i < 3; i++)
			for (unsigned replaced = 0; replaced < 4; replaced++)
				again_run(&cross, count, choices[i], replaced * replaced);
	cross_end(&cross);
}

/** Threads with suites of their own share keys that one thread expanded. */
struct sharer {
	enum suite_kind kind;
	const void *keys;
	bool right;
};

static void *share(void *argument)
{
	struct sharer *sharer = argument;
	struct suite *suite = NULL;
	uint64_t random = 862;

	/* CUnit's assertions belong to the main thread. */
	if (suite_create(sharer->kind, &suite, NULL) != 0)
		return NULL;
	sharer->right = true;
	for (unsigned round = 0; round < 200; round++) {
		uint8_t packets[8][PROTECTED_MAX + HMAC_SIZE], plain[PROTECTED_MAX];
		struct suite_job jobs[8];

		pseudo_random_fill(&random, plain, sizeof(plain));
		for (unsigned i = 0; i < 8; i++) {
			memcpy(packets[i], plain, sizeof(plain));
			jobs[i] = (struct suite_job){.keys = sharer->keys,
			                             .data = packets[i],
			                             .hmac = packets[i] + PROTECTED_MAX,
			                             .protected_size = PROTECTED_MAX,
			                             .cipher = SUITE_AES_CBC};
		}
		suite_seal_burst(suite, jobs, 8);
		suite_open_burst(suite, jobs, 8);
		for (unsigned i = 0; i < 8; i++)
			sharer->right = sharer->right && jobs[i].verified &&
			                memcmp(packets[i], plain, sizeof(plain)) == 0;
	}
	suite_destroy(suite);
	return NULL;
}

static void threads_share_keys(void)
{
	enum suite_kind kinds[SUITE_KINDS];
	unsigned count = suite_kinds(kinds);

	for (unsigned k = 0; k < count; k++) {
		struct suite *suite = suite_make(kinds[k]);
		struct session_keys raw;
		uint64_t random = 4656;
		pthread_t threads[4];
		struct sharer sharers[4];

		pseudo_random_fill(&random, &raw, sizeof(raw));
		uint8_t *keys = keys_make(suite, &raw, 1);
		for (unsigned i = 0; i < 4; i++) {
			sharers[i] = (struct sharer){.kind = kinds[k], .keys = keys};
			CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, share, &sharers[i]),
			                      0);
		}
		for (unsigned i = 0; i < 4; i++) {
			CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
			CU_ASSERT(sharers[i].right);
		}
		keys_free(suite, keys, 1);
		suite_destroy(suite);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {{"suites agree", suites_agree},
	                       {"suites agree on changed keys", suites_agree_on_changed_keys},
	                       {"threads share keys", threads_share_keys},
	                       CU_TEST_INFO_NULL};
	return unit_run("crypto-suite-cross", tests);
}
