/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame_headers.h"

#include <string.h>

#include "base/bytes.h"
#include "group_format.h"
#include "reflect/checksum.h"
#include "reflect/headers.h"
#include "unit.h"

static const uint8_t station[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t next_hop[6] = {2, 0, 0, 0, 0, 2};

static struct frame_way way_between(const char *sender, const char *reflector)
{
	struct frame_way way = {.station = station,
	                        .next_hop = next_hop,
	                        .sender.port = 20001,
	                        .reflector.port = 18761,
	                        .dscp = 46,
	                        .ttl = 200};

	CU_ASSERT_EQUAL_FATAL(address_parse(sender, &way.sender.address), 0);
	CU_ASSERT_EQUAL_FATAL(address_parse(reflector, &way.reflector.address), 0);
	return way;
}

static void ipv4_headers(void)
{
	static const uint8_t expected[] = {
	        2,    0,    0, 0, 0,    2,    2,    0,    0,   0,  0, 1, 8,   0, /* Ethernet */
	        0x45, 0xb8, 0, 0, 0,    0,    0x40, 0,    200, 17, 0, 0, 192, 0, 2, 1, /* IPv4 */
	        192,  0,    2, 2, 0x4e, 0x21, 0x49, 0x49, 0,   0,  0, 0,               /* UDP */
	};
	struct frame_way way = way_between("192.0.2.1", "192.0.2.2");
	struct load_session session = {0};

	frame_headers_make(&session, &way);
	CU_ASSERT_EQUAL(session.headers_size, sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(session.headers, expected, sizeof(expected)), 0);
	CU_ASSERT_EQUAL(session.network_offset, ETHERNET_HEADER_SIZE);
	CU_ASSERT_FALSE(session.ipv6);
	CU_ASSERT_EQUAL(session.ttl, 200);
}

static void vlan_tags_stand_behind_the_addresses(void)
{
	static const uint8_t two[] = {0x88, 0xa8, 0, 30, 0x81, 0, 0, 20, 8, 0};
	static const uint8_t one[] = {0x81, 0, 0, 20, 0x86, 0xdd};
	struct frame_way way = way_between("192.0.2.1", "192.0.2.2");
	struct load_session session = {0};

	way.vlan = 20;
	way.outer_vlan = 30;
	frame_headers_make(&session, &way);
	CU_ASSERT_EQUAL(memcmp(session.headers + ETHERNET_TYPE, two, sizeof(two)), 0);
	CU_ASSERT_EQUAL(session.headers_size, 14 + 8 + 20 + 8);
	way = way_between("2001:db8::1", "2001:db8::2");
	way.vlan = 20;
	frame_headers_make(&session, &way);
	CU_ASSERT_EQUAL(memcmp(session.headers + ETHERNET_TYPE, one, sizeof(one)), 0);
	CU_ASSERT_EQUAL(session.headers_size, 14 + 4 + 40 + 8);
	CU_ASSERT_EQUAL(session.network_offset, 18);
}

static void ipv6_has_its_traffic_class(void)
{
	struct frame_way way = way_between("2001:db8::1", "2001:db8::2");
	struct load_session session = {0};

	frame_headers_make(&session, &way);
	CU_ASSERT_TRUE(session.ipv6);
	CU_ASSERT_EQUAL(load_be32(session.headers + 14), 0x6b800000);
	CU_ASSERT_EQUAL(session.headers[14 + IPV6_NEXT_HEADER], NEXT_HEADER_UDP);
	CU_ASSERT_EQUAL(session.headers[14 + IPV6_HOP_LIMIT], 200);
}

/* The checksum of a frame by the book, over what was written, equals the one made from the sums. */
static void sums_make_the_checksums(void)
{
	static const char *const pairs[][2] = {{"192.0.2.1", "198.51.100.77"},
	                                       {"2001:db8::1", "2001:db8:ffff::2"}};
	const uint16_t payload = 41;

	for (unsigned i = 0; i < 2; i++) {
		struct frame_way way = way_between(pairs[i][0], pairs[i][1]);
		struct load_session session = {0};
		uint8_t pseudo[40 + 8] = {0};
		size_t size = i == 0 ? 8 : 32;

		frame_headers_make(&session, &way);
		const uint8_t *udp = session.headers + session.headers_size - UDP_HEADER_SIZE;
		memcpy(pseudo, udp - size, size);
		store_be16(pseudo + size, UDP_HEADER_SIZE + payload);
		store_be16(pseudo + size + 2, NEXT_HEADER_UDP);
		memcpy(pseudo + size + 4, udp, UDP_PORTS_SIZE);
		uint64_t sum = checksum_add(checksum_sum(pseudo, size + 8),
		                            __builtin_bswap16(UDP_HEADER_SIZE + payload));
		uint64_t ours = checksum_add(session.udp_sum, checksum_length(payload));
		CU_ASSERT_EQUAL(checksum_fold(sum), checksum_fold(ours));
	}
	struct frame_way way = way_between(pairs[0][0], pairs[0][1]);
	struct load_session session = {0};
	frame_headers_make(&session, &way);
	CU_ASSERT_EQUAL(checksum_fold(session.network_sum),
	                checksum_fold(checksum_sum(session.headers + 14, IPV4_HEADER_SIZE)));
}

static void formats_by_mode(void)
{
	struct load_group group = {.name = "g", .mode = MODE_AUTHENTICATED, .dscp = 10};
	struct load_group_format format;
	struct error error;

	group.sizes[0] = 48;
	group.sizes[1] = 400;
	group.size_count = 2;
	CU_ASSERT_EQUAL_FATAL(group_format_make(&group, LOAD_PEER_TWAMP, &format, &error), 0);
	CU_ASSERT_EQUAL(format.mode, TEST_AUTHENTICATED);
	CU_ASSERT_EQUAL(format.reply_traffic_class, 40);
	CU_ASSERT_EQUAL(format.protected_size, 16);
	CU_ASSERT_EQUAL(format.sizes[0].reply, 112);
	CU_ASSERT_EQUAL(format.sizes[1].reply, 400);
	CU_ASSERT_EQUAL(checksum_fold(format.sizes[0].padding_sum), 0);
	CU_ASSERT_EQUAL(checksum_fold(format.sizes[1].padding_sum),
	                checksum_fold(checksum_sum(format.padding, 352)));
	group_format_free(&format);
	group.mode = MODE_MIXED;
	CU_ASSERT_EQUAL(group_test_mode(&group, LOAD_PEER_TWAMP), TEST_UNAUTHENTICATED);
	group.mode = MODE_ENCRYPTED | MODE_IKEV2_DERIVED;
	CU_ASSERT_EQUAL(group_test_mode(&group, LOAD_PEER_TWAMP), TEST_ENCRYPTED);
	CU_ASSERT_EQUAL(group_test_mode(&group, LOAD_PEER_SWAP), TEST_UNAUTHENTICATED);
}

static void padding_behind_an_odd_header(void)
{
	struct load_group group = {
	        .name = "g", .mode = MODE_UNAUTHENTICATED, .symmetrical = true, .size_count = 1};
	struct load_group_format format;
	uint8_t packet[100] = {0};
	struct error error;

	group.sizes[0] = sizeof(packet);
	CU_ASSERT_EQUAL_FATAL(group_format_make(&group, LOAD_PEER_TWAMP, &format, &error), 0);
	CU_ASSERT_EQUAL(format.sizes[0].reply, sizeof(packet));
	memcpy(packet + format.sender_header_size, format.padding,
	       sizeof(packet) - format.sender_header_size);
	CU_ASSERT_EQUAL(checksum_fold(format.sizes[0].padding_sum),
	                checksum_fold(checksum_sum(packet, sizeof(packet))));
	group_format_free(&format);
}

/** Pseudo-random unless zeros are wanted: 986 random octets are not all zero. */
static void padding_is_random_or_zero(void)
{
	struct load_group group = {.name = "g", .mode = MODE_UNAUTHENTICATED, .size_count = 1};
	static const uint8_t zeros[986];
	struct load_group_format format;
	struct error error;

	group.sizes[0] = 14 + sizeof(zeros);
	CU_ASSERT_EQUAL_FATAL(group_format_make(&group, LOAD_PEER_TWAMP, &format, &error), 0);
	CU_ASSERT_NOT_EQUAL(memcmp(format.padding, zeros, sizeof(zeros)), 0);
	group_format_free(&format);
	group.zero_padding = true;
	CU_ASSERT_EQUAL_FATAL(group_format_make(&group, LOAD_PEER_TWAMP, &format, &error), 0);
	CU_ASSERT_EQUAL(memcmp(format.padding, zeros, sizeof(zeros)), 0);
	group_format_free(&format);
}

static void sizes_below_the_header_are_refused(void)
{
	struct load_group group = {.name = "small", .mode = MODE_ENCRYPTED, .size_count = 1};
	struct load_group_format format;
	struct error error;

	group.sizes[0] = 47;
	CU_ASSERT_EQUAL(group_format_make(&group, LOAD_PEER_TWAMP, &format, &error),
	                ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "small"));
}

int main(void)
{
	static CU_TestInfo tests[] = {
	        {"ipv4_headers", ipv4_headers},
	        {"vlan_tags_stand_behind_the_addresses", vlan_tags_stand_behind_the_addresses},
	        {"ipv6_has_its_traffic_class", ipv6_has_its_traffic_class},
	        {"sums_make_the_checksums", sums_make_the_checksums},
	        {"formats_by_mode", formats_by_mode},
	        {"padding_behind_an_odd_header", padding_behind_an_odd_header},
	        {"padding is random or zero", padding_is_random_or_zero},
	        {"sizes_below_the_header_are_refused", sizes_below_the_header_are_refused},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("load-frame-headers", tests);
}
