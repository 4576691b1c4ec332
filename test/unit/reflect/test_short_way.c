/* SPDX-License-Identifier: BSD-3-Clause */
/** The short way of plain test packets against the long way of all: one answer for each frame. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "reflect/parse.h"
#include "unit.h"
#include "world.h"

#define FRAMES  20000u
#define SAMPLES 32u /**< requests that frames are made from */

/* NOP, router alert, record route with room for two addresses, end. */
static const uint8_t options[] = {1, 148, 4, 0, 0, 7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
/* Hop-by-hop with PadN, destination options of 16 octets, routing header with Segments Left 0. */
static const uint8_t extensions[] = {60, 0, 1, 4, 0, 0, 0, 0, 43, 1, 1, 12, 0, 0, 0, 0,
                                     0,  0, 0, 0, 0, 0, 0, 0, 17, 0, 4, 0,  0, 0, 0, 0};

static struct world world;
static struct request requests[SAMPLES];

static unsigned random_below(unsigned limit)
{
	return (unsigned)random() % limit;
}

static bool one_in(unsigned chance)
{
	return random_below(chance) == 0;
}

/** Each with a session of its own, of any mode and encapsulation; every fourth has options or extension headers. */
static void make_requests(void)
{
	for (uint16_t i = 0; i < SAMPLES; i++) {
		struct request *request = &requests[i];
		uint8_t family = i % 2 == 0 ? 4 : 6;

		request_init(request, family, (enum test_mode)(i % 3), i);
		request->tags = random_below(3);
		request->parameters.flow.vlan = request->tags > 0 ? 100 : 0;
		request->parameters.flow.outer_vlan = request->tags > 1 ? 200 : 0;
		request->parameters.symmetrical_size = one_in(2);
		request->dont_fragment = one_in(2);
		request->no_checksum = family == 4 && one_in(4);
		if (i % 4 < 1 || i % 8 == 5) {
			request->extensions = family == 4 ? options : extensions;
			request->extensions_size =
			        family == 4 ? sizeof(options) : sizeof(extensions);
		}
		(void)request_session(&world, request);
	}
}

/** Other octets in a random place of the IP and UDP headers, or another length. */
static size_t damage(const struct request *request, uint8_t *frame, size_t length)
{
	uint8_t *ip = frame + request_ip_offset(request);
	uint8_t *udp = frame + request_udp_offset(request);
	uint8_t *damaged = ip + random_below((unsigned)(udp + 8 - ip));

	switch (random_below(6)) {
	case 0:
		return (size_t)(damaged - frame);
	case 1:
		*damaged = (uint8_t)random();
		break;
	case 2:
		*damaged ^= (uint8_t)(1u << random_below(8));
		break;
	case 3: /* a length */
		store_be16(ip + (one_in(2) ? 2 : 4), (uint16_t)random_below((unsigned)length + 40));
		break;
	case 4:
		store_be16(udp + 4, (uint16_t)random_below((unsigned)length));
		break;
	default:
		store_be16(udp + 6, 0);
		break;
	}
	if (ip[0] >> 4 == 4 && !one_in(4))
		ipv4_checksum_write(ip);
	return length;
}

static void check_same(const struct packet *left, const struct flow_key *left_flow,
                       const struct packet *right, const struct flow_key *right_flow)
{
	CU_ASSERT_PTR_EQUAL(left->frame, right->frame);
	CU_ASSERT_PTR_EQUAL(left->network, right->network);
	CU_ASSERT_PTR_EQUAL(left->payload, right->payload);
	CU_ASSERT_EQUAL(left->payload_length, right->payload_length);
	CU_ASSERT_EQUAL(left->ttl, right->ttl);
	CU_ASSERT_EQUAL(left->ipv6, right->ipv6);
	CU_ASSERT_EQUAL(left->has_checksum, right->has_checksum);
	CU_ASSERT(flow_key_equal(left_flow, right_flow));
}

/** One frame both ways; true when it is test traffic. */
static bool parse_both(const struct request *request, const uint8_t *octets, size_t length)
{
	/* The buffer has the exact size, so that ASan sees every octet too many. */
	uint8_t *buffer = malloc(length);
	struct reflect_frame frame = {.octets = buffer, .length = (uint16_t)length};
	enum reflect_checksum checksum = (enum reflect_checksum)random_below(3);
	struct packet packet, long_packet;
	struct flow_key flow, long_flow = {.vlan = request->parameters.flow.vlan,
	                                   .outer_vlan = request->parameters.flow.outer_vlan};

	memcpy(buffer, octets, length);
	uint8_t *network = buffer + request_ip_offset(request);
	enum parse_result result =
	        parse_frame(&world.settings, NULL, &frame, checksum, &packet, &flow);
	enum parse_result long_result =
	        load_be16(network - 2) == 0x0800
	                ? parse_ipv4(&world.settings, &frame, checksum, network, &long_packet,
	                             &long_flow)
	                : parse_ipv6(&world.settings, &frame, network, &long_packet, &long_flow);
	CU_ASSERT_EQUAL(result, long_result);
	if (result == PARSE_TEST_PORT && long_result == PARSE_TEST_PORT)
		check_same(&packet, &flow, &long_packet, &long_flow);
	free(buffer);
	return result == PARSE_TEST_PORT;
}

static void both_ways_agree(void)
{
	uint8_t frame[WORLD_FRAME_MAX];
	unsigned accepted = 0;

	srandom(5357);
	world_set_up(&world);
	make_requests();
	for (unsigned i = 0; i < FRAMES; i++) {
		struct request *request = &requests[random_below(SAMPLES)];

		request->padding = random_below(200);
		request->udp_surplus = one_in(4) ? random_below(9) : 0;
		request->trailer = one_in(4) ? random_below(20) : 0;
		size_t length = request_build(&world, request, frame);
		if (!one_in(4))
			length = damage(request, frame, length);
		accepted += parse_both(request, frame, length);
	}
	CU_ASSERT(accepted > FRAMES / 8);
	CU_ASSERT(accepted < FRAMES - FRAMES / 8);
	world_tear_down(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {{"both ways agree", both_ways_agree}, CU_TEST_INFO_NULL};
	return unit_run("reflect-short-way", tests);
}
