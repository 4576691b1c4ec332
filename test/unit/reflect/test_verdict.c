/* SPDX-License-Identifier: BSD-3-Clause */
/** What a session does with a packet that is its own: answered or dropped and why, and what a burst does to its sessions. */
#include <string.h>

#include "base/bytes.h"
#include "expect.h"
#include "reflect/plan.h"
#include "unit.h"

static struct world world;
static uint8_t frame[WORLD_FRAME_MAX], reply[WORLD_FRAME_MAX];

static void session_states(void)
{
	struct request request = plain_request(4, TEST_AUTHENTICATED);

	world_set_up(&world);
	size_t length = request_build(&world, &request, frame);
	expect_drop(&world, frame, length, DATAPATH_DROP_UNKNOWN_FLOW);
	struct session *session = request_session(&world, &request);
	session_stop(world.registry, session, REFLECT_NOT_STARTED);
	expect_drop(&world, frame, length, DATAPATH_DROP_BEFORE_START);
	session_start(world.registry, session);
	expect_reply(&world, frame, length, reply);
	session_stop(world.registry, session, WORLD_RECEIVE_TSC + 1);
	expect_reply(&world, frame, length, reply);
	session_stop(world.registry, session, WORLD_RECEIVE_TSC);
	expect_drop(&world, frame, length, DATAPATH_DROP_AFTER_STOP);
	struct session_totals totals = session_totals(world.registry, session);
	CU_ASSERT_EQUAL(totals.received, 2);
	CU_ASSERT_EQUAL(totals.reflected, 2);
	CU_ASSERT_EQUAL(totals.last_received_tsc, WORLD_RECEIVE_TSC);
	session_withdraw(world.registry, session);
	expect_drop(&world, frame, length, DATAPATH_DROP_UNKNOWN_FLOW);
	world_tear_down(&world);
}

static struct reflect_frame reflect_at(const uint8_t *octets, size_t length, uint16_t room,
                                       uint64_t tsc)
{
	static uint8_t buffer[WORLD_FRAME_MAX];
	struct reflect_arrival arrival = world_arrival(&world);
	struct reflect_frame run = {.octets = buffer,
	                            .length = (uint16_t)length,
	                            .capacity = (uint16_t)(length + room)};

	memcpy(buffer, octets, length);
	arrival.receive_tsc = tsc;
	reflect_burst(&world.reflector, &arrival, &run, 1);
	return run;
}

/** REFWAIT counts from a session's last valid packet, whatever way it took and whether it was answered; others do not hold it. */
static void the_last_packets_time_is_kept(void)
{
	static const uint8_t options[] = {1, 1, 1, 0};

	world_set_up(&world);
	for (unsigned variant = 0; variant < 4 * 3; variant++) {
		unsigned mode = variant % 3;
		bool extended = variant / 3 % 2 != 0;
		struct request request = plain_request(extended || variant < 6 ? 4 : 6, mode);
		uint64_t tsc = 100 * (variant + 1);

		request.extensions = options;
		request.extensions_size = extended ? sizeof(options) : 0;
		/* The usual length; and one whose reply is longer than the request. */
		request.padding = variant < 6 ? 100 : 0;
		struct session *session = request_session(&world, &request);
		size_t length = request_build(&world, &request, frame);
		CU_ASSERT_EQUAL(reflect_at(frame, length, 100, tsc).verdict, VERDICT_REFLECT);
		CU_ASSERT_EQUAL(session_totals(world.registry, session).last_received_tsc, tsc);
		if (variant >= 6) {
			CU_ASSERT_EQUAL(reflect_at(frame, length, 0, tsc + 1).counter,
			                DATAPATH_DROP_REPLY_TOO_LONG);
			CU_ASSERT_EQUAL(session_totals(world.registry, session).last_received_tsc,
			                tsc + 1);
		}
		request.error_estimate = 0x8a00;
		world.settings.discard_zero_multiplier = true;
		length = request_build(&world, &request, frame);
		CU_ASSERT_EQUAL(reflect_at(frame, length, 100, tsc + 2).counter,
		                DATAPATH_DROP_ERROR_ESTIMATE);
		world.settings.discard_zero_multiplier = false;
		struct session_totals totals = session_totals(world.registry, session);
		CU_ASSERT_EQUAL(totals.last_received_tsc, tsc + 2);
		CU_ASSERT_EQUAL(totals.received, variant >= 6 ? 3 : 2);
		CU_ASSERT_EQUAL(totals.reflected, 1);
		if (mode != TEST_UNAUTHENTICATED) {
			frame[request_udp_offset(&request) + 8] ^= 1;
			CU_ASSERT_EQUAL(reflect_at(frame, length, 100, tsc + 3).counter,
			                DATAPATH_DROP_HMAC);
			CU_ASSERT_EQUAL(session_totals(world.registry, session).last_received_tsc,
			                tsc + 2);
		}
		session_stop(world.registry, session, tsc + 4);
		CU_ASSERT_EQUAL(reflect_at(frame, length, 100, tsc + 4).counter,
		                DATAPATH_DROP_AFTER_STOP);
		CU_ASSERT_EQUAL(session_totals(world.registry, session).last_received_tsc, tsc + 2);
		session_withdraw(world.registry, session);
	}
	world_tear_down(&world);
}

