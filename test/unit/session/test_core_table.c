/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/core_table.h"

#include <endian.h>
#include <stdlib.h>

#include "base/error.h"
#include "unit.h"

#define MANY      1048576u
#define SEED      0x1234567890abcdefu
#define BURST_MAX 64u

static uint64_t random_state = 1;

/** xorshift64: the same flows in every run. */
static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static struct core_session *sessions_make(unsigned count)
{
	size_t size = count * sizeof(struct core_session);
	struct core_session *sessions = aligned_alloc(_Alignof(struct core_session), size);

	memset(sessions, 0, size);
	return sessions;
}

/** A table whose entries are these sessions. */
static struct core_table *table_make(unsigned capacity, uint64_t seed,
                                     struct core_session *sessions, unsigned count)
{
	const struct core_table_area areas[CORE_TABLE_AREAS] = {
	        {.first = sessions, .stride = sizeof(struct core_session), .count = count}};

	return core_table_create(capacity, seed, areas);
}

static void random_flow(struct flow_key *flow)
{
	uint64_t words[sizeof(*flow) / sizeof(uint64_t)];

	for (unsigned word = 0; word < sizeof(words) / sizeof(words[0]); word++)
		words[word] = random_next();
	memcpy(flow, words, sizeof(words));
}

static struct core_session *find(const struct core_table *table, const struct flow_key *flow)
{
	return core_table_find(table, flow, flow_key_hash(flow, core_table_seed(table)));
}

static void random_flows_at_full_capacity(void)
{
	struct core_session *sessions = sessions_make(MANY);
	struct core_table *table = table_make(MANY, SEED, sessions, MANY);
	unsigned wrong = 0;

	for (unsigned i = 0; i < MANY; i++) {
		random_flow(&sessions[i].flow);
		wrong += core_table_insert(table, &sessions[i]) != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	for (unsigned i = 0; i < MANY; i++)
		wrong += find(table, &sessions[i].flow) != &sessions[i];
	CU_ASSERT_EQUAL(wrong, 0);
	for (unsigned i = 0; i < MANY; i += 2)
		wrong += core_table_remove(table, &sessions[i]) != 0;
	CU_ASSERT_EQUAL(wrong, 0);
	for (unsigned i = 0; i < MANY; i++)
		wrong += find(table, &sessions[i].flow) != (i % 2 == 0 ? NULL : &sessions[i]);
	CU_ASSERT_EQUAL(wrong, 0);
	core_table_destroy(table);
	free(sessions);
}

/** What real clients look like: one address pair, ports in a row. */
static void neighbouring_flows_at_full_capacity(void)
{
	static const unsigned capacities[] = {1, 2, 7, 16, 17, 64, 1000, 50000};

	for (unsigned c = 0; c < sizeof(capacities) / sizeof(capacities[0]); c++) {
		unsigned capacity = capacities[c];
		struct core_session *sessions = sessions_make(capacity);
		struct core_table *table = table_make(capacity, SEED + c, sessions, capacity);
		unsigned wrong = 0;

		for (unsigned i = 0; i < capacity; i++) {
			sessions[i].flow.source_port = htobe16((uint16_t)i);
			sessions[i].flow.destination_port = htobe16(20000);
			wrong += core_table_insert(table, &sessions[i]) != 0;
		}
		for (unsigned i = 0; i < capacity; i++)
			wrong += find(table, &sessions[i].flow) != &sessions[i];
		CU_ASSERT_EQUAL(wrong, 0);
		core_table_destroy(table);
		free(sessions);
	}
}

static void a_full_table_refuses(void)
{
	enum { SLOTS = 2 * BUCKET_SLOTS };
	struct core_session *sessions = sessions_make(SLOTS + 1);
	struct core_table *table = table_make(1, SEED, sessions, SLOTS + 1);
	struct flow_key other = {.vlan = 9};

	for (uint16_t i = 0; i < SLOTS; i++) {
		sessions[i].flow.source_port = i;
		CU_ASSERT_EQUAL(core_table_insert(table, &sessions[i]), 0);
	}
	sessions[SLOTS].flow.source_port = SLOTS;
	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[SLOTS]), ERROR_LIMIT);
	CU_ASSERT_PTR_NULL(find(table, &other));
	CU_ASSERT_EQUAL(core_table_remove(table, &sessions[3]), 0);
	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[SLOTS]), 0);
	CU_ASSERT_PTR_EQUAL(find(table, &sessions[SLOTS].flow), &sessions[SLOTS]);
	core_table_destroy(table);
	free(sessions);
}

