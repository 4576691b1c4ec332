/* SPDX-License-Identifier: BSD-3-Clause */
/** Every octet of replies, for every format over every way to carry it. */
#include <string.h>

#include "base/bytes.h"
#include "unit.h"
#include "world.h"

static const enum test_mode modes[] = {TEST_UNAUTHENTICATED, TEST_AUTHENTICATED, TEST_ENCRYPTED};
static const size_t paddings[] = {0,  1,  2,  13, 14,  26,  27,  28,  29,  40,  41,  42,
                                  47, 48, 54, 55, 56,  57,  62,  63,  64,  65,  66,  68,
                                  91, 92, 93, 94, 110, 111, 112, 113, 500, 501, 1400};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct world world;
static uint8_t frame[WORLD_FRAME_MAX], expected[WORLD_FRAME_MAX], reply[WORLD_FRAME_MAX];

/** Reflects it and compares the whole frame. */
static void check(const struct request *request, uint32_t sequence)
{
	size_t length = request_build(&world, request, frame);
	size_t expected_length = reply_expect(&world, request, sequence, expected);
	struct reflect_frame run = world_reflect(&world, frame, length, 3000, reply);

	CU_ASSERT_EQUAL(run.verdict, VERDICT_REFLECT);
	CU_ASSERT_EQUAL(run.length, expected_length);
	if (run.verdict == VERDICT_REFLECT && run.length == expected_length)
		CU_ASSERT(memcmp(reply, expected, expected_length) == 0);
	if (!request->no_checksum)
		CU_ASSERT(udp_checksum_is_right(reply, request_ip_offset(request),
		                                reply_udp_offset(request)));
}

/**
 * A session of its own for the request; its padding in every size; then the session goes. The second request of a size has another
 * timestamp, and a reply by the plan that was made for the first.
 */
static void check_session(struct request *request)
{
	struct session *session = request_session(&world, request);
	uint32_t sequence = 0;

	for (unsigned i = 0; i < 2 * COUNT(paddings); i++) {
		request->padding = paddings[i / 2];
		request->timestamp ^= 0x55;
		request->identification ^= 0x0f00;
		if (request->parameters.reflect_octets &&
		    request->padding < request->parameters.padding_to_reflect_length)
			continue;
		check(request, sequence++);
	}
	CU_ASSERT_EQUAL(session_totals(world.registry, session).reflected, sequence);
	session_withdraw(world.registry, session);
	CU_ASSERT_EQUAL(session_registry_reclaim(world.registry), 0);
}

static void check_paddings(struct request *request)
{
	check_session(request);
	world.settings.zero_padding = true;
	check_session(request);
	world.settings.zero_padding = false;
}

static void every_format_and_padding(void)
{
	static const uint16_t reflect[] = {0, 1, 20, 57};

	world_set_up(&world);
	for (unsigned family = 4; family <= 6; family += 2) {
		for (unsigned m = 0; m < COUNT(modes); m++) {
			for (unsigned variant = 0; variant < 2 * COUNT(reflect); variant++) {
				struct request request;

				request_init(&request, (uint8_t)family, modes[m], 1);
				request.parameters.symmetrical_size = variant % 2 != 0;
				request.parameters.padding_to_reflect_length = reflect[variant / 2];
				request.parameters.reflect_octets = variant >= 2;
				check_paddings(&request);
			}
		}
	}
	world_tear_down(&world);
}

/** DSCP and ECN Monitoring and PTP timestamps, each alone and both, beside what RFC 6038 has. */
static void every_feature(void)
{
	world_set_up(&world);
	for (unsigned family = 4; family <= 6; family += 2) {
		for (unsigned m = 0; m < COUNT(modes); m++) {
			for (unsigned variant = 1; variant < 16; variant++) {
				struct request request;

				request_init(&request, (uint8_t)family, modes[m], 1);
				request.parameters.monitoring = (variant & 1) != 0;
				request.parameters.ptp_timestamps = (variant & 2) != 0;
				request.parameters.symmetrical_size = (variant & 4) != 0;
				request.parameters.reflect_octets = (variant & 8) != 0;
				request.parameters.padding_to_reflect_length = 20;
				request.symmetrical_mbz = 0xa5;
				/* The sender's own format is the sender's affair: echoed as it is. */
				request.error_estimate = 0xca0b;
				check_paddings(&request);
			}
		}
	}
	world_tear_down(&world);
}