/** TWAMP has no replay protection: each copy is a packet that was received, and gets an answer with a number of its own. */
static void replays_are_answered(void)
{
	struct request request = plain_request(6, TEST_ENCRYPTED);
	uint8_t expected[WORLD_FRAME_MAX];

	world_set_up(&world);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	for (uint32_t sequence = 0; sequence < 3; sequence++) {
		expect_reply(&world, frame, length, reply);
		size_t expected_length = reply_expect(&world, &request, sequence, expected);
		CU_ASSERT(memcmp(reply, expected, expected_length) == 0);
	}
	world_tear_down(&world);
}

/** The sequence number begins again from 0 behind 2^32 replies; their count goes on. */
static void the_count_outlives_the_numbers(void)
{
	uint8_t expected[WORLD_FRAME_MAX];

	world_set_up(&world);
	for (unsigned mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		struct request request = plain_request(4, (enum test_mode)mode);
		struct session *session = request_session(&world, &request);
		size_t length = request_build(&world, &request, frame);

		session->cores[0].reflected = UINT32_MAX - 1u;
		for (uint64_t number = UINT32_MAX - 1u; number < UINT32_MAX + UINT64_C(3);
		     number++) {
			expect_reply(&world, frame, length, reply);
			size_t expected_length =
			        reply_expect(&world, &request, (uint32_t)number, expected);
			CU_ASSERT(memcmp(reply, expected, expected_length) == 0);
			CU_ASSERT_EQUAL(session_totals(world.registry, session).reflected,
			                number + 1);
		}
		session_withdraw(world.registry, session);
	}
	world_tear_down(&world);
}

static void a_wrong_hmac_changes_nothing(void)
{
	world_set_up(&world);
	for (unsigned mode = TEST_AUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		struct request request = plain_request(4, (enum test_mode)mode);
		struct session *session = request_session(&world, &request);
		size_t length = request_build(&world, &request, frame);
		size_t payload = request_udp_offset(&request) + 8;
		static const size_t damaged[] = {0, 3, 15, 32, 47, 31};

		for (unsigned i = 0; i < (mode == TEST_ENCRYPTED ? 6 : 5); i++) {
			frame[payload + damaged[i]] ^= 1;
			udp_checksum_write(frame, request_ip_offset(&request),
			                   request_udp_offset(&request));
			expect_drop(&world, frame, length, DATAPATH_DROP_HMAC);
			frame[payload + damaged[i]] ^= 1;
		}
		struct session_totals totals = session_totals(world.registry, session);
		CU_ASSERT_EQUAL(totals.received, 0);
		CU_ASSERT_EQUAL(totals.last_received_tsc, 0);
		CU_ASSERT_EQUAL(session->cores[0].reflected, 0);
		session_withdraw(world.registry, session);
	}
	/* The key of another session. */
	struct request request = plain_request(4, TEST_AUTHENTICATED);
	(void)request_session(&world, &request);
	request.parameters.keys.hmac[31] ^= 1;
	expect_drop(&world, frame, request_build(&world, &request, frame), DATAPATH_DROP_HMAC);
	world_tear_down(&world);
}

static void short_packets(void)
{
	static const struct {
		enum test_mode mode;
		bool symmetrical;
		uint16_t reflect;
		uint16_t least;
	} cases[] = {{TEST_UNAUTHENTICATED, false, 0, 14}, {TEST_UNAUTHENTICATED, false, 9, 23},
	             {TEST_UNAUTHENTICATED, true, 0, 41},  {TEST_UNAUTHENTICATED, true, 9, 50},
	             {TEST_AUTHENTICATED, false, 0, 48},   {TEST_AUTHENTICATED, true, 9, 121},
	             {TEST_ENCRYPTED, false, 9, 57},       {TEST_ENCRYPTED, true, 0, 112}};

	world_set_up(&world);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request request = plain_request(6, cases[i].mode);

		request.parameters.symmetrical_size = cases[i].symmetrical;
		request.parameters.reflect_octets = cases[i].reflect > 0;
		request.parameters.padding_to_reflect_length = cases[i].reflect;
		request.padding = cases[i].reflect;
		struct session *session = request_session(&world, &request);
		size_t length = request_build(&world, &request, frame);
		size_t udp = request_udp_offset(&request);
		CU_ASSERT_EQUAL(length - udp - 8, cases[i].least);
		expect_reply(&world, frame, length, reply);
		for (unsigned shorter = 1; shorter <= cases[i].least; shorter += 13) {
			store_be16(frame + udp + 4, (uint16_t)(8 + cases[i].least - shorter));
			udp_checksum_write(frame, request_ip_offset(&request), udp);
			expect_drop(&world, frame, length, DATAPATH_DROP_TOO_SHORT);
		}
		CU_ASSERT_EQUAL(session->cores[0].reflected, 1);
		session_withdraw(world.registry, session);
	}
	world_tear_down(&world);
}

