/* SPDX-License-Identifier: BSD-3-Clause */
/** What a frame is before any session is asked: test traffic, the kernel's, or dropped and why. */
#include <string.h>

#include "base/bytes.h"
#include "expect.h"
#include "unit.h"

static struct world world;
static uint8_t frame[WORLD_FRAME_MAX], reply[WORLD_FRAME_MAX];

static void truncated_frames(void)
{
	world_set_up(&world);
	for (unsigned family = 4; family <= 6; family += 2) {
		for (unsigned tags = 0; tags <= 2; tags++) {
			struct request request =
			        plain_request((uint8_t)family, TEST_UNAUTHENTICATED);

			request.tags = tags;
			request.parameters.flow.vlan = tags > 0 ? 100 : 0;
			request.parameters.flow.outer_vlan = tags > 1 ? 200 : 0;
			size_t length = request_build(&world, &request, frame);
			for (size_t cut = 0; cut < length; cut++)
				expect_drop(&world, frame, cut, DATAPATH_DROP_TRUNCATED);
			size_t ip = request_ip_offset(&request);
			size_t udp = request_udp_offset(&request);
			uint16_t udp_length = load_be16(frame + udp + 4);
			store_be16(frame + udp + 4, (uint16_t)(udp_length + 1));
			expect_drop(&world, frame, length, DATAPATH_DROP_TRUNCATED);
			store_be16(frame + udp + 4, 7);
			expect_drop(&world, frame, length, DATAPATH_DROP_TRUNCATED);
			store_be16(frame + udp + 4, udp_length);
			/* IP says that it ends inside of UDP's header. */
			store_be16(frame + ip + (family == 4 ? 2 : 4), family == 4 ? 27 : 7);
			expect_drop(&world, frame, length, DATAPATH_DROP_TRUNCATED);
		}
	}
	/* An IPv6 extension header that runs past the packet. */
	static const uint8_t extension[] = {17, 0, 1, 4, 0, 0, 0, 0};
	struct request request = plain_request(6, TEST_UNAUTHENTICATED);
	request.extensions = extension;
	request.extensions_size = sizeof(extension);
	request.extension_type = 60;
	size_t length = request_build(&world, &request, frame);
	frame[request_ip_offset(&request) + 40 + 1] = 200;
	expect_drop(&world, frame, length, DATAPATH_DROP_TRUNCATED);
	store_be16(frame + request_ip_offset(&request) + 4, 5);
	expect_drop(&world, frame, length, DATAPATH_DROP_TRUNCATED);
	world_tear_down(&world);
}

/** An IPv4 length that ends within the header: what is behind it must not pass for UDP, wherever that says that it ends. */
static void ipv4_that_ends_within_its_header(void)
{
	static const uint8_t options[] = {1, 1, 1, 1};

	world_set_up(&world);
	for (unsigned extended = 0; extended < 2; extended++) {
		struct request request = plain_request(4, TEST_UNAUTHENTICATED);

		request.extensions = options;
		request.extensions_size = extended * sizeof(options);
		uint16_t header = (uint16_t)(20 + request.extensions_size);
		size_t length = request_build(&world, &request, frame);
		for (uint16_t total = 0; total < header + 8; total++) {
			store_be16(frame + 14 + 2, total);
			ipv4_checksum_write(frame + 14);
			expect_drop(&world, frame, length, DATAPATH_DROP_TRUNCATED);
			/* One that is longer than the frame, too. */
			store_be16(frame + 14 + header + 4, (uint16_t)(length + 1000));
			expect_drop(&world, frame, length, DATAPATH_DROP_TRUNCATED);
			store_be16(frame + 14 + header + 4, (uint16_t)(length - 14 - header));
		}
	}
	world_tear_down(&world);
}

