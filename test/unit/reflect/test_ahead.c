/* SPDX-License-Identifier: BSD-3-Clause */
/** The pool of what was computed ahead of time: windows, wrap-around, who gets a slot, and sessions that end meanwhile. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "crypto/suite_internal.h"
#include "reflect/ahead.h"
#include "unit.h"

#define SLOTS    4u
#define SESSIONS 6u
#define BLOCK    16u
#define HMAC     16u
/** Of a 2 GHz TSC. */
#define SECOND UINT64_C(2000000000)

struct sealed {
	uint8_t block[BLOCK];
	uint8_t hmac[HMAC];
};

static struct suite *suite, *openssl;
static struct core_table *table;
static struct ahead_pool *pool;
static unsigned slot_count;
static struct core_session sessions[SESSIONS];
static void *keys[SESSIONS], *openssl_keys[SESSIONS];

static void raw_keys(struct session_keys *raw, unsigned number)
{
	memset(raw->aes, (int)number + 1, sizeof(raw->aes));
	memset(raw->hmac, (int)number + 101, sizeof(raw->hmac));
}

/** A session without history in sessions[at], found by its flow. */
static void publish(unsigned at, unsigned number)
{
	struct session_keys raw;
	struct core_session *core = &sessions[at];

	raw_keys(&raw, number);
	CU_ASSERT_EQUAL_FATAL(suite_keys_expand(suite, &raw, keys[at]), 0);
	CU_ASSERT_EQUAL_FATAL(suite_keys_expand(openssl, &raw, openssl_keys[at]), 0);
	memset(core, 0, sizeof(*core));
	core->flow.source_port = (uint16_t)at;
	core->mode = TEST_AUTHENTICATED;
	core->keys = keys[at];
	CU_ASSERT_EQUAL_FATAL(core_table_insert(table, core), 0);
}

/** Its keys and memory are gone at once: no core polls here. */
static void withdraw(unsigned at)
{
	CU_ASSERT_EQUAL_FATAL(core_table_remove(table, &sessions[at]), 0);
	suite_keys_wipe(suite, keys[at]);
	suite_keys_wipe(openssl, openssl_keys[at]);
	memset(&sessions[at], 0xee, sizeof(sessions[at]));
}

static void set_up(unsigned slots)
{
	const struct core_table_area areas[CORE_TABLE_AREAS] = {
	        {.first = sessions, .stride = sizeof(sessions[0]), .count = SESSIONS}};
	struct error error;

	CU_ASSERT_EQUAL_FATAL(suite_create(SUITE_IPSEC_MB, &suite, &error), 0);
	CU_ASSERT_EQUAL_FATAL(suite_create(SUITE_OPENSSL, &openssl, &error), 0);
	table = core_table_create(SESSIONS, 1, areas);
	slot_count = slots;
	pool = ahead_pool_init(aligned_alloc(AHEAD_POOL_ALIGN, ahead_pool_size(slots)), slots);
	for (unsigned i = 0; i < SESSIONS; i++) {
		keys[i] = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(suite));
		openssl_keys[i] = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(openssl));
		publish(i, i);
	}
}

static void tear_down(void)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		withdraw(i);
		free(keys[i]);
		free(openssl_keys[i]);
	}
	ahead_pool_wipe(pool);
	free(pool);
	core_table_destroy(table);
	suite_destroy(suite);
	suite_destroy(openssl);
}

/** What OpenSSL makes of {number, MBZ}. */
static struct sealed seal(unsigned at, uint32_t number)
{
	struct sealed sealed = {{0}, {0}};
	struct suite_job job = {.keys = openssl_keys[at],
	                        .data = sealed.block,
	                        .hmac = sealed.hmac,
	                        .protected_size = BLOCK};

	store_be32(sealed.block, number);
	suite_seal_burst(openssl, &job, 1);
	return sealed;
}