static void duplicates_and_strangers(void)
{
	struct core_session *sessions = sessions_make(3);
	struct core_table *table = table_make(8, SEED, sessions, 3);

	sessions[2].flow.outer_vlan = 5;
	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[0]), 0);
	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[1]), ERROR_EXISTS);
	CU_ASSERT_EQUAL(core_table_remove(table, &sessions[1]), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(core_table_remove(table, &sessions[2]), ERROR_NOT_FOUND);
	CU_ASSERT_PTR_EQUAL(find(table, &sessions[0].flow), &sessions[0]);
	CU_ASSERT_PTR_NULL(find(table, &sessions[2].flow));
	core_table_destroy(table);
	free(sessions);
}

/** As the datapath does: a burst in three steps. */
static void find_burst(const struct core_table *table, const struct flow_key flows[],
                       struct core_session *found[], unsigned count)
{
	struct core_table_reader reader = core_table_reader(table);
	uint64_t hashes[BURST_MAX];

	for (unsigned i = 0; i < count; i++)
		hashes[i] = core_table_hash(&reader, &flows[i]);
	for (unsigned i = 0; i < count; i++)
		found[i] = core_table_candidate(&reader, hashes[i]);
	for (unsigned i = 0; i < count; i++)
		found[i] = core_table_confirm(table, found[i], &flows[i], hashes[i]);
}

