/* SPDX-License-Identifier: BSD-3-Clause */
/** Every packet is what an independent builder writes, sealed by OpenSSL and summed the plain way, and the datapath answers it. */
#include "sender.h"

#include <stdlib.h>
#include <string.h>

#include "load_world.h"
#include "unit.h"

#define ROUNDS 5u

static const enum suite_kind suites[] = {SUITE_OPENSSL, SUITE_IPSEC_MB, SUITE_AVX512};

static struct load_world world;
static struct sender sender;

static bool set_up(enum suite_kind kind)
{
	if (kind == SUITE_AVX512 && !world_has_avx512())
		return false;
	load_world_set_up(&world, kind);
	sender = (struct sender){.suite = world.world.suite, .clock = &world.world.clock};
	return true;
}

static size_t frame_size(const struct load_session *session)
{
	return send_frame_size(session->format, session->headers_size);
}

/** The frame is the independent builder's, the flight says what was sent, and the datapath answers with the reply that is due. */
static void check(const struct send_slot *slot, uint32_t sequence, unsigned size, uint64_t before,
                  uint64_t after)
{
	uint8_t expected[WORLD_FRAME_MAX], reply[WORLD_FRAME_MAX], expected_reply[WORLD_FRAME_MAX];
	const struct load_session *session = slot->session;
	const struct load_flight *flight = &session->flights[sequence & session->flight_mask];
	size_t length = load_world_expect(&world, session, sequence, size, expected);

	CU_ASSERT_EQUAL_FATAL(slot->length, length);
	CU_ASSERT_EQUAL(memcmp(slot->octets, expected, length), 0);
	CU_ASSERT_EQUAL(flight->sequence, sequence);
	CU_ASSERT_EQUAL(flight->scheduled_tsc, slot->scheduled_tsc);
	CU_ASSERT(flight->sent_tsc >= before && flight->sent_tsc <= after);
	CU_ASSERT_EQUAL(flight->timestamp, WORLD_TRANSMIT_NTP);
	CU_ASSERT_EQUAL(flight->error_estimate, WORLD_ERROR);
	CU_ASSERT_EQUAL(flight->state, FLIGHT_SENT);
	struct reflect_frame answer =
	        world_reflect(&world.world, slot->octets, slot->length, WORLD_FRAME_MAX, reply);
	CU_ASSERT_EQUAL_FATAL(answer.verdict, VERDICT_REFLECT);
	size_t reply_length =
	        reply_expect(&world.world, &world.requests[session - world.sessions.sessions],
	                     sequence, expected_reply);
	CU_ASSERT_EQUAL_FATAL(answer.length, reply_length);
	CU_ASSERT_EQUAL(memcmp(reply, expected_reply, reply_length), 0);
	CU_ASSERT_EQUAL(reply_length - session->headers_size, session->format->sizes[size].reply);
}

/** One packet of each session, in one burst; buffers have the exact size, for ASan. */
static void send_round(uint32_t sequence)
{
	struct send_slot slots[SEND_BURST_MAX];
	unsigned count = world.sessions.count;

	for (unsigned i = 0; i < count; i++) {
		struct load_session *session = &world.sessions.sessions[i];

		slots[i] = (struct send_slot){.session = session,
		                              .scheduled_tsc = 1000 + i,
		                              .octets = malloc(frame_size(session))};
		memset(slots[i].octets, 0xee, frame_size(session));
	}
	uint64_t before = tsc_now();
	send_build(&sender, slots, count);
	uint64_t after = tsc_now();
	for (unsigned i = 0; i < count; i++) {
		const struct load_session *session = slots[i].session;

		CU_ASSERT_EQUAL(session->next_sequence, sequence + 1);
		check(&slots[i], sequence, sequence % session->format->size_count, before, after);
		free(slots[i].octets);
	}
}

static void add_modes(uint8_t family, unsigned tags, bool symmetrical)
{
	for (unsigned mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		uint16_t header = sender_header_size(mode, symmetrical, false);
		struct load_world_group group = {.family = family,
		                                 .mode = mode,
		                                 .symmetrical = symmetrical,
		                                 .tags = tags,
		                                 .sizes = {header, (uint16_t)(header + 27),
		                                           (uint16_t)(header + 64), 472, 1417},
		                                 .size_count = 5,
		                                 .count = 1};

		load_world_add(&world, &group);
	}
}

static void every_mode_is_as_it_should_be(void)
{
	for (unsigned run = 0; run < 3 * (sizeof(suites) / sizeof(suites[0])); run++) {
		unsigned tags = run % 3;

		if (!set_up(suites[run / 3]))
			continue;
		add_modes(4, tags, false);
		add_modes(4, tags, true);
		add_modes(6, tags, false);
		add_modes(6, tags, true);
		CU_ASSERT_EQUAL(world.sessions.count, 12);
		for (uint32_t sequence = 0; sequence < 2 * ROUNDS; sequence++)
			send_round(sequence);
		load_world_tear_down(&world);
	}
}