/** Opens request `number` ahead of time; then block must be the plaintext, else untouched. */
static bool open_ahead(unsigned at, uint32_t number)
{
	struct sealed request = seal(at, number);
	struct sealed before = request;
	uint8_t plain[BLOCK] = {0};
	bool opened = ahead_open(pool, &sessions[at], request.block, request.hmac);

	store_be32(plain, number);
	CU_ASSERT(memcmp(request.block, opened ? plain : before.block, BLOCK) == 0);
	return opened;
}

static bool opens(unsigned at, const struct sealed *sealed)
{
	struct sealed request = *sealed;

	return ahead_open(pool, &sessions[at], request.block, request.hmac);
}

/** Seals the session's next reply ahead of time; it must be OpenSSL's, or untouched. */
static bool seal_ahead(unsigned at, uint64_t tsc)
{
	struct core_session *core = &sessions[at];
	uint32_t number = (uint32_t)core->reflected++;
	struct sealed expected = seal(at, number), reply = {{0}, {0}}, plain = {{0}, {0}};

	store_be32(plain.block, number);
	reply = plain;
	bool sealed = ahead_seal(pool, core, tsc, reply.block, reply.hmac);
	CU_ASSERT(memcmp(&reply, sealed ? &expected : &plain, sizeof(reply)) == 0);
	return sealed;
}

/** A genuine packet as the datapath handles it; true when both halves were there. */
static bool packet(unsigned at, uint32_t number, uint64_t tsc)
{
	struct core_session *core = &sessions[at];
	bool opened = open_ahead(at, number);

	core->expected_sequence = number + 1;
	ahead_take(pool, core, tsc);
	core->last_received_tsc = tsc;
	return seal_ahead(at, tsc) && opened;
}

static void refill_all(void)
{
	unsigned steps = 0;

	while (ahead_refill(pool, table, suite))
		steps++;
	CU_ASSERT(steps < 100);
}

static bool pool_holds(const struct sealed *sealed)
{
	return memmem(pool, ahead_pool_size(slot_count), sealed->hmac, HMAC) != NULL;
}

static void every_packet_but_the_first_is_a_hit(void)
{
	set_up(SLOTS);
	CU_ASSERT_FALSE(packet(0, 0, 1));
	for (uint32_t number = 1; number < 100; number++) {
		refill_all();
		CU_ASSERT(packet(0, number, number + 1));
	}
	CU_ASSERT_FALSE(open_ahead(1, 100)); /* another session has no part in it */
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->opened, 99);
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->sealed, 99);
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 1);
	tear_down();
}

static void numbers_wrap_around(void)
{
	set_up(SLOTS);
	sessions[0].reflected = UINT32_MAX - 20u;
	(void)packet(0, UINT32_MAX - 40, 1);
	for (uint32_t number = UINT32_MAX - 39; number != 40; number++) {
		refill_all();
		CU_ASSERT(packet(0, number, 1));
	}
	CU_ASSERT(sessions[0].reflected > UINT32_MAX);
	tear_down();
}

/** A step is one burst; a refill comes when half of the entries are used, and no earlier. */
static void refill_is_bounded_and_lazy(void)
{
	set_up(SLOTS);
	CU_ASSERT_FALSE(ahead_refill(pool, table, suite));
	(void)packet(0, 0, 1);
	CU_ASSERT(ahead_refill(pool, table, suite));
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->computed, 16);
	CU_ASSERT(ahead_refill(pool, table, suite));
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->computed, 32);
	CU_ASSERT_FALSE(ahead_refill(pool, table, suite));
	for (uint32_t number = 1; number < 8; number++) {
		CU_ASSERT(packet(0, number, 1));
		CU_ASSERT_FALSE(ahead_refill(pool, table, suite));
	}
	CU_ASSERT(packet(0, 8, 1));
	CU_ASSERT(ahead_refill(pool, table, suite));
	CU_ASSERT_FALSE(ahead_refill(pool, table, suite));
	/* Without an idle core the entries last for a window, and then the suite does all. */
	for (uint32_t number = 9; number < 25; number++)
		CU_ASSERT(packet(0, number, 1));
	CU_ASSERT_FALSE(packet(0, 25, 1));
	tear_down();
}