/** Known, unknown and repeated flows in bursts of every size. */
static void a_burst_finds_what_single_look_ups_find(void)
{
	enum { SESSIONS = 3000 };
	struct core_session *sessions = sessions_make(SESSIONS);
	struct core_table *table = table_make(SESSIONS, SEED, sessions, SESSIONS);
	struct flow_key flows[BURST_MAX];
	struct core_session *found[BURST_MAX];
	unsigned wrong = 0;

	for (unsigned i = 0; i < SESSIONS; i++) {
		sessions[i].flow.source_port = htobe16((uint16_t)i);
		if (i % 4 != 0) /* the others stay unknown */
			wrong += core_table_insert(table, &sessions[i]) != 0;
	}
	for (unsigned count = 0; count <= BURST_MAX; count++) {
		for (unsigned i = 0; i < count; i++)
			flows[i] =
			        i % 5 == 4 ? flows[i - 3] : sessions[random_next() % SESSIONS].flow;
		find_burst(table, flows, found, count);
		for (unsigned i = 0; i < count; i++)
			wrong += found[i] != find(table, &flows[i]);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	core_table_destroy(table);
	free(sessions);
}

/** Entries of two areas, the second with room for something else between them; what lies in neither is refused. */
static void entries_lie_in_two_areas(void)
{
	enum { SESSIONS = 600 };
	struct core_session *plain = sessions_make(SESSIONS);
	struct core_session *wide = sessions_make(3 * SESSIONS);
	struct core_session *foreign = sessions_make(1);
	const struct core_table_area areas[CORE_TABLE_AREAS] = {
	        {.first = plain, .stride = sizeof(struct core_session), .count = SESSIONS},
	        {.first = wide + 1, .stride = 3 * sizeof(struct core_session), .count = SESSIONS}};
	struct core_table *table = core_table_create(2 * SESSIONS, SEED, areas);
	unsigned wrong = 0;

	for (unsigned i = 0; i < SESSIONS; i++) {
		plain[i].flow.source_port = htobe16((uint16_t)i);
		wide[3 * i + 1].flow = plain[i].flow;
		wide[3 * i + 1].flow.vlan = 7;
		wrong += core_table_insert(table, &plain[i]) != 0;
		wrong += core_table_insert(table, &wide[3 * i + 1]) != 0;
	}
	for (unsigned i = 0; i < SESSIONS; i++) {
		wrong += find(table, &plain[i].flow) != &plain[i];
		wrong += find(table, &wide[3 * i + 1].flow) != &wide[3 * i + 1];
	}
	CU_ASSERT_EQUAL(wrong, 0);
	foreign->flow.vlan = 8;
	wide[2].flow.vlan = 9;
	CU_ASSERT_EQUAL(core_table_insert(table, foreign), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(core_table_insert(table, &wide[2]), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(core_table_remove(table, &wide[2]), ERROR_NOT_FOUND);
	core_table_destroy(table);
	free(plain);
	free(wide);
	free(foreign);
}

/** Full for long: each flow that goes is followed by another one, and finds its place. */
static void flows_come_and_go_at_full_capacity(void)
{
	enum { SESSIONS = 4096, ROUNDS = 200000 };
	struct core_session *sessions = sessions_make(SESSIONS);
	struct core_table *table = table_make(SESSIONS, SEED, sessions, SESSIONS);
	unsigned wrong = 0;

	for (unsigned i = 0; i < SESSIONS; i++) {
		random_flow(&sessions[i].flow);
		wrong += core_table_insert(table, &sessions[i]) != 0;
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct core_session *session = &sessions[random_next() % SESSIONS];

		wrong += core_table_remove(table, session) != 0;
		wrong += find(table, &session->flow) != NULL;
		random_flow(&session->flow);
		wrong += core_table_insert(table, session) != 0;
	}
	for (unsigned i = 0; i < SESSIONS; i++)
		wrong += find(table, &sessions[i].flow) != &sessions[i];
	CU_ASSERT_EQUAL(wrong, 0);
	core_table_destroy(table);
	free(sessions);
}

static void too_many_entries_are_refused(void)
{
	struct core_session *sessions = sessions_make(1);

	CU_ASSERT_PTR_NULL(table_make(8, SEED, sessions, (1u << 29) + 1));
	free(sessions);
}

/** The same hash for two flows: only the comparison of the flows tells them apart. */
static void equal_hashes_do_not_confuse(void)
{
	struct core_session *sessions = sessions_make(1);
	struct core_table *table = table_make(8, SEED, sessions, 1);
	struct flow_key other = {.source_port = 1};

	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[0]), 0);
	CU_ASSERT_PTR_NULL(core_table_find(table, &other, flow_key_hash(&sessions[0].flow, SEED)));
	core_table_destroy(table);
	free(sessions);
}

/** A flow of the small table's first bucket with this tag. */
static void flow_with_tag(struct flow_key *flow, uint16_t tag)
{
	uint64_t hash;

	do {
		random_flow(flow);
		hash = flow_key_hash(flow, SEED);
	} while (bucket_tag(hash) != tag || core_table_bucket(hash, 2) != 0);
}

/** Twenty flows of one tag fill both buckets of a table: a burst finds each, and none of as many others with that tag. */
static void equal_tags_do_not_confuse_a_burst(void)
{
	enum { KNOWN = 2 * BUCKET_SLOTS, FLOWS = 2 * KNOWN };
	struct core_session *sessions = sessions_make(FLOWS);
	struct core_table *table = table_make(1, SEED, sessions, FLOWS);
	struct flow_key flows[FLOWS];
	struct core_session *found[FLOWS];
	unsigned wrong = 0;

	for (unsigned i = 0; i < FLOWS; i++) {
		flow_with_tag(&flows[i], 0x4321);
		sessions[i].flow = flows[i];
	}
	for (unsigned known = 0; known < KNOWN; known++) {
		wrong += core_table_insert(table, &sessions[known]) != 0;
		find_burst(table, flows, found, FLOWS);
		for (unsigned i = 0; i < FLOWS; i++)
			wrong += found[i] != (i <= known ? &sessions[i] : NULL);
	}
	for (unsigned known = KNOWN; known-- > 0;) {
		wrong += core_table_remove(table, &sessions[known]) != 0;
		find_burst(table, flows, found, FLOWS);
		for (unsigned i = 0; i < FLOWS; i++)
			wrong += found[i] != (i < known ? &sessions[i] : NULL);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	core_table_destroy(table);
	free(sessions);
}

/** What was a candidate is withdrawn, and its memory holds another flow, before it is confirmed. */
static void a_candidate_that_went_is_not_confirmed(void)
{
	struct core_session *sessions = sessions_make(2);
	struct core_table *table = table_make(8, SEED, sessions, 2);
	struct core_table_reader reader = core_table_reader(table);
	struct flow_key flow;

	random_flow(&flow);
	sessions[0].flow = flow;
	uint64_t hash = core_table_hash(&reader, &flow);
	CU_ASSERT_PTR_NULL(core_table_candidate(&reader, hash));
	/* Installed in between. */
	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[0]), 0);
	CU_ASSERT_PTR_EQUAL(core_table_confirm(table, NULL, &flow, hash), &sessions[0]);
	struct core_session *candidate = core_table_candidate(&reader, hash);
	CU_ASSERT_PTR_EQUAL(candidate, &sessions[0]);
	/* Withdrawn, and installed again elsewhere. */
	CU_ASSERT_EQUAL(core_table_remove(table, &sessions[0]), 0);
	random_flow(&sessions[0].flow);
	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[0]), 0);
	CU_ASSERT_PTR_NULL(core_table_confirm(table, candidate, &flow, hash));
	sessions[1].flow = flow;
	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[1]), 0);
	CU_ASSERT_PTR_EQUAL(core_table_confirm(table, candidate, &flow, hash), &sessions[1]);
	core_table_destroy(table);
	free(sessions);
}