static void zero_multiplier(void)
{
	world_set_up(&world);
	for (unsigned mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		struct request request = plain_request(4, (enum test_mode)mode);
		struct session *session = request_session(&world, &request);

		request.error_estimate = 0x8a00;
		size_t length = request_build(&world, &request, frame);
		world.settings.discard_zero_multiplier = false;
		expect_reply(&world, frame, length, reply);
		world.settings.discard_zero_multiplier = true;
		expect_drop(&world, frame, length, DATAPATH_DROP_ERROR_ESTIMATE);
		CU_ASSERT_EQUAL(session->cores[0].reflected, 1);
		session_withdraw(world.registry, session);
	}
	world_tear_down(&world);
}

static void replies_too_long(void)
{
	struct request request = plain_request(4, TEST_AUTHENTICATED);

	world_set_up(&world);
	request.padding = 0;
	struct session *session = request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	expect_verdict(&world, frame, length, length + 63, VERDICT_DROP,
	               DATAPATH_DROP_REPLY_TOO_LONG);
	CU_ASSERT_EQUAL(session->cores[0].reflected, 0);
	expect_verdict(&world, frame, length, length + 64, VERDICT_REFLECT, DATAPATH_REFLECTED);
	/* The MTU bounds the reply's IP packet, whatever lies before it. */
	world.mtu = 20 + 8 + 112;
	expect_verdict(&world, frame, length, EXPECT_CAPACITY, VERDICT_REFLECT, DATAPATH_REFLECTED);
	world.mtu--;
	expect_verdict(&world, frame, length, EXPECT_CAPACITY, VERDICT_DROP,
	               DATAPATH_DROP_REPLY_TOO_LONG);
	world.mtu = UINT16_MAX;
	/* With enough padding the reply is as long as the request. */
	request.padding = 64;
	length = request_build(&world, &request, frame);
	expect_verdict(&world, frame, length, length, VERDICT_REFLECT, DATAPATH_REFLECTED);
	world_tear_down(&world);
}

/** Padding to reflect that leaves the reply's length no number: it must not wrap around to a short one. */
static void no_length_wraps_around(void)
{
	for (unsigned mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		uint32_t header = mode == TEST_UNAUTHENTICATED ? 14 : 48;
		uint32_t reply_header = mode == TEST_UNAUTHENTICATED ? 41 : 112;
		struct core_session session = {.mode = (uint8_t)mode,
		                               .sender_header_size = (uint8_t)header};
		struct packet packet = {.core = &session};

		for (uint32_t reflect = 65400; reflect <= UINT16_MAX; reflect++) {
			uint32_t least = reply_header + reflect;

			session.padding_to_reflect_length = (uint16_t)reflect;
			packet.payload_length =
			        (uint16_t)(header + reflect < UINT16_MAX ? header + reflect
			                                                 : UINT16_MAX);
			plan_make(&session, &packet, false);
			CU_ASSERT_EQUAL(session.plan.reply_length,
			                least < UINT16_MAX ? least : UINT16_MAX);
		}
	}
}