/** Sessions at different paces: refills wait in every order and everywhere in the queue. */
static void everybody_waits_for_a_turn(void)
{
	uint32_t next[SLOTS] = {0};

	set_up(SLOTS);
	for (unsigned i = 0; i < SLOTS; i++)
		(void)packet(i, next[i]++, 1);
	refill_all();
	for (unsigned round = 0; round < 400; round++) {
		for (unsigned i = 0; i < SLOTS; i++) {
			if (round % (i + 1) == 0)
				CU_ASSERT(packet(i, next[i]++, 1));
		}
		if (round % 4 == 3)
			refill_all();
	}
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, SLOTS);
	tear_down();
}

static void losses_and_reordering(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	refill_all();
	CU_ASSERT(packet(0, 4, 1));
	CU_ASSERT(packet(0, 8, 1));
	refill_all();
	CU_ASSERT_FALSE(packet(0, 13, 1)); /* four were lost */
	CU_ASSERT(packet(0, 14, 1));
	/* Late ones are the suite's; the packets after them are not. */
	CU_ASSERT_FALSE(open_ahead(0, 11));
	CU_ASSERT_FALSE(packet(0, 12, 1));
	CU_ASSERT(packet(0, 15, 1));
	refill_all();
	/* Far away in either direction the window begins anew. */
	static const uint32_t jumps[] = {1000, 3, UINT32_MAX - 40};
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_FALSE(open_ahead(0, jumps[i]));
		(void)packet(0, jumps[i], 1);
		refill_all();
		CU_ASSERT(packet(0, jumps[i] + 1, 1));
	}
	tear_down();
}

/** A packet that is repeated or late costs nothing but its own miss; one that is far behind begins the window anew. */
static void late_packets_keep_the_window(void)
{
	set_up(SLOTS);
	(void)packet(0, 99, 1);
	refill_all();
	uint64_t computed = ahead_pool_statistics(pool)->computed;
	for (uint32_t behind = 1; behind <= 16; behind += 5) {
		sessions[0].expected_sequence = 100 - behind;
		CU_ASSERT_FALSE(open_ahead(0, 100 - behind));
		ahead_take(pool, &sessions[0], 1);
		sessions[0].reflected--;
		(void)seal_ahead(0, 1);
		refill_all();
		CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->computed, computed);
	}
	sessions[0].expected_sequence = 100;
	CU_ASSERT(open_ahead(0, 100));
	CU_ASSERT_FALSE(packet(0, 82, 1));
	refill_all();
	CU_ASSERT(ahead_pool_statistics(pool)->computed > computed);
	CU_ASSERT(open_ahead(0, 83));
	tear_down();
}

static void forgeries_are_no_hits(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	refill_all();
	for (unsigned bit = 0; bit < 8 * sizeof(struct sealed); bit++) {
		struct sealed request = seal(0, 1);
		uint8_t *octets = bit < 8 * BLOCK ? request.block : request.hmac;

		octets[bit / 8 % 16] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_FALSE(ahead_open(pool, &sessions[0], request.block, request.hmac));
	}
	/* One number's block with another's HMAC, an old packet, another session's. */
	struct sealed one = seal(0, 1), two = seal(0, 2), old = seal(0, 0), foreign = seal(1, 1);
	CU_ASSERT_FALSE(ahead_open(pool, &sessions[0], one.block, two.hmac));
	CU_ASSERT_FALSE(ahead_open(pool, &sessions[0], two.block, one.hmac));
	CU_ASSERT_FALSE(ahead_open(pool, &sessions[0], old.block, old.hmac));
	CU_ASSERT_FALSE(ahead_open(pool, &sessions[0], foreign.block, foreign.hmac));
	CU_ASSERT(open_ahead(0, 1));
	tear_down();
}

/** What is wrong in the same way at two places must not cancel out. */
static void alike_differences_are_no_hits(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	refill_all();
	for (unsigned first = 0; first < sizeof(struct sealed); first++) {
		for (unsigned second = first + 1; second < sizeof(struct sealed); second++) {
			struct sealed request = seal(0, 1);
			uint8_t octets[sizeof(request)];

			memcpy(octets, &request, sizeof(octets));
			octets[first] ^= 0x40;
			octets[second] ^= 0x40;
			memcpy(&request, octets, sizeof(octets));
			CU_ASSERT_FALSE(opens(0, &request));
		}
	}
	CU_ASSERT(open_ahead(0, 1));
	tear_down();
}