/** The reader meets a writer that has taken the slot away and not yet the tag, or the other way round. */
static void half_an_entry_is_none(void)
{
	struct bucket bucket = {0};
	unsigned full = 0;

	for (unsigned i = 0; i < BUCKET_SLOTS; i++)
		full += bucket_insert(&bucket, (uint16_t)(2 * i + 1), i + 1) == 0;
	CU_ASSERT_EQUAL(full, BUCKET_SLOTS);
	CU_ASSERT_EQUAL(bucket_insert(&bucket, 1, 99), ERROR_LIMIT);
	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		uint32_t match = bucket_match(&bucket, (uint16_t)(2 * i + 1));

		CU_ASSERT_EQUAL(match, 1u << i);
		CU_ASSERT_EQUAL(bucket_slot(&bucket, match), i + 1);
	}
	bucket.tags[9] = 0;
	CU_ASSERT_EQUAL(bucket_match(&bucket, 19), 0);
	CU_ASSERT(bucket_remove(&bucket, 10));
	CU_ASSERT_FALSE(bucket_remove(&bucket, 10));
	bucket.tags[9] = 1;
	CU_ASSERT_EQUAL(bucket_match(&bucket, 1), 1u << 9 | 1);
	CU_ASSERT_EQUAL(bucket_used(&bucket), 9);
	/* Nor is the tag left of what went: look-ups would stop at it. */
	CU_ASSERT(bucket_remove(&bucket, 5));
	CU_ASSERT_EQUAL(bucket_match(&bucket, 9), 0);
}

static void what_lies_behind_an_area_is_refused(void)
{
	struct core_session *sessions = sessions_make(3);
	struct core_table *table = table_make(3, SEED, sessions + 1, 1);

	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[0]), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[2]), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(core_table_remove(table, &sessions[2]), ERROR_NOT_FOUND);
	CU_ASSERT_EQUAL(core_table_insert(table, &sessions[1]), 0);
	core_table_destroy(table);
	free(sessions);
}

