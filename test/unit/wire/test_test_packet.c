/* SPDX-License-Identifier: BSD-3-Clause */
/* The expected octets are written out from the figures of the RFCs. */
#include "wire/test_packet.h"

#include <string.h>

#include "base/error.h"
#include "unit.h"

#define UNTOUCHED 0xee

static const struct sender_packet sender = {
        .sequence = 0x01020304, .timestamp = 0xe1a2b3c411223344u, .error_estimate = 0x8a7f};

static void sender_unauthenticated(void)
{
	/* RFC 4656 section 4.1.2; the padding is the caller's */
	static const uint8_t expected[20] = {
	        0x01,      0x02,      0x03,      0x04, /* Sequence Number */
	        0xe1,      0xa2,      0xb3,      0xc4,      0x11,      0x22,
	        0x33,      0x44, /* Timestamp */
	        0x8a,      0x7f, /* Error Estimate */
	        UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED};
	uint8_t octets[20];

	memset(octets, UNTOUCHED, sizeof(octets));
	sender_packet_write(octets, TEST_UNAUTHENTICATED, false, false, &sender);
	CU_ASSERT(memcmp(octets, expected, sizeof(expected)) == 0);
}

static void sender_unauthenticated_symmetrical(void)
{
	/* RFC 6038 section 5.1.4: 27 octets MBZ, so that padding starts at 41 */
	uint8_t octets[48];

	memset(octets, UNTOUCHED, sizeof(octets));
	sender_packet_write(octets, TEST_UNAUTHENTICATED, true, false, &sender);
	CU_ASSERT_EQUAL(octets[12], 0x8a);
	CU_ASSERT_EQUAL(octets[13], 0x7f);
	for (unsigned i = 14; i < 41; i++)
		CU_ASSERT_EQUAL(octets[i], 0);
	for (unsigned i = 41; i < sizeof(octets); i++)
		CU_ASSERT_EQUAL(octets[i], UNTOUCHED);
}

static void sender_unauthenticated_symmetrical_monitoring(void)
{
	/* RFC 7750 figure 4: 28 octets MBZ, so that padding starts at 42 */
	uint8_t octets[48];

	memset(octets, UNTOUCHED, sizeof(octets));
	sender_packet_write(octets, TEST_UNAUTHENTICATED, true, true, &sender);
	CU_ASSERT_EQUAL(octets[13], 0x7f);
	for (unsigned i = 14; i < 42; i++)
		CU_ASSERT_EQUAL(octets[i], 0);
	for (unsigned i = 42; i < sizeof(octets); i++)
		CU_ASSERT_EQUAL(octets[i], UNTOUCHED);
	/* Without Symmetrical Size the packet is as ever (section 2.2). */
	memset(octets, UNTOUCHED, sizeof(octets));
	sender_packet_write(octets, TEST_UNAUTHENTICATED, false, true, &sender);
	CU_ASSERT_EQUAL(octets[14], UNTOUCHED);
}

static void sender_secure(void)
{
	/* RFC 4656 section 4.1.2, authenticated and encrypted */
	static const uint8_t expected[32] = {
	        0x01, 0x02, 0x03, 0x04,                                     /* Sequence Number */
	        0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0, /* MBZ (12) */
	        0xe1, 0xa2, 0xb3, 0xc4, 0x11, 0x22, 0x33, 0x44,             /* Timestamp */
	        0x8a, 0x7f,                                                 /* Error Estimate */
	        0,    0,    0,    0,    0,    0,                            /* MBZ (6) */
	};

	for (enum test_mode mode = TEST_AUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		for (int symmetrical = 0; symmetrical < 2; symmetrical++) {
			uint8_t octets[128];
			memset(octets, UNTOUCHED, sizeof(octets));
			sender_packet_write(octets, mode, symmetrical != 0, false, &sender);
			CU_ASSERT(memcmp(octets, expected, sizeof(expected)) == 0);
			for (unsigned i = 32; i < 48; i++) /* HMAC */
				CU_ASSERT_EQUAL(octets[i], UNTOUCHED);
			for (unsigned i = 48; i < 112; i++) /* MBZ or the caller's padding */
				CU_ASSERT_EQUAL(octets[i], symmetrical ? 0 : UNTOUCHED);
			for (unsigned i = 112; i < sizeof(octets); i++)
				CU_ASSERT_EQUAL(octets[i], UNTOUCHED);
		}
	}
}

