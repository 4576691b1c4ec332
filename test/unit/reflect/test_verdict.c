/* SPDX-License-Identifier: BSD-3-Clause */
/** What is answered, what is the kernel's, what is dropped and why; and what a burst does to its sessions. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "unit.h"
#include "world.h"

#define CAPACITY 2000u

static struct world world;
static uint8_t frame[WORLD_FRAME_MAX], reply[WORLD_FRAME_MAX];

static struct request plain(uint8_t family, enum test_mode mode)
{
	struct request request;

	request_init(&request, family, mode, 1);
	request.padding = 100;
	return request;
}

/** The reason given, once, and nothing else counted; a frame for the kernel is untouched. */
static void expect_frame(size_t length, size_t capacity, enum reflect_verdict verdict,
                         enum datapath_counter counter)
{
	struct datapath_counters before = world.counters;
	struct reflect_frame run = world_reflect(&world, frame, length, capacity, reply);

	CU_ASSERT_EQUAL(run.verdict, verdict);
	CU_ASSERT_EQUAL(run.counter, counter);
	for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++) {
		bool counted = verdict == VERDICT_DROP && i == counter;
		CU_ASSERT_EQUAL(world.counters.values[i], before.values[i] + counted);
	}
	if (verdict == VERDICT_EXCEPTION)
		CU_ASSERT(run.length == length && memcmp(reply, frame, length) == 0);
}

static void expect_drop(size_t length, enum datapath_counter counter)
{
	expect_frame(length, CAPACITY, VERDICT_DROP, counter);
}

static void expect_exception(size_t length)
{
	expect_frame(length, CAPACITY, VERDICT_EXCEPTION, DATAPATH_EXCEPTION);
}

static void expect_reply(size_t length)
{
	expect_frame(length, CAPACITY, VERDICT_REFLECT, DATAPATH_REFLECTED);
}

static void session_states(void)
{
	struct request request = plain(4, TEST_AUTHENTICATED);

	world_set_up(&world);
	size_t length = request_build(&world, &request, frame);
	expect_drop(length, DATAPATH_DROP_UNKNOWN_FLOW);
	struct session *session = request_session(&world, &request);
	session_stop(session, REFLECT_NOT_STARTED);
	expect_drop(length, DATAPATH_DROP_BEFORE_START);
	session_start(session);
	expect_reply(length);
	session_stop(session, WORLD_RECEIVE_TSC + 1);
	expect_reply(length);
	session_stop(session, WORLD_RECEIVE_TSC);
	expect_drop(length, DATAPATH_DROP_AFTER_STOP);
	struct session_totals totals = session_totals(world.registry, session);
	CU_ASSERT_EQUAL(totals.received, 2);
	CU_ASSERT_EQUAL(totals.reflected, 2);
	CU_ASSERT_EQUAL(totals.last_received_tsc, WORLD_RECEIVE_TSC);
	session_withdraw(world.registry, session);
	expect_drop(length, DATAPATH_DROP_UNKNOWN_FLOW);
	world_tear_down(&world);
}

/** TWAMP has no replay protection: each copy is a packet that was received, and gets an answer with a number of its own. */
static void replays_are_answered(void)
{
	struct request request = plain(6, TEST_ENCRYPTED);
	uint8_t expected[WORLD_FRAME_MAX];

	world_set_up(&world);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	for (uint32_t sequence = 0; sequence < 3; sequence++) {
		expect_reply(length);
		size_t expected_length = reply_expect(&world, &request, sequence, expected);
		CU_ASSERT(memcmp(reply, expected, expected_length) == 0);
	}
	world_tear_down(&world);
}