/** True when an old packet of a session, numbered 1 to 8, is opened as a packet of session `at`. */
static bool opens_old_packets(unsigned at, unsigned of)
{
	bool opened = false;

	for (uint32_t number = 1; number <= 8; number++) {
		struct sealed old = seal(of, number);

		opened |= ahead_open(pool, &sessions[at], old.block, old.hmac);
	}
	return opened;
}

/** Where an entry would be there may be an earlier one, of another number or another session. */
static void what_is_not_valid_is_not_compared(void)
{
	set_up(1);
	(void)packet(0, 0, SECOND);
	refill_all();
	CU_ASSERT(opens_old_packets(0, 0));
	(void)packet(0, 1000, SECOND);
	CU_ASSERT(ahead_refill(pool, table, suite));
	/* A late packet brings the numbers in reach that have the old ones' entries. */
	for (uint32_t expected = 985; expected <= 1001; expected++) {
		sessions[0].expected_sequence = expected;
		CU_ASSERT_FALSE(opens_old_packets(0, 0));
	}
	sessions[0].expected_sequence = 1;
	refill_all();
	CU_ASSERT(opens_old_packets(0, 0));
	/* The thief's slot had the first owner's entries, and zeros are none. */
	const struct sealed zeros = {{0}, {0}};
	(void)packet(1, 3, 30 * SECOND);
	(void)packet(1, 4, 31 * SECOND);
	CU_ASSERT_PTR_EQUAL_FATAL(sessions[0].ahead, sessions[1].ahead);
	for (uint32_t expected = 0; expected <= 8; expected++) {
		sessions[1].expected_sequence = expected;
		CU_ASSERT_FALSE(opens_old_packets(1, 0));
		CU_ASSERT_FALSE(opens(1, &zeros));
	}
	tear_down();
}

static void broken_seal(struct suite *self, struct suite_job *jobs, unsigned count)
{
	(void)self;
	for (unsigned i = 0; i < count; i++)
		suite_seal_failed(&jobs[i]);
}

/** Zeros are what a suite leaves that could not seal. */
static void a_failed_seal_makes_no_entry(void)
{
	static const struct suite_operations operations = {.seal_burst = broken_seal};
	struct suite broken = {.operations = &operations};
	uint8_t block[BLOCK] = {0}, hmac[HMAC] = {0};

	set_up(SLOTS);
	(void)packet(0, 0, 1);
	CU_ASSERT(ahead_refill(pool, table, &broken));
	CU_ASSERT_FALSE(ahead_open(pool, &sessions[0], block, hmac));
	CU_ASSERT_FALSE(packet(0, 1, 1));
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->computed, 0);
	refill_all();
	for (uint32_t number = 2; number < 10; number++)
		CU_ASSERT(packet(0, number, 1));
	/* What it should have overwritten was valid before. */
	CU_ASSERT(ahead_refill(pool, table, &broken));
	for (uint32_t expected = 0; expected < 30; expected++) {
		const struct sealed zeros = {{0}, {0}};

		sessions[0].expected_sequence = expected;
		CU_ASSERT_FALSE(opens(0, &zeros));
	}
	tear_down();
}