static void check_reply(const struct reflector_packet *packet)
{
	CU_ASSERT_EQUAL(packet->sequence, 0x0a0b0c0d);
	CU_ASSERT_EQUAL(packet->timestamp, 0xe100000180000001u);
	CU_ASSERT_EQUAL(packet->error_estimate, 0x8501);
	CU_ASSERT_EQUAL(packet->receive_timestamp, 0xe100000240000002u);
	CU_ASSERT_EQUAL(packet->sender_sequence, 0x11121314);
	CU_ASSERT_EQUAL(packet->sender_timestamp, 0xe100000320000003u);
	CU_ASSERT_EQUAL(packet->sender_error_estimate, 0x0602);
	CU_ASSERT_EQUAL(packet->sender_ttl, 253);
}

static void reflector_unauthenticated(void)
{
	/* RFC 5357 section 4.2.1 */
	static const uint8_t octets[41] = {
	        0x0a, 0x0b, 0x0c, 0x0d,                         /* Sequence Number */
	        0xe1, 0x00, 0x00, 0x01, 0x80, 0x00, 0x00, 0x01, /* Timestamp */
	        0x85, 0x01, 0xff, 0xff,                         /* Error Estimate, MBZ */
	        0xe1, 0x00, 0x00, 0x02, 0x40, 0x00, 0x00, 0x02, /* Receive Timestamp */
	        0x11, 0x12, 0x13, 0x14,                         /* Sender Sequence Number */
	        0xe1, 0x00, 0x00, 0x03, 0x20, 0x00, 0x00, 0x03, /* Sender Timestamp */
	        0x06, 0x02, 0xff, 0xff,                         /* Sender Error Estimate, MBZ */
	        253,                                            /* Sender TTL */
	};
	struct reflector_packet packet;

	CU_ASSERT_EQUAL(reflector_packet_read(octets, 41, TEST_UNAUTHENTICATED, false, &packet), 0);
	check_reply(&packet);
	CU_ASSERT_EQUAL(reflector_packet_read(octets, 40, TEST_UNAUTHENTICATED, false, &packet),
	                ERROR_FORMAT);
	CU_ASSERT_EQUAL(reflector_packet_read(octets, 0, TEST_UNAUTHENTICATED, false, &packet),
	                ERROR_FORMAT);
}

static void reflector_unauthenticated_monitoring(void)
{
	/* RFC 7750 figure 2 */
	static const uint8_t octets[44] = {
	        0x0a, 0x0b, 0x0c, 0x0d,                         /* Sequence Number */
	        0xe1, 0x00, 0x00, 0x01, 0x80, 0x00, 0x00, 0x01, /* Timestamp */
	        0x85, 0x01, 0xff, 0xff,                         /* Error Estimate, MBZ */
	        0xe1, 0x00, 0x00, 0x02, 0x40, 0x00, 0x00, 0x02, /* Receive Timestamp */
	        0x11, 0x12, 0x13, 0x14,                         /* Sender Sequence Number */
	        0xe1, 0x00, 0x00, 0x03, 0x20, 0x00, 0x00, 0x03, /* Sender Timestamp */
	        0x06, 0x02, 0xff, 0xff,                         /* Sender Error Estimate, MBZ */
	        253,  0xb9, 0xff, 0xff, /* Sender TTL, S-DSCP-ECN (EF, ECT(1)), MBZ */
	};
	struct reflector_packet packet;

	CU_ASSERT_EQUAL(reflector_packet_read(octets, 44, TEST_UNAUTHENTICATED, true, &packet), 0);
	check_reply(&packet);
	CU_ASSERT_EQUAL(packet.sender_dscp_ecn >> 2, 46);
	CU_ASSERT_EQUAL(packet.sender_dscp_ecn & 3, 1);
	CU_ASSERT_EQUAL(reflector_packet_read(octets, 43, TEST_UNAUTHENTICATED, true, &packet),
	                ERROR_FORMAT);
	/* Without the mode the octet is padding. */
	CU_ASSERT_EQUAL(reflector_packet_read(octets, 44, TEST_UNAUTHENTICATED, false, &packet), 0);
	CU_ASSERT_EQUAL(packet.sender_dscp_ecn, 0);
}