/** Six sessions interleaved, some packets spoilt: each session's numbers stay consecutive, in order of arrival. */
static void mixed_bursts(void)
{
	static uint8_t buffers[REFLECT_BURST_MAX][WORLD_FRAME_MAX];
	struct reflect_frame frames[REFLECT_BURST_MAX];
	struct request requests[6];
	struct session *sessions[6];
	uint32_t next[6] = {0};
	uint64_t reflected = 0, dropped = 0, exceptions = 0;

	world_set_up(&world);
	for (uint16_t i = 0; i < 6; i++) {
		request_init(&requests[i], i < 3 ? 4 : 6, (enum test_mode)(i % 3), i);
		sessions[i] = request_session(&world, &requests[i]);
	}
	const struct reflect_arrival arrival = world_arrival(&world);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < REFLECT_BURST_MAX; i++) {
			struct request *request = &requests[(i * 5 + round) % 6];

			request->sequence = round * 100 + i;
			request->padding = i * 9 % 150;
			size_t length = request_build(&world, request, buffers[i]);
			if (i % 7 == 3)
				buffers[i][request_udp_offset(request) + 8] ^= 1;
			if (i % 11 == 5)
				buffers[i][12] = 0xff;
			frames[i] = (struct reflect_frame){.octets = buffers[i],
			                                   .length = (uint16_t)length,
			                                   .capacity = EXPECT_CAPACITY};
		}
		reflect_burst(&world.reflector, &arrival, frames, REFLECT_BURST_MAX);
		for (unsigned i = 0; i < REFLECT_BURST_MAX; i++) {
			unsigned which = (i * 5 + round) % 6;
			struct request request = requests[which];
			bool secure = request.parameters.mode != TEST_UNAUTHENTICATED;

			if (i % 11 == 5) {
				CU_ASSERT_EQUAL(frames[i].verdict, VERDICT_EXCEPTION);
				exceptions++;
			} else if (i % 7 == 3 && secure) {
				CU_ASSERT_EQUAL(frames[i].counter, DATAPATH_DROP_HMAC);
				dropped++;
			} else {
				CU_ASSERT_EQUAL_FATAL(frames[i].verdict, VERDICT_REFLECT);
				request.sequence = round * 100 + i;
				request.padding = i * 9 % 150;
				if (i % 7 == 3)
					request.sequence ^= 0x01000000;
				size_t length =
				        reply_expect(&world, &request, next[which]++, reply);
				CU_ASSERT_EQUAL(frames[i].length, length);
				/* The spoilt octet's checksum is wrong, and stays so. */
				size_t udp = reply_udp_offset(&request);
				if (i % 7 == 3)
					memcpy(reply + udp + 6, buffers[i] + udp + 6, 2);
				CU_ASSERT(memcmp(buffers[i], reply, length) == 0);
				reflected++;
			}
		}
	}
	uint64_t total = 0;
	for (unsigned i = 0; i < 6; i++)
		total += session_totals(world.registry, sessions[i]).reflected;
	CU_ASSERT_EQUAL(total, reflected);
	CU_ASSERT_EQUAL(world.counters.values[DATAPATH_DROP_HMAC], dropped);
	CU_ASSERT_EQUAL(reflected + dropped + exceptions, 50u * REFLECT_BURST_MAX);
	world_tear_down(&world);
}

static uint64_t random_state = 88172645463325252u;

static uint32_t random_next(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

/** Damaged, cut and invented frames: a verdict for each, a valid length, and nobody touches what is the kernel's. */
static void random_octets_do_no_harm(void)
{
	static const uint8_t options[] = {7, 7, 4, 0, 0, 0, 0, 1};
	static const uint8_t extensions[] = {60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0};
	struct request requests[12];

	world_set_up(&world);
	for (uint16_t i = 0; i < 12; i++) {
		request_init(&requests[i], i % 2 ? 4 : 6, (enum test_mode)(i % 3), i);
		requests[i].parameters.symmetrical_size = i >= 6;
		requests[i].extensions = i % 2 ? options : extensions;
		requests[i].extensions_size = i % 2 ? sizeof(options) : sizeof(extensions);
		(void)request_session(&world, &requests[i]);
	}
	for (unsigned round = 0; round < 20000; round++) {
		struct request *request = &requests[random_next(12)];

		request->padding = random_next(150);
		size_t length = request_build(&world, request, frame);
		for (uint32_t flips = random_next(4); flips > 0; flips--)
			frame[random_next(random_next(2) ? 80 : (uint32_t)length)] =
			        (uint8_t)random_next(256);
		if (random_next(4) == 0)
			length = random_next((uint32_t)length + 1);
		if (random_next(16) == 0) {
			for (size_t i = 12; i < length; i++)
				frame[i] = (uint8_t)random_next(256);
		}
		size_t capacity = length + random_next(200);
		struct reflect_frame run = world_reflect(&world, frame, length, capacity, reply);
		CU_ASSERT(run.verdict <= VERDICT_DROP);
		CU_ASSERT(run.length <= capacity);
		if (run.verdict == VERDICT_EXCEPTION)
			CU_ASSERT(run.length == length && memcmp(frame, reply, length) == 0);
	}
	world_tear_down(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {{"session states", session_states},
	                       {"the last packet's time is kept", the_last_packets_time_is_kept},
	                       {"replays are answered", replays_are_answered},
	                       {"the count outlives the numbers", the_count_outlives_the_numbers},
	                       {"a wrong HMAC changes nothing", a_wrong_hmac_changes_nothing},
	                       {"short packets", short_packets},
	                       {"zero Multiplier", zero_multiplier},
	                       {"replies too long", replies_too_long},
	                       {"no length wraps around", no_length_wraps_around},
	                       {"mixed bursts", mixed_bursts},
	                       {"random octets do no harm", random_octets_do_no_harm},
	                       CU_TEST_INFO_NULL};
	return unit_run("reflect-verdict", tests);
}