/** Slots go to those who come first, then to those who come often. */
static void only_a_silent_session_loses_its_slot(void)
{
	uint64_t now = SECOND;

	set_up(1);
	(void)packet(0, 0, now);
	refill_all();
	/* Equally often, and a first packet: no reason. */
	for (uint32_t number = 0; number < 10; number++) {
		now += SECOND / 100;
		CU_ASSERT_FALSE(packet(1, number, now));
		CU_ASSERT(packet(0, number + 1, now + 1));
		refill_all();
	}
	/* A few times as often: no reason either. */
	for (uint32_t number = 10; number < 90; number++) {
		CU_ASSERT_FALSE(packet(1, number, now += SECOND / 100));
		if (number % 5 == 0)
			(void)packet(0, number, now);
	}
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 1);
	/* Session 0 is silent while session 1 goes on. */
	for (uint32_t number = 10; number < 30; number++)
		(void)packet(1, number, now += SECOND / 100);
	refill_all();
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 2);
	CU_ASSERT(packet(1, 30, now));
	/* Its pointer leads to what is another's now. */
	CU_ASSERT_PTR_EQUAL(sessions[0].ahead, sessions[1].ahead);
	CU_ASSERT_FALSE(open_ahead(0, 11));
	CU_ASSERT_FALSE(packet(0, 11, now));
	CU_ASSERT(packet(1, 31, now));
	tear_down();
}

/** No interval is known before a second packet, whatever the time looks like when its count wraps. */
static void a_first_packet_takes_no_slot_from_another(void)
{
	uint64_t wrap = UINT64_C(1) << 52, unit = UINT64_C(1) << 20;

	set_up(1);
	(void)packet(0, 0, wrap - 100 * unit);
	(void)packet(1, 0, wrap + 5 * unit);
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 1);
	(void)packet(1, 1, wrap + 6 * unit);
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->taken, 2);
	tear_down();
}

/** Stolen between the first owner's packet and the idle step: the step serves the thief, with its own keys. */
static void a_theft_before_the_refill(void)
{
	uint64_t now = SECOND;

	set_up(1);
	(void)packet(1, 0, now);
	(void)packet(0, 0, now);
	CU_ASSERT_PTR_NOT_NULL(sessions[1].ahead);
	(void)packet(0, 1, now += 20 * SECOND);
	(void)packet(0, 2, now += SECOND);
	CU_ASSERT_PTR_EQUAL(sessions[0].ahead, sessions[1].ahead);
	CU_ASSERT_FALSE(open_ahead(0, 3));
	refill_all();
	CU_ASSERT_FALSE(packet(1, 1, now));
	CU_ASSERT(packet(0, 3, now));
	tear_down();
}

/** The first owner may have ended, and the core never have an idle poll to overwrite what the thief found. */
static void a_thief_finds_nothing(void)
{
	set_up(1);
	(void)packet(0, 0, SECOND);
	refill_all();
	struct sealed next = seal(0, 5), reply = seal(0, 9);
	CU_ASSERT(pool_holds(&next));
	CU_ASSERT(pool_holds(&reply));
	(void)packet(1, 0, 30 * SECOND);
	(void)packet(1, 1, 31 * SECOND);
	CU_ASSERT_PTR_EQUAL(sessions[0].ahead, sessions[1].ahead);
	CU_ASSERT_FALSE(pool_holds(&next));
	CU_ASSERT_FALSE(pool_holds(&reply));
	tear_down();
}

/** Even while refills wait, which only idle polls do. */
static void a_busy_core_wipes_too(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	(void)packet(1, 0, 1);
	refill_all();
	struct sealed next = seal(1, 5), other = seal(0, 5);
	for (uint32_t number = 1; number < 9; number++)
		CU_ASSERT(packet(0, number, 1));
	withdraw(1);
	CU_ASSERT(pool_holds(&next));
	for (unsigned look = 0; look < SLOTS; look++)
		ahead_tidy(pool, table);
	CU_ASSERT_FALSE(pool_holds(&next));
	CU_ASSERT(pool_holds(&other));
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 1);
	refill_all();
	CU_ASSERT(packet(0, 9, 1));
	publish(1, 1);
	tear_down();
}

