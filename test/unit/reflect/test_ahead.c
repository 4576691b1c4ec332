/* SPDX-License-Identifier: BSD-3-Clause */
/** What was computed ahead of time: the window of a session's next packets, and what is a hit and what is none. */
#include "ahead_fixture.h"

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

static bool opens(unsigned at, const struct sealed *sealed)
{
	struct sealed request = *sealed;

	return ahead_open(pool, &sessions[at], request.block, request.hmac);
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
	        CU_TEST_INFO_NULL};
	return unit_run("reflect-ahead", tests);
}