static void checksums(void)
{
	struct request request = plain_request(4, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	frame[14 + 10] ^= 4;
	expect_drop(&world, frame, length, DATAPATH_DROP_CHECKSUM);
	struct reflect_frame run = {
	        .octets = frame, .length = (uint16_t)length, .capacity = EXPECT_CAPACITY};
	struct reflect_arrival arrival = world_arrival(&world);
	struct reflect_offload offload = {.receive_time = arrival.receive_time,
	                                  .ip_checksum = CHECKSUM_BAD};
	arrival.offloads = &offload;
	frame[14 + 10] ^= 4;
	reflect_burst(&world.reflector, &arrival, &run,
	              1); /* whom to believe is the caller's choice */
	CU_ASSERT_EQUAL(run.verdict, VERDICT_DROP);
	CU_ASSERT_EQUAL(run.counter, DATAPATH_DROP_CHECKSUM);
	offload.ip_checksum = CHECKSUM_GOOD;
	reflect_burst(&world.reflector, &arrival, &run, 1);
	CU_ASSERT_EQUAL(run.verdict, VERDICT_REFLECT);
	/* Not to us: the kernel judges. */
	length = request_build(&world, &request, frame);
	frame[14 + 19] = 77;
	expect_exception(&world, frame, length);

	request = plain_request(6, TEST_UNAUTHENTICATED);
	(void)request_session(&world, &request);
	request.no_checksum = true;
	length = request_build(&world, &request, frame);
	expect_drop(&world, frame, length, DATAPATH_DROP_CHECKSUM);
	frame[14 + 39] = 77;
	expect_exception(&world, frame, length);
	world_tear_down(&world);
}

/** Of a packet whose header checksum is right: nothing else is wrong with it. */
static void set_fragment(uint8_t *ip, uint16_t flags_and_offset)
{
	store_be16(ip + 6, flags_and_offset);
	ipv4_checksum_write(ip);
}

static void fragments(void)
{
	struct request request = plain_request(4, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	/* First, and with each bit of an offset. */
	set_fragment(frame + 14, 0x2000);
	expect_drop(&world, frame, length, DATAPATH_DROP_FRAGMENT);
	for (unsigned bit = 0; bit < 13; bit++) {
		set_fragment(frame + 14, (uint16_t)(0x2000 | 1u << bit));
		expect_exception(&world, frame, length);
		set_fragment(frame + 14, (uint16_t)(1u << bit));
		expect_exception(&world, frame, length);
	}
	set_fragment(frame + 14, 0x2000);
	frame[14 + 19] = 77;
	expect_exception(&world, frame, length);
	/* So short that it tells no ports: the next one has them. */
	length = request_build(&world, &request, frame);
	store_be16(frame + 14 + 2, 20 + 7);
	set_fragment(frame + 14, 0x2000);
	expect_exception(&world, frame, length);

	/* First (M), atomic (neither), last (offset); the second octet means nothing. */
	static const uint8_t ipv6[3][8] = {{17, 9, 0, 1}, {17, 0, 0, 0}, {17, 0, 0, 8}};
	request = plain_request(6, TEST_UNAUTHENTICATED);
	(void)request_session(&world, &request);
	request.extension_type = 44;
	request.extensions_size = 8;
	for (unsigned i = 0; i < 3; i++) {
		request.extensions = ipv6[i];
		length = request_build(&world, &request, frame);
		if (i < 2)
			expect_drop(&world, frame, length, DATAPATH_DROP_FRAGMENT);
		else
			expect_exception(&world, frame, length);
	}
	/* First ones that end within UDP's header, and within an extension header. */
	request.extensions = ipv6[0];
	length = request_build(&world, &request, frame);
	store_be16(frame + 14 + 4, 8 + 7);
	expect_exception(&world, frame, length);
	static const uint8_t cut[16] = {60, 0, 0, 1, [8] = 17, 200};
	request.extensions = cut;
	request.extensions_size = sizeof(cut);
	expect_exception(&world, frame, request_build(&world, &request, frame));
	world_tear_down(&world);
}

/** Everything that is not test traffic belongs to the kernel, as it came. */
static void the_kernels_frames(void)
{
	struct request request = plain_request(4, TEST_UNAUTHENTICATED);

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
		expect_exception(&world, frame, length);
	}
	memcpy(frame, good, length);
	store_be16(frame + 14 + 22, 20101);
	expect_exception(&world, frame, length);
	store_be16(frame + 14 + 22, 20100);
	expect_drop(&world, frame, length, DATAPATH_DROP_UNKNOWN_FLOW);
	/* The range is the same behind options. */
	static const uint8_t options[] = {1, 1, 1, 1};
	static const uint16_t outside[] = {19999, 20101}, within[] = {20000, 20100};
	request.extensions = options;
	request.extensions_size = sizeof(options);
	length = request_build(&world, &request, frame);
	for (unsigned i = 0; i < 2; i++) {
		store_be16(frame + 14 + 26, outside[i]);
		expect_exception(&world, frame, length);
		store_be16(frame + 14 + 26, within[i]);
		expect_drop(&world, frame, length, DATAPATH_DROP_UNKNOWN_FLOW);
	}
	request.extensions_size = 0;
	/* Our address, but not in this VLAN. */
	request.tags = 1;
	request.parameters.flow.vlan = 101;
	expect_exception(&world, frame, request_build(&world, &request, frame));
	/* Three tags. */
	request.tags = 2;
	length = request_build(&world, &request, frame);
	store_be16(frame + 20, 0x8100);
	expect_exception(&world, frame, length);
	world_tear_down(&world);
}

static void unusual_extensions(void)
{
	static const uint8_t loose[] = {131, 3, 4, 0}, strict[] = {1, 137, 3, 4};
	static const uint8_t zero_length[] = {7, 0, 0, 0}, overrun[] = {7, 5, 4, 0};
	static const uint8_t lone[] = {1, 1, 1, 7}, length_of_one[] = {7, 1, 0, 0};
	static const uint8_t *const options[] = {loose,   strict, zero_length,
	                                         overrun, lone,   length_of_one};
	static const uint8_t filling[] = {7, 4, 4, 0};
	static const uint8_t segments_left[] = {17, 0, 4, 1, 0, 0, 0, 0};
	static const uint8_t late_hop_by_hop[] = {0, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0};
	static const uint8_t authentication[] = {17, 0, 0, 0, 0, 0, 0, 0};
	uint8_t many[9 * 8];

	world_set_up(&world);
	struct request request = plain_request(4, TEST_UNAUTHENTICATED);
	(void)request_session(&world, &request);
	request.extensions_size = 4;
	for (unsigned i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		request.extensions = options[i];
		expect_exception(&world, frame, request_build(&world, &request, frame));
	}
	/* Nothing behind the option whose length is missing: ASan would see who looks for it. */
	request.extensions = lone;
	(void)request_build(&world, &request, frame);
	store_be16(frame + 14 + 2, 24);
	ipv4_checksum_write(frame + 14);
	expect_verdict(&world, frame, 14 + 24, 14 + 24, VERDICT_EXCEPTION, DATAPATH_EXCEPTION);
	request.extensions = filling;
	expect_reply(&world, frame, request_build(&world, &request, frame), reply);
	request = plain_request(6, TEST_UNAUTHENTICATED);
	(void)request_session(&world, &request);
	request.extensions = segments_left;
	request.extensions_size = sizeof(segments_left);
	request.extension_type = 43;
	expect_exception(&world, frame, request_build(&world, &request, frame));
	request.extensions = late_hop_by_hop;
	request.extensions_size = sizeof(late_hop_by_hop);
	request.extension_type = 60;
	expect_exception(&world, frame, request_build(&world, &request, frame));
	request.extensions = authentication;
	request.extensions_size = sizeof(authentication);
	request.extension_type = 51;
	expect_exception(&world, frame, request_build(&world, &request, frame));
	/* Eight destination options are skipped, nine are not. */
	memset(many, 0, sizeof(many));
	for (unsigned i = 0; i < 9; i++)
		memcpy(many + 8 * i, (const uint8_t[]){60, 0, 1, 4}, 4);
	request.extension_type = 60;
	request.extensions = many + 8;
	request.extensions_size = 8 * 8;
	many[8 * 8] = 17;
	expect_reply(&world, frame, request_build(&world, &request, frame), reply);
	request.extensions = many;
	request.extensions_size = 9 * 8;
	expect_exception(&world, frame, request_build(&world, &request, frame));
	/* IPv4 addresses in IPv6 clothes do not find the IPv4 session. */
	struct request mapped = plain_request(4, TEST_UNAUTHENTICATED);
	request = plain_request(6, TEST_UNAUTHENTICATED);
	size_t length = request_build(&world, &request, frame);
	memcpy(frame + 14 + 8, &mapped.parameters.flow, 32);
	udp_checksum_write(frame, 14, 54);
	expect_exception(&world, frame, length);
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
	struct request request = plain_request(4, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	(void)request_session(&world, &request);
	for (unsigned i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		size_t length = request_build(&world, &request, frame);
		memcpy(frame + 14 + 12, sources[i], 4);
		ipv4_checksum_write(frame + 14);
		expect_drop(&world, frame, length, DATAPATH_DROP_UNKNOWN_FLOW);
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
	struct request request = plain_request(6, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	request.tags = 2;
	for (unsigned i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		request.parameters.flow.vlan = tags[i].vlan;
		request.parameters.flow.outer_vlan = tags[i].outer;
		size_t length = request_build(&world, &request, frame);
		if (tags[i].own)
			expect_drop(&world, frame, length, DATAPATH_DROP_UNKNOWN_FLOW);
		else
			expect_exception(&world, frame, length);
	}
	world_tear_down(&world);
}

/** A promiscuous port sees what goes to others; a group's frames are the kernel's; a port without address takes all. */
static void other_stations(void)
{
	struct request request = plain_request(4, TEST_UNAUTHENTICATED);

	world_set_up(&world);
	(void)request_session(&world, &request);
	size_t length = request_build(&world, &request, frame);
	for (unsigned i = 0; i < 6; i++) {
		frame[i] ^= 0x10;
		expect_drop(&world, frame, length, DATAPATH_DROP_OTHER_STATION);
		world.station = NULL;
		expect_reply(&world, frame, length, reply);
		world.station = world_reflector_mac;
		frame[i] ^= 0x10;
	}
	expect_reply(&world, frame, length, reply);
	frame[0] |= 1;
	expect_exception(&world, frame, length);
	/* Not even to a port that is said to have a group's address. */
	uint8_t group[6];
	memcpy(group, frame, sizeof(group));
	world.station = group;
	expect_exception(&world, frame, length);
	world_tear_down(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"truncated frames", truncated_frames},
	        {"IPv4 that ends within its header", ipv4_that_ends_within_its_header},
	        {"checksums", checksums},
	        {"fragments", fragments},
	        {"the kernel's frames", the_kernels_frames},
	        {"unusual extensions", unusual_extensions},
	        {"impossible sources", impossible_sources},
	        {"an address belongs to its VLANs", an_address_belongs_to_its_vlans},
	        {"other stations", other_stations},
	        CU_TEST_INFO_NULL};
	return unit_run("reflect-classify", tests);
}