static void a_wrong_hmac_changes_nothing(void)
{
	world_set_up(&world);
	for (unsigned mode = TEST_AUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		struct request request = plain(4, (enum test_mode)mode);
		struct session *session = request_session(&world, &request);
		size_t length = request_build(&world, &request, frame);
		size_t payload = request_udp_offset(&request) + 8;
		static const size_t damaged[] = {0, 3, 15, 32, 47, 31};

		for (unsigned i = 0; i < (mode == TEST_ENCRYPTED ? 6 : 5); i++) {
			frame[payload + damaged[i]] ^= 1;
			udp_checksum_write(frame, request_ip_offset(&request),
			                   request_udp_offset(&request));
			expect_drop(length, DATAPATH_DROP_HMAC);
			frame[payload + damaged[i]] ^= 1;
		}
		struct session_totals totals = session_totals(world.registry, session);
		CU_ASSERT_EQUAL(totals.received, 0);
		CU_ASSERT_EQUAL(totals.last_received_tsc, 0);
		CU_ASSERT_EQUAL(session->cores[0].sequence, 0);
		session_withdraw(world.registry, session);
	}
	/* The key of another session. */
	struct request request = plain(4, TEST_AUTHENTICATED);
	(void)request_session(&world, &request);
	request.parameters.keys.hmac[31] ^= 1;
	expect_drop(request_build(&world, &request, frame), DATAPATH_DROP_HMAC);
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
		struct request request = plain(6, cases[i].mode);

		request.parameters.symmetrical_size = cases[i].symmetrical;
		request.parameters.reflect_octets = cases[i].reflect > 0;
		request.parameters.padding_to_reflect_length = cases[i].reflect;
		request.padding = cases[i].reflect;
		struct session *session = request_session(&world, &request);
		size_t length = request_build(&world, &request, frame);
		size_t udp = request_udp_offset(&request);
		CU_ASSERT_EQUAL(length - udp - 8, cases[i].least);
		expect_reply(length);
		for (unsigned shorter = 1; shorter <= cases[i].least; shorter += 13) {
			store_be16(frame + udp + 4, (uint16_t)(8 + cases[i].least - shorter));
			udp_checksum_write(frame, request_ip_offset(&request), udp);
			expect_drop(length, DATAPATH_DROP_TOO_SHORT);
		}
		CU_ASSERT_EQUAL(session->cores[0].sequence, 1);
		session_withdraw(world.registry, session);
	}
	world_tear_down(&world);
}

static void zero_multiplier(void)
{
	world_set_up(&world);
	for (unsigned mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		struct request request = plain(4, (enum test_mode)mode);
		struct session *session = request_session(&world, &request);

		request.error_estimate = 0x8a00;
		size_t length = request_build(&world, &request, frame);
		world.settings.discard_zero_multiplier = false;
		expect_reply(length);
		world.settings.discard_zero_multiplier = true;
		expect_drop(length, DATAPATH_DROP_ERROR_ESTIMATE);
		CU_ASSERT_EQUAL(session->cores[0].sequence, 1);
		session_withdraw(world.registry, session);
	}
	world_tear_down(&world);
}

static void replies_too_long(void)
{
	struct request request = plain(4, TEST_AUTHENTICATED);

	world_set_up(&world);
	request.padding = 0;
	struct session *session = request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	expect_frame(length, length + 63, VERDICT_DROP, DATAPATH_DROP_REPLY_TOO_LONG);
	CU_ASSERT_EQUAL(session->cores[0].sequence, 0);
	expect_frame(length, length + 64, VERDICT_REFLECT, DATAPATH_REFLECTED);
	/* The MTU bounds the reply's IP packet, whatever lies before it. */
	world.mtu = 20 + 8 + 112;
	expect_frame(length, CAPACITY, VERDICT_REFLECT, DATAPATH_REFLECTED);
	world.mtu--;
	expect_frame(length, CAPACITY, VERDICT_DROP, DATAPATH_DROP_REPLY_TOO_LONG);
	world.mtu = UINT16_MAX;
	/* With enough padding the reply is as long as the request. */
	request.padding = 64;
	length = request_build(&world, &request, frame);
	expect_frame(length, length, VERDICT_REFLECT, DATAPATH_REFLECTED);
	world_tear_down(&world);
}