static void every_bit_of_a_flow_changes_the_hash(void)
{
	struct flow_key flow = {.source_port = 77};
	uint64_t hash = flow_key_hash(&flow, SEED);
	unsigned flipped = 0;

	for (unsigned bit = 0; bit < 8 * sizeof(flow); bit++) {
		struct flow_key other = flow;
		((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1u << bit % 8);
		uint64_t difference = hash ^ flow_key_hash(&other, SEED);
		CU_ASSERT_NOT_EQUAL(difference, 0);
		flipped += (unsigned)__builtin_popcountll(difference);
	}
	/* About half of 64 bits flip on average. */
	CU_ASSERT(flipped > 28u * 8 * sizeof(flow) && flipped < 36u * 8 * sizeof(flow));
	CU_ASSERT_NOT_EQUAL(hash, flow_key_hash(&flow, SEED + 1));
}

/** Ports in a row, in one or in both fields: they fill the buckets of a table as random numbers would, whatever the seed. */
static void neighbouring_flows_spread(void)
{
	enum { FLOWS = 1u << 16, BUCKETS = FLOWS / 8 };
	static uint16_t buckets[BUCKETS];

	for (unsigned round = 0; round < 16; round++) {
		uint64_t seed = random_next(), squares = 0;

		memset(buckets, 0, sizeof(buckets));
		for (unsigned i = 0; i < FLOWS; i++) {
			struct flow_key flow = {.source[15] = 1};
			unsigned high = round % 2 == 0 ? 0 : i >> 8;

			flow.source_port = htobe16((uint16_t)(round % 2 == 0 ? i : i & 0xff));
			flow.destination_port = htobe16((uint16_t)(20000 + high));
			buckets[(flow_key_hash(&flow, seed) >> 32) * BUCKETS >> 32]++;
		}
		for (unsigned i = 0; i < BUCKETS; i++)
			squares += (uint64_t)(buckets[i] * buckets[i]);
		/* Poisson: the variance is the mean, 8, so the mean square is 72. */
		CU_ASSERT(squares < 75u * BUCKETS);
	}
}

static void flows_are_made_from_endpoints(void)
{
	struct endpoint sender = {.port = 0x1234}, reflector = {.port = 0x5678};
	struct flow_key flow;
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1};

	(void)address_parse("192.0.2.1", &sender.address);
	(void)address_parse("192.0.2.2", &reflector.address);
	flow_key_make(&flow, &sender, &reflector, 3, 4);
	CU_ASSERT(memcmp(flow.source, mapped, sizeof(mapped)) == 0);
	CU_ASSERT_EQUAL(flow.destination[15], 2);
	CU_ASSERT_EQUAL(flow.source_port, htobe16(0x1234));
	CU_ASSERT_EQUAL(flow.destination_port, htobe16(0x5678));
	CU_ASSERT_EQUAL(flow.vlan, 3);
	CU_ASSERT_EQUAL(flow.outer_vlan, 4);
	(void)address_parse("2001:db8::1", &sender.address);
	flow_key_make(&flow, &sender, &sender, 0, 0);
	CU_ASSERT(memcmp(flow.source, sender.address.octets, 16) == 0);
	CU_ASSERT(memcmp(flow.destination, sender.address.octets, 16) == 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"random flows at full capacity", random_flows_at_full_capacity},
	        {"neighbouring flows at full capacity", neighbouring_flows_at_full_capacity},
	        {"a full table refuses", a_full_table_refuses},
	        {"duplicates and strangers", duplicates_and_strangers},
	        {"a burst finds what single look-ups find",
	         a_burst_finds_what_single_look_ups_find},
	        {"entries lie in two areas", entries_lie_in_two_areas},
	        {"flows come and go at full capacity", flows_come_and_go_at_full_capacity},
	        {"too many entries are refused", too_many_entries_are_refused},
	        {"equal hashes do not confuse", equal_hashes_do_not_confuse},
	        {"equal tags do not confuse a burst", equal_tags_do_not_confuse_a_burst},
	        {"a candidate that went is not confirmed", a_candidate_that_went_is_not_confirmed},
	        {"half an entry is none", half_an_entry_is_none},
	        {"what lies behind an area is refused", what_lies_behind_an_area_is_refused},
	        {"every bit of a flow changes the hash", every_bit_of_a_flow_changes_the_hash},
	        {"neighbouring flows spread", neighbouring_flows_spread},
	        {"flows are made from endpoints", flows_are_made_from_endpoints},
	        CU_TEST_INFO_NULL};
	return unit_run("session-core_table", tests);
}