static void reflector_secure(void)
{
	/* RFC 5357 section 4.2.1 with erratum 5045: the HMAC ends at 112 */
	static const uint8_t octets[112] = {
	        0x0a, 0x0b, 0x0c, 0x0d,                                     /* Sequence Number */
	        0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0, /* MBZ (12) */
	        0xe1, 0x00, 0x00, 0x01, 0x80, 0x00, 0x00, 0x01,             /* Timestamp */
	        0x85, 0x01, 0,    0,    0,    0,    0,    0,    /* Error Estimate, MBZ (6) */
	        0xe1, 0x00, 0x00, 0x02, 0x40, 0x00, 0x00, 0x02, /* Receive Timestamp */
	        0,    0,    0,    0,    0,    0,    0,    0,    /* MBZ (8) */
	        0x11, 0x12, 0x13, 0x14,                         /* Sender Sequence Number */
	        0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0, /* MBZ (12) */
	        0xe1, 0x00, 0x00, 0x03, 0x20, 0x00, 0x00, 0x03,             /* Sender Timestamp */
	        0x06, 0x02, 0,    0,    0,    0,    0,    0, /* Sender Error Estimate, MBZ (6) */
	        253,  0,    0,    0,    0,    0,    0,    0, /* Sender TTL, MBZ (15) */
	};
	uint8_t monitoring[112];
	struct reflector_packet packet;

	/* RFC 7750 figure 3: S-DSCP-ECN is the octet behind the Sender TTL */
	memcpy(monitoring, octets, sizeof(octets));
	monitoring[81] = 0xb9;
	for (enum test_mode mode = TEST_AUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		memset(&packet, 0, sizeof(packet));
		CU_ASSERT_EQUAL(reflector_packet_read(octets, 112, mode, false, &packet), 0);
		check_reply(&packet);
		CU_ASSERT_EQUAL(packet.sender_dscp_ecn, 0);
		CU_ASSERT_EQUAL(reflector_packet_read(octets, 111, mode, false, &packet),
		                ERROR_FORMAT);
		CU_ASSERT_EQUAL(reflector_packet_read(monitoring, 112, mode, true, &packet), 0);
		check_reply(&packet);
		CU_ASSERT_EQUAL(packet.sender_dscp_ecn, 0xb9);
	}
}

static void sizes(void)
{
	CU_ASSERT_EQUAL(sender_header_size(TEST_UNAUTHENTICATED, false, false), 14);
	CU_ASSERT_EQUAL(sender_header_size(TEST_AUTHENTICATED, false, false), 48);
	CU_ASSERT_EQUAL(sender_header_size(TEST_ENCRYPTED, false, false), 48);
	CU_ASSERT_EQUAL(reflector_header_size(TEST_UNAUTHENTICATED, false), 41);
	CU_ASSERT_EQUAL(reflector_header_size(TEST_AUTHENTICATED, false), 112);
	CU_ASSERT_EQUAL(reflector_header_size(TEST_ENCRYPTED, false), 112);
	for (enum test_mode mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++)
		CU_ASSERT_EQUAL(sender_header_size(mode, true, false),
		                reflector_header_size(mode, false));
	CU_ASSERT_EQUAL(reflector_header_size(TEST_UNAUTHENTICATED, true), 44);
	CU_ASSERT_EQUAL(sender_header_size(TEST_UNAUTHENTICATED, false, true), 14);
	CU_ASSERT_EQUAL(sender_header_size(TEST_UNAUTHENTICATED, true, true), 42);
	for (enum test_mode mode = TEST_AUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		CU_ASSERT_EQUAL(reflector_header_size(mode, true), 112);
		CU_ASSERT_EQUAL(sender_header_size(mode, false, true), 48);
		CU_ASSERT_EQUAL(sender_header_size(mode, true, true), 112);
	}
	CU_ASSERT_EQUAL(sender_protected_size(TEST_UNAUTHENTICATED), 0);
	CU_ASSERT_EQUAL(sender_protected_size(TEST_AUTHENTICATED), 16);
	CU_ASSERT_EQUAL(sender_protected_size(TEST_ENCRYPTED), 32);
	CU_ASSERT_EQUAL(reflector_protected_size(TEST_UNAUTHENTICATED), 0);
	CU_ASSERT_EQUAL(reflector_protected_size(TEST_AUTHENTICATED), 16);
	CU_ASSERT_EQUAL(reflector_protected_size(TEST_ENCRYPTED), 96);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"sender, unauthenticated", sender_unauthenticated},
	        {"sender, unauthenticated, Symmetrical Size", sender_unauthenticated_symmetrical},
	        {"sender, unauthenticated, Symmetrical Size, monitoring",
	         sender_unauthenticated_symmetrical_monitoring},
	        {"sender, authenticated and encrypted", sender_secure},
	        {"reflector, unauthenticated", reflector_unauthenticated},
	        {"reflector, unauthenticated, monitoring", reflector_unauthenticated_monitoring},
	        {"reflector, authenticated and encrypted", reflector_secure},
	        {"sizes", sizes},
	        CU_TEST_INFO_NULL};
	return unit_run("wire-test-packet", tests);
}