static void truncated_frames(void)
{
	world_set_up(&world);
	for (unsigned family = 4; family <= 6; family += 2) {
		for (unsigned tags = 0; tags <= 2; tags++) {
			struct request request = plain((uint8_t)family, TEST_UNAUTHENTICATED);

			request.tags = tags;
			request.parameters.flow.vlan = tags > 0 ? 100 : 0;
			request.parameters.flow.outer_vlan = tags > 1 ? 200 : 0;
			size_t length = request_build(&world, &request, frame);
			for (size_t cut = 0; cut < length; cut++)
				expect_drop(cut, DATAPATH_DROP_TRUNCATED);
			size_t ip = request_ip_offset(&request);
			size_t udp = request_udp_offset(&request);
			uint16_t udp_length = load_be16(frame + udp + 4);
			store_be16(frame + udp + 4, (uint16_t)(udp_length + 1));
			expect_drop(length, DATAPATH_DROP_TRUNCATED);
			store_be16(frame + udp + 4, 7);
			expect_drop(length, DATAPATH_DROP_TRUNCATED);
			store_be16(frame + udp + 4, udp_length);
			/* IP says that it ends inside of UDP's header. */
			store_be16(frame + ip + (family == 4 ? 2 : 4), family == 4 ? 27 : 7);
			expect_drop(length, DATAPATH_DROP_TRUNCATED);
		}
	}
	/* An IPv6 extension header that runs past the packet. */
	static const uint8_t extension[] = {17, 0, 1, 4, 0, 0, 0, 0};
	struct request request = plain(6, TEST_UNAUTHENTICATED);
	request.extensions = extension;
	request.extensions_size = sizeof(extension);
	request.extension_type = 60;
	size_t length = request_build(&world, &request, frame);
	frame[request_ip_offset(&request) + 40 + 1] = 200;
	expect_drop(length, DATAPATH_DROP_TRUNCATED);
	store_be16(frame + request_ip_offset(&request) + 4, 5);
	expect_drop(length, DATAPATH_DROP_TRUNCATED);
	world_tear_down(&world);
}