static void an_ended_session_leaves_nothing(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	refill_all();
	struct sealed next = seal(0, 5), reply = seal(0, 9);
	CU_ASSERT(pool_holds(&next));
	CU_ASSERT(pool_holds(&reply));
	withdraw(0);
	for (unsigned step = 0; step < SLOTS * 64; step++)
		CU_ASSERT_FALSE(ahead_refill(pool, table, suite));
	CU_ASSERT_FALSE(pool_holds(&next));
	CU_ASSERT_FALSE(pool_holds(&reply));
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 1);
	publish(0, 0);
	/* So does one that ended while its refill was waiting. */
	(void)packet(0, 0, 1);
	refill_all();
	for (uint32_t number = 1; number < 9; number++)
		CU_ASSERT(packet(0, number, 1));
	next = seal(0, 12);
	CU_ASSERT(pool_holds(&next));
	withdraw(0);
	CU_ASSERT(ahead_refill(pool, table, suite));
	CU_ASSERT_FALSE(pool_holds(&next));
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 2);
	publish(0, 0);
	tear_down();
}

/** The same flow, in the same memory, with other keys. */
static void a_new_session_at_the_same_address(void)
{
	for (unsigned full = 0; full < 2; full++) {
		set_up(SLOTS);
		(void)packet(0, 0, 1);
		if (full)
			refill_all();
		struct sealed old = seal(0, 1);
		withdraw(0);
		publish(0, 77);
		sessions[0].expected_sequence = 1;
		CU_ASSERT_FALSE(ahead_open(pool, &sessions[0], old.block, old.hmac));
		CU_ASSERT_FALSE(open_ahead(0, 1));
		for (unsigned step = 0; step < SLOTS * 64; step++)
			(void)ahead_refill(pool, table, suite);
		CU_ASSERT_FALSE(pool_holds(&old));
		CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 1);
		CU_ASSERT_FALSE(packet(0, 1, 1));
		refill_all();
		old = seal(0, 0);
		CU_ASSERT(packet(0, 2, 1));
		tear_down();
	}
}

/** The new session takes a slot while the old one's still waits in the queue. */
static void old_and_new_at_once(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	const struct ahead *old = sessions[0].ahead;
	withdraw(0);
	publish(0, 77);
	(void)packet(0, 0, 2);
	CU_ASSERT_PTR_NOT_EQUAL(sessions[0].ahead, old);
	refill_all();
	CU_ASSERT_EQUAL(ahead_pool_statistics(pool)->wiped, 1);
	CU_ASSERT(packet(0, 1, 2));
	tear_down();
}

static void a_wiped_pool_holds_nothing(void)
{
	set_up(SLOTS);
	(void)packet(0, 0, 1);
	refill_all();
	ahead_pool_wipe(pool);
	for (size_t i = 0; i < ahead_pool_size(SLOTS); i++)
		CU_ASSERT_EQUAL_FATAL(((const uint8_t *)pool)[i], 0);
	(void)ahead_pool_init(pool, SLOTS);
	ahead_pool_wipe(NULL);
	tear_down();
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every packet but the first is a hit", every_packet_but_the_first_is_a_hit},
	        {"numbers wrap around", numbers_wrap_around},
	        {"refill is bounded and lazy", refill_is_bounded_and_lazy},
	        {"everybody waits for a turn", everybody_waits_for_a_turn},
	        {"losses and reordering", losses_and_reordering},
	        {"late packets keep the window", late_packets_keep_the_window},
	        {"forgeries are no hits", forgeries_are_no_hits},
	        {"alike differences are no hits", alike_differences_are_no_hits},
	        {"what is not valid is not compared", what_is_not_valid_is_not_compared},
	        {"a failed seal makes no entry", a_failed_seal_makes_no_entry},
	        {"only a silent session loses its slot", only_a_silent_session_loses_its_slot},
	        {"a first packet takes no slot from another",
	         a_first_packet_takes_no_slot_from_another},
	        {"a theft before the refill", a_theft_before_the_refill},
	        {"a thief finds nothing", a_thief_finds_nothing},
	        {"a busy core wipes too", a_busy_core_wipes_too},
	        {"an ended session leaves nothing", an_ended_session_leaves_nothing},
	        {"a new session at the same address", a_new_session_at_the_same_address},
	        {"old and new at once", old_and_new_at_once},
	        {"a wiped pool holds nothing", a_wiped_pool_holds_nothing},
	        CU_TEST_INFO_NULL};
	return unit_run("reflect-ahead", tests);
}