static void every_encapsulation(void)
{
	/* NOP, router alert, record route with room for two addresses, end. */
	static const uint8_t options[] = {1, 148, 4, 0, 0, 7, 11, 4, 0, 0,
	                                  0, 0,   0, 0, 0, 0, 0,  0, 0, 0};
	/* Hop-by-hop with PadN, destination options of 16 octets, routing header with Segments Left 0. */
	static const uint8_t extensions[] = {60, 0, 1, 4, 0, 0, 0, 0, 43, 1, 1, 12, 0, 0, 0, 0,
	                                     0,  0, 0, 0, 0, 0, 0, 0, 17, 0, 4, 0,  0, 0, 0, 0};

	world_set_up(&world);
	for (unsigned family = 4; family <= 6; family += 2) {
		for (unsigned m = 0; m < COUNT(modes); m++) {
			for (unsigned tags = 0; tags <= 2; tags++) {
				for (unsigned extended = 0; extended < 2; extended++) {
					struct request request;

					request_init(&request, (uint8_t)family, modes[m], 2);
					request.tags = tags;
					request.parameters.monitoring = tags == 1;
					request.parameters.ptp_timestamps = tags == 1;
					request.parameters.flow.vlan = tags > 0 ? 100 : 0;
					request.parameters.flow.outer_vlan = tags > 1 ? 200 : 0;
					if (extended) {
						request.extensions =
						        family == 4 ? options : extensions;
						request.extensions_size =
						        family == 4 ? sizeof(options)
						                    : sizeof(extensions);
						request.extension_type = 0;
					}
					check_paddings(&request);
				}
			}
		}
	}
	world_tear_down(&world);
}

static void what_lies_behind_udp_is_cut_off(void)
{
	world_set_up(&world);
	for (unsigned family = 4; family <= 6; family += 2) {
		struct request request;

		request_init(&request, (uint8_t)family, TEST_UNAUTHENTICATED, 3);
		request.trailer = 18;
		check_paddings(&request);
		request.udp_surplus = 7;
		check_paddings(&request);
	}
	world_tear_down(&world);
}

static void ipv4_fields(void)
{
	struct request request;

	world_set_up(&world);
	request_init(&request, 4, TEST_UNAUTHENTICATED, 4);
	request.dont_fragment = true;
	check_paddings(&request);
	request.dont_fragment = false;
	request.no_checksum = true;
	request.ttl = 255;
	request.parameters.dscp = 0;
	check_paddings(&request);
	request_init(&request, 4, TEST_ENCRYPTED, 4);
	request.no_checksum = true;
	check_paddings(&request);
	world_tear_down(&world);
}

/** Every octet that the reply does not need to be right, damaged on its way here: the sender's host must see it in the reply. */
static void damage_stays_visible(void)
{
	world_set_up(&world);
	for (unsigned zero = 0; zero < 2; zero++) {
		for (unsigned family = 4; family <= 6; family += 2) {
			for (unsigned variant = 0; variant < 4; variant++) {
				bool secure = variant % 2 != 0;
				struct request request;

				request_init(&request, (uint8_t)family,
				             secure ? TEST_AUTHENTICATED : TEST_UNAUTHENTICATED, 5);
				request.padding = 111;
				request.parameters.monitoring = variant > 1;
				world.settings.zero_padding = zero != 0;
				struct session *session = request_session(&world, &request);
				size_t length = request_build(&world, &request, frame);
				size_t payload = request_udp_offset(&request) + 8;
				for (size_t at = payload - 2; at < length; at++) {
					if (secure && at >= payload && at < payload + 16)
						continue;
					if (secure && at >= payload + 32 && at < payload + 48)
						continue;
					uint8_t bit = (uint8_t)(1u << (at % 8));
					frame[at] ^= bit;
					struct reflect_frame run =
					        world_reflect(&world, frame, length, 3000, reply);
					frame[at] ^= bit;
					CU_ASSERT_EQUAL(run.verdict, VERDICT_REFLECT);
					CU_ASSERT(!udp_checksum_is_right(
					        reply, request_ip_offset(&request),
					        reply_udp_offset(&request)));
				}
				session_withdraw(world.registry, session);
			}
		}
	}
	world_tear_down(&world);
}

/** One of 65,536 requests has a reply whose checksum comes out as 0: it must read 0xffff (RFC 768). */
static void a_checksum_of_zero_is_sent_as_ones(void)
{
	struct request request;
	unsigned ones = 0, zeros = 0, wrong = 0;

	world_set_up(&world);
	request_init(&request, 6, TEST_UNAUTHENTICATED, 6);
	struct session *session = request_session(&world, &request);
	for (uint32_t i = 0; i < 65536; i++) {
		request.sequence = i;
		session->cores[0].reflected = 0;
		size_t length = request_build(&world, &request, frame);
		(void)world_reflect(&world, frame, length, 200, reply);
		uint16_t checksum = load_be16(reply + reply_udp_offset(&request) + 6);
		ones += checksum == 0xffff;
		zeros += checksum == 0;
		wrong += !udp_checksum_is_right(reply, request_ip_offset(&request),
		                                reply_udp_offset(&request));
	}
	CU_ASSERT(ones >= 1);
	CU_ASSERT_EQUAL(zeros, 0);
	CU_ASSERT_EQUAL(wrong, 0);
	world_tear_down(&world);
}

/**
 * The same in the other modes: their padding moves by an even number of octets, so what the first two of it change in the sum is known,
 * and what is sealed stays as it is.
 */