static void a_session_may_be_there_more_than_once(void)
{
	struct send_slot slots[SEND_BURST_MAX];
	const struct load_world_group group = {.family = 4,
	                                       .mode = TEST_AUTHENTICATED,
	                                       .sizes = {48, 112, 500},
	                                       .size_count = 3,
	                                       .count = 2};

	CU_ASSERT_FATAL(set_up(SUITE_IPSEC_MB));
	load_world_add(&world, &group);
	struct load_session *session = world.sessions.sessions;
	for (unsigned i = 0; i < SEND_BURST_MAX; i++)
		slots[i] = (struct send_slot){.session = &session[i % 4 == 3],
		                              .scheduled_tsc = i,
		                              .octets = malloc(frame_size(session))};
	uint64_t before = tsc_now();
	send_build(&sender, slots, SEND_BURST_MAX);
	uint64_t after = tsc_now();
	uint32_t next[2] = {0, 0};
	for (unsigned i = 0; i < SEND_BURST_MAX; i++) {
		uint32_t sequence = next[i % 4 == 3]++;

		check(&slots[i], sequence, sequence % 3, before, after);
		free(slots[i].octets);
	}
	CU_ASSERT_EQUAL(session[0].next_sequence, 48);
	CU_ASSERT_EQUAL(session[1].next_sequence, 16);
	load_world_tear_down(&world);
}

/** A sum of all ones is sent as such, not as "no checksum": some packet among 65,536 hits it. */
static void a_checksum_of_zero_is_sent_as_all_ones(void)
{
	const struct load_world_group group = {.family = 6,
	                                       .mode = TEST_UNAUTHENTICATED,
	                                       .sizes = {14},
	                                       .size_count = 1,
	                                       .count = 1};
	unsigned all_ones = 0;

	CU_ASSERT_FATAL(set_up(SUITE_OPENSSL));
	load_world_add(&world, &group);
	struct load_session *session = world.sessions.sessions;
	uint8_t *octets = malloc(frame_size(session));
	for (uint32_t sequence = 0; sequence < 65536; sequence++) {
		struct send_slot slot = {.session = session, .octets = octets};

		send_build(&sender, &slot, 1);
		const uint8_t *checksum = octets + session->headers_size - 2;
		CU_ASSERT(checksum[0] != 0 || checksum[1] != 0);
		CU_ASSERT(udp_checksum_is_right(octets, session->network_offset,
		                                session->headers_size - 8u));
		all_ones += checksum[0] == 0xff && checksum[1] == 0xff;
	}
	CU_ASSERT(all_ones >= 1);
	free(octets);
	load_world_tear_down(&world);
}

static void sequence_numbers_roll_over(void)
{
	CU_ASSERT_FATAL(set_up(SUITE_IPSEC_MB));
	add_modes(4, 0, false);
	for (unsigned i = 0; i < world.sessions.count; i++) {
		world.sessions.sessions[i].next_sequence = UINT32_MAX - 4;
		world.sessions.sessions[i].next_size = (UINT32_MAX - 4) % 5;
	}
	for (uint32_t sequence = UINT32_MAX - 4; sequence != 0; sequence++) {
		/* Reflectors count for themselves: what they say is not looked at here. */
		struct send_slot slots[3];
		uint8_t expected[WORLD_FRAME_MAX], octets[3][WORLD_FRAME_MAX];

		for (unsigned i = 0; i < 3; i++)
			slots[i] = (struct send_slot){.session = &world.sessions.sessions[i],
			                              .octets = octets[i]};
		send_build(&sender, slots, 3);
		for (unsigned i = 0; i < 3; i++) {
			size_t length = load_world_expect(&world, slots[i].session, sequence,
			                                  sequence % 5, expected);
			CU_ASSERT_EQUAL_FATAL(slots[i].length, length);
			CU_ASSERT_EQUAL(memcmp(octets[i], expected, length), 0);
		}
	}
	CU_ASSERT_EQUAL(world.sessions.sessions[0].next_sequence, UINT64_C(1) << 32);
	load_world_tear_down(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every mode is as it should be", every_mode_is_as_it_should_be},
	        {"a session may be there more than once", a_session_may_be_there_more_than_once},
	        {"a checksum of zero is sent as all ones", a_checksum_of_zero_is_sent_as_all_ones},
	        {"sequence numbers roll over", sequence_numbers_roll_over},
	        CU_TEST_INFO_NULL};

	return unit_run("load-sender", tests);
}