static void checksums(void)
{
	struct request request = plain(4, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	frame[14 + 10] ^= 4;
	expect_drop(length, DATAPATH_DROP_CHECKSUM);
	struct reflect_frame run = {.octets = frame,
	                            .length = (uint16_t)length,
	                            .capacity = CAPACITY,
	                            .mtu = UINT16_MAX,
	                            .ip_checksum = CHECKSUM_BAD,
	                            .receive_tsc = WORLD_RECEIVE_TSC};
	frame[14 + 10] ^= 4;
	reflect_burst(&world.reflector, &run, 1); /* whom to believe is the caller's choice */
	CU_ASSERT_EQUAL(run.verdict, VERDICT_DROP);
	CU_ASSERT_EQUAL(run.counter, DATAPATH_DROP_CHECKSUM);
	run.ip_checksum = CHECKSUM_GOOD;
	reflect_burst(&world.reflector, &run, 1);
	CU_ASSERT_EQUAL(run.verdict, VERDICT_REFLECT);
	/* Not to us: the kernel judges. */
	length = request_build(&world, &request, frame);
	frame[14 + 19] = 77;
	expect_exception(length);

	request = plain(6, TEST_UNAUTHENTICATED);
	(void)request_session(&world, &request);
	request.no_checksum = true;
	length = request_build(&world, &request, frame);
	expect_drop(length, DATAPATH_DROP_CHECKSUM);
	frame[14 + 39] = 77;
	expect_exception(length);
	world_tear_down(&world);
}

static void fragments(void)
{
	struct request request = plain(4, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	store_be16(frame + 14 + 6, 0x2000);
	expect_drop(length, DATAPATH_DROP_FRAGMENT);
	store_be16(frame + 14 + 6, 0x2003);
	expect_exception(length);
	store_be16(frame + 14 + 6, 0x0003);
	expect_exception(length);
	store_be16(frame + 14 + 6, 0x2000);
	frame[14 + 19] = 77;
	expect_exception(length);

	/* First (M), atomic (neither), last (offset). */
	static const uint8_t ipv6[3][8] = {{17, 0, 0, 1}, {17, 0, 0, 0}, {17, 0, 0, 8}};
	request = plain(6, TEST_UNAUTHENTICATED);
	(void)request_session(&world, &request);
	request.extension_type = 44;
	request.extensions_size = 8;
	for (unsigned i = 0; i < 3; i++) {
		request.extensions = ipv6[i];
		length = request_build(&world, &request, frame);
		if (i < 2)
			expect_drop(length, DATAPATH_DROP_FRAGMENT);
		else
			expect_exception(length);
	}
	world_tear_down(&world);
}

/** Everything that is not test traffic belongs to the kernel, as it came. */
static void the_kernels_frames(void)
{
	struct request request = plain(4, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	uint8_t good[WORLD_FRAME_MAX];
	memcpy(good, frame, length);
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {
	        {0, 0x01},       /* to a group of stations */
	        {6, 0x03},       /* from one */
	        {12, 0x86},      /* Ethertype nobody knows */
	        {14, 0x65},      /* version 6 in an IPv4 frame */
	        {14, 0x44},      /* header shorter than a header */
	        {14 + 9, 6},     /* TCP */
	        {14 + 9, 1},     /* ICMP */
	        {14 + 19, 3},    /* another host */
	        {14 + 22, 0x4e}, /* port 19999 or so, below the range */
	};
	for (unsigned i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		memcpy(frame, good, length);
		frame[changes[i].at] = changes[i].value;
		if (i == 8)
			store_be16(frame + 14 + 22, 19999);
		expect_exception(length);
	}
	memcpy(frame, good, length);
	store_be16(frame + 14 + 22, 20101);
	expect_exception(length);
	store_be16(frame + 14 + 22, 20100);
	expect_drop(length, DATAPATH_DROP_UNKNOWN_FLOW);
	/* Our address, but not in this VLAN. */
	request.tags = 1;
	request.parameters.flow.vlan = 101;
	expect_exception(request_build(&world, &request, frame));
	/* Three tags. */
	request.tags = 2;
	length = request_build(&world, &request, frame);
	store_be16(frame + 20, 0x8100);
	expect_exception(length);
	world_tear_down(&world);
}

static void unusual_extensions(void)
{
	static const uint8_t loose[] = {131, 3, 4, 0}, strict[] = {1, 137, 3, 4};
	static const uint8_t zero_length[] = {7, 0, 0, 0}, overrun[] = {7, 5, 4, 0};
	static const uint8_t lone[] = {1, 1, 1, 7};
	static const uint8_t *const options[] = {loose, strict, zero_length, overrun, lone};
	static const uint8_t segments_left[] = {17, 0, 4, 1, 0, 0, 0, 0};
	static const uint8_t late_hop_by_hop[] = {0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0};
	static const uint8_t authentication[] = {17, 0, 0, 0, 0, 0, 0, 0};
	uint8_t many[9 * 8];

	world_set_up(&world);
	struct request request = plain(4, TEST_UNAUTHENTICATED);
	(void)request_session(&world, &request);
	request.extensions_size = 4;
	for (unsigned i = 0; i < 5; i++) {
		request.extensions = options[i];
		expect_exception(request_build(&world, &request, frame));
	}
	request = plain(6, TEST_UNAUTHENTICATED);
	(void)request_session(&world, &request);
	request.extensions = segments_left;
	request.extensions_size = sizeof(segments_left);
	request.extension_type = 43;
	expect_exception(request_build(&world, &request, frame));
	request.extensions = late_hop_by_hop;
	request.extensions_size = sizeof(late_hop_by_hop);
	request.extension_type = 60;
	expect_exception(request_build(&world, &request, frame));
	request.extensions = authentication;
	request.extensions_size = sizeof(authentication);
	request.extension_type = 51;
	expect_exception(request_build(&world, &request, frame));
	/* Eight destination options are skipped, nine are not. */
	memset(many, 0, sizeof(many));
	for (unsigned i = 0; i < 9; i++)
		memcpy(many + 8 * i, (const uint8_t[]){60, 0, 1, 4}, 4);
	request.extension_type = 60;
	request.extensions = many + 8;
	request.extensions_size = 8 * 8;
	many[8 * 8] = 17;
	expect_reply(request_build(&world, &request, frame));
	request.extensions = many;
	request.extensions_size = 9 * 8;
	expect_exception(request_build(&world, &request, frame));
	/* IPv4 addresses in IPv6 clothes do not find the IPv4 session. */
	struct request mapped = plain(4, TEST_UNAUTHENTICATED);
	request = plain(6, TEST_UNAUTHENTICATED);
	size_t length = request_build(&world, &request, frame);
	memcpy(frame + 14 + 8, &mapped.parameters.flow, 32);
	udp_checksum_write(frame, 14, 54);
	expect_exception(length);
	world_tear_down(&world);
}

/**
 * Sources that nothing may be sent to (broadcast, multicast, unspecified, our own): no session has them, because the Server takes
 * no such Sender Address; the look-up is what keeps them out.
 */
static void impossible_sources(void)
{
	static const uint8_t sources[][4] = {
	        {255, 255, 255, 255}, {224, 0, 0, 1}, {0, 0, 0, 0}, {192, 0, 2, 2}, {127, 0, 0, 1}};
	struct request request = plain(4, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	(void)request_session(&world, &request);
	for (unsigned i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		size_t length = request_build(&world, &request, frame);
		memcpy(frame + 14 + 12, sources[i], 4);
		ipv4_checksum_write(frame + 14);
		expect_drop(length, DATAPATH_DROP_UNKNOWN_FLOW);
	}
	world_tear_down(&world);
}

/** An address is ours in its VLANs only; elsewhere the kernel judges. */
static void an_address_belongs_to_its_vlans(void)
{
	static const struct {
		uint16_t vlan, outer;
		bool own;
	} tags[] = {{100, 200, true}, {100, 300, false}, {101, 200, false}, {200, 100, false}};
	struct request request = plain(6, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	request.tags = 2;
	for (unsigned i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		request.parameters.flow.vlan = tags[i].vlan;
		request.parameters.flow.outer_vlan = tags[i].outer;
		size_t length = request_build(&world, &request, frame);
		if (tags[i].own)
			expect_drop(length, DATAPATH_DROP_UNKNOWN_FLOW);
		else
			expect_exception(length);
	}
	world_tear_down(&world);
}

/** A promiscuous port sees what goes to others; a group's frames are the kernel's; a port without address takes all. */
static void other_stations(void)
{
	struct request request = plain(4, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	for (unsigned i = 0; i < 6; i++) {
		frame[i] ^= 0x10;
		expect_drop(length, DATAPATH_DROP_OTHER_STATION);
		world.station = NULL;
		expect_reply(length);
		world.station = world_reflector_mac;
		frame[i] ^= 0x10;
	}
	expect_reply(length);
	frame[0] |= 1;
	expect_exception(length);
	world_tear_down(&world);
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
			frames[i] = (struct reflect_frame){
			        .octets = buffers[i],
			        .length = (uint16_t)length,
			        .capacity = CAPACITY,
			        .mtu = UINT16_MAX,
			        .receive_tsc = WORLD_RECEIVE_TSC,
			        .receive_time = {.ntp = WORLD_RECEIVE_NTP,
			                         .error_estimate = WORLD_ERROR}};
		}
		reflect_burst(&world.reflector, frames, REFLECT_BURST_MAX);
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
	                       {"replays are answered", replays_are_answered},
	                       {"a wrong HMAC changes nothing", a_wrong_hmac_changes_nothing},
	                       {"short packets", short_packets},
	                       {"zero Multiplier", zero_multiplier},
	                       {"replies too long", replies_too_long},
	                       {"truncated frames", truncated_frames},
	                       {"checksums", checksums},
	                       {"fragments", fragments},
	                       {"the kernel's frames", the_kernels_frames},
	                       {"unusual extensions", unusual_extensions},
	                       {"impossible sources", impossible_sources},
	                       {"an address belongs to its VLANs", an_address_belongs_to_its_vlans},
	                       {"other stations", other_stations},
	                       {"mixed bursts", mixed_bursts},
	                       {"random octets do no harm", random_octets_do_no_harm},
	                       CU_TEST_INFO_NULL};
	return unit_run("reflect-verdict", tests);
}