static void nor_is_a_sealed_replys_checksum_zero(void)
{
	world_set_up(&world);
	for (unsigned family = 4; family <= 6; family += 2) {
		for (unsigned m = 1; m < COUNT(modes); m++) {
			struct request request;

			request_init(&request, (uint8_t)family, modes[m], 6);
			request.padding = 100;
			struct session *session = request_session(&world, &request);
			size_t length = request_build(&world, &request, frame);
			size_t udp = request_udp_offset(&request);
			uint8_t *padding = frame + udp + 8 + 48;
			for (unsigned run = 0; run < 2; run++) {
				udp_checksum_write(frame, request_ip_offset(&request), udp);
				session->cores[0].reflected = 0;
				(void)world_reflect(&world, frame, length, 300, reply);
				CU_ASSERT(udp_checksum_is_right(reply, request_ip_offset(&request),
				                                udp));
				uint32_t sum =
				        (uint32_t)load_be16(padding) + load_be16(reply + udp + 6);
				store_be16(padding, (uint16_t)(sum % 0xffff));
			}
			CU_ASSERT_EQUAL(load_be16(reply + udp + 6), 0xffff);
			session_withdraw(world.registry, session);
		}
	}
	world_tear_down(&world);
}

/** Where the NIC tells the times, each packet has an error of its own, and its reply the worse of that and the transmit time's. */
static void each_reply_tells_its_own_error_estimate(void)
{
	static const uint16_t receive[] = {0x9207, 0x9107, 0x1207, 0x9307, 0x0107, 0x9207},
	                      told[] = {0x9207, 0x9107, 0x1207, 0x9307, 0x1107, 0x9207};
	enum { PACKETS = COUNT(receive) };
	static uint8_t buffers[PACKETS][WORLD_FRAME_MAX];

	world_set_up(&world);
	for (unsigned variant = 0; variant < 2 * COUNT(modes); variant++) {
		struct reflect_offload offloads[PACKETS];
		struct reflect_frame frames[PACKETS];
		struct reflect_arrival arrival = world_arrival(&world);
		struct request request;
		bool ptp = variant >= COUNT(modes);

		request_init(&request, 4, modes[variant % COUNT(modes)], (uint16_t)variant);
		request.parameters.ptp_timestamps = ptp;
		request.padding = 100;
		(void)request_session(&world, &request);
		for (unsigned i = 0; i < PACKETS; i++) {
			frames[i] = (struct reflect_frame){
			        .octets = buffers[i],
			        .length = (uint16_t)request_build(&world, &request, buffers[i]),
			        .capacity = 300};
			offloads[i] =
			        (struct reflect_offload){.receive_time = arrival.receive_time};
			offloads[i].receive_time.error_estimate = receive[i];
		}
		arrival.offloads = offloads;
		reflect_burst(&world.reflector, &arrival, frames, PACKETS);
		for (unsigned i = 0; i < PACKETS; i++) {
			request.told_error = told[i];
			size_t length = reply_expect(&world, &request, i, expected);
			CU_ASSERT_EQUAL(frames[i].verdict, VERDICT_REFLECT);
			CU_ASSERT_EQUAL(frames[i].length, length);
			CU_ASSERT(memcmp(buffers[i], expected, length) == 0);
		}
	}
	world_tear_down(&world);
}

/** The reply has one Error Estimate for both of its timestamps: the worse one, synchronized only when both are. */
static void the_worse_error_estimate_is_told(void)
{
	struct request request;

	world_set_up(&world);
	request_init(&request, 4, TEST_UNAUTHENTICATED, 7);
	(void)request_session(&world, &request);
	/* The transmit estimate is WORLD_ERROR, 0x9107. */
	static const struct {
		uint16_t receive, told;
	} estimates[] = {{0x1207, 0x1207}, {0x9207, 0x9207}, {0x0107, 0x1107}, {0x8107, 0x9107}};
	for (unsigned i = 0; i < sizeof(estimates) / sizeof(estimates[0]); i++) {
		size_t length = request_build(&world, &request, frame);
		struct reflect_frame run = {
		        .octets = frame, .length = (uint16_t)length, .capacity = 200};
		struct reflect_arrival arrival = world_arrival(&world);
		arrival.receive_time.error_estimate = estimates[i].receive;
		reflect_burst(&world.reflector, &arrival, &run, 1);
		CU_ASSERT_EQUAL(run.verdict, VERDICT_REFLECT);
		size_t udp = reply_udp_offset(&request);
		CU_ASSERT_EQUAL(load_be16(frame + udp + 8 + 12), estimates[i].told);
		CU_ASSERT(udp_checksum_is_right(frame, request_ip_offset(&request), udp));
	}
	world_tear_down(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every format and padding", every_format_and_padding},
	        {"every feature", every_feature},
	        {"every encapsulation", every_encapsulation},
	        {"what lies behind UDP is cut off", what_lies_behind_udp_is_cut_off},
	        {"IPv4 fields", ipv4_fields},
	        {"damage stays visible", damage_stays_visible},
	        {"a checksum of zero is sent as ones", a_checksum_of_zero_is_sent_as_ones},
	        {"nor is a sealed reply's checksum zero", nor_is_a_sealed_replys_checksum_zero},
	        {"each reply tells its own error estimate",
	         each_reply_tells_its_own_error_estimate},
	        {"the worse error estimate is told", the_worse_error_estimate_is_told},
	        CU_TEST_INFO_NULL};
	return unit_run("reflect-reply", tests);
}
