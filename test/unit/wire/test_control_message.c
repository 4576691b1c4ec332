/* SPDX-License-Identifier: BSD-3-Clause */
/* The expected octets are written out from the figures of the RFCs, a line a row or field of the figure. */
#include "wire/control_message.h"

#include <string.h>

#include "base/error.h"
#include "unit.h"

/** What a writer must leave alone: an HMAC field is filled with it before and compared after. */
#define UNTOUCHED 0xee
#define HMAC_UNTOUCHED                                                                             \
	UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED,    \
	        UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED,       \
	        UNTOUCHED

/** Fills with count, count + 1, ...: each octet tells where it came from. */
static void ascending(uint8_t *octets, size_t size, uint8_t first)
{
	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(first + i);
}

static void greeting(void)
{
	/* RFC 4656 section 3.1 */
	static const uint8_t expected[GREETING_SIZE] = {
	        0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0, /* Unused */
	        0x00, 0x00, 0x00, 0xff,                                     /* Modes */
	        0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,             /* Challenge */
	        0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,             /* */
	        0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,             /* Salt */
	        0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f,             /* */
	        0x00, 0x01, 0x00, 0x00,                                     /* Count */
	        0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0, /* MBZ */
	};
	struct server_greeting message = {.modes = 0xff, .count = 65536};
	struct server_greeting back;
	uint8_t octets[GREETING_SIZE];

	ascending(message.challenge, CHALLENGE_SIZE, 0x10);
	ascending(message.salt, SALT_SIZE, 0x20);
	memset(octets, UNTOUCHED, sizeof(octets));
	server_greeting_write(octets, &message);
	CU_ASSERT(memcmp(octets, expected, sizeof(expected)) == 0);
	server_greeting_read(expected, &back);
	CU_ASSERT(memcmp(&back, &message, sizeof(back)) == 0);
}

static void set_up(void)
{
	/* RFC 4656 section 3.1: Mode (4), KeyID (80), Token (64), Client-IV (16) */
	struct set_up_response message = {.mode = 0x84};
	struct set_up_response back;
	uint8_t expected[164] = {0x00, 0x00, 0x00, 0x84};
	uint8_t octets[SET_UP_RESPONSE_SIZE];

	ascending(expected + 4, 160, 1);
	ascending(message.key_id, 80, 1);
	ascending(message.token, 64, 81);
	ascending(message.client_iv, 16, 145);
	CU_ASSERT_EQUAL(sizeof(expected), SET_UP_RESPONSE_SIZE);
	set_up_response_write(octets, &message);
	CU_ASSERT(memcmp(octets, expected, sizeof(expected)) == 0);
	set_up_response_read(expected, &back);
	CU_ASSERT(memcmp(&back, &message, sizeof(back)) == 0);
}

static void server_starts(void)
{
	/* RFC 4656 section 3.1 */
	static const uint8_t expected[SERVER_START_SIZE] = {
	        0,    0,    0,    0,    0,    0,    0,    0,    /* MBZ (15) */
	        0,    0,    0,    0,    0,    0,    0,    5,    /* Accept */
	        0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, /* Server-IV */
	        0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, /* */
	        0xe1, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, /* Start-Time */
	        0,    0,    0,    0,    0,    0,    0,    0,    /* MBZ (8) */
	};
	struct server_start message = {.accept = 5, .start_time = 0xe102030405060708u};
	struct server_start back;
	uint8_t octets[SERVER_START_SIZE];

	ascending(message.server_iv, IV_SIZE, 0xa0);
	memset(octets, UNTOUCHED, sizeof(octets));
	server_start_write(octets, &message);
	CU_ASSERT(memcmp(octets, expected, sizeof(expected)) == 0);
	server_start_read(expected, &back);
	CU_ASSERT_EQUAL(back.accept, message.accept);
	CU_ASSERT_EQUAL(back.start_time, message.start_time);
	CU_ASSERT(memcmp(back.server_iv, message.server_iv, IV_SIZE) == 0);
}

/** RFC 5357 section 3.5 by the figure of RFC 4656 section 3.5; octets 88 to 91 by RFC 6038 section 4.2. */
/* clang-format off */
static const uint8_t request_ipv4[REQUEST_TW_SESSION_SIZE] = {
        0x05, 0x04, 0x00, 0x00,                            /* 5, MBZ and IPVN, Conf-Sender, Conf-Receiver */
        0x00, 0x00, 0x00, 0x00,                            /* Number of Schedule Slots */
        0x00, 0x00, 0x00, 0x00,                            /* Number of Packets */
        0x4e, 0x20, 0x4e, 0x21,                            /* Sender Port, Receiver Port */
        0xc0, 0x00, 0x02, 0x01,                            /* Sender Address */
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,    /* MBZ (12) */
        0x00, 0x00, 0x00, 0x00,                           
        0xc0, 0x00, 0x02, 0x02,                            /* Receiver Address */
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,    /* MBZ (12) */
        0x00, 0x00, 0x00, 0x00,                           
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,    /* SID */
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,   
        0x00, 0x00, 0x05, 0x78,                            /* Padding Length */
        0xe1, 0x02, 0x03, 0x04, 0x80, 0x00, 0x00, 0x00,    /* Start Time */
        0x00, 0x00, 0x00, 0x02, 0x40, 0x00, 0x00, 0x00,    /* Timeout */
        0x2e, 0x00, 0x00, 0x00,                            /* Type-P Descriptor: DSCP 46 */
        0xbe, 0xef, 0x00, 0x1b,                            /* Octets to be reflected, Length of padding to reflect */
        0x00, 0x00, 0x00, 0x00,                            /* MBZ (4) */
        HMAC_UNTOUCHED,
};

static const uint8_t request_ipv6[REQUEST_TW_SESSION_SIZE] = {
        0x05, 0x06, 0x01, 0x02,                            /* 5, MBZ and IPVN, Conf-Sender, Conf-Receiver */
        0x01, 0x02, 0x03, 0x04,                            /* Number of Schedule Slots */
        0x05, 0x06, 0x07, 0x08,                            /* Number of Packets */
        0xff, 0xfe, 0x03, 0x5e,                            /* Sender Port, Receiver Port */
        0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00,    /* Sender Address */
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,   
        0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00,    /* Receiver Address */
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,   
        0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,    /* SID */
        0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f,   
        0x00, 0x00, 0x00, 0x40,                            /* Padding Length */
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,    /* Start Time */
        0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00,    /* Timeout */
        0x00, 0x00, 0x00, 0x00,                            /* Type-P Descriptor */
        0x00, 0x00, 0x00, 0x00,                            /* Octets to be reflected, Length of padding to reflect */
        0x00, 0x00, 0x00, 0x00,                            /* MBZ (4) */
        HMAC_UNTOUCHED,
};
/* clang-format on */

static void request_over_ipv4(void)
{
	struct request_tw_session message = {
	        .ip_version = 4,
	        .padding_length = 1400,
	        .start_time = 0xe102030480000000u,
	        .timeout = 0x0000000240000000u,
	        .type_p = type_p_from_dscp(46),
	        .octets_to_reflect = 0xbeef,
	        .padding_to_reflect_length = 27,
	};
	struct request_tw_session back;
	uint8_t octets[REQUEST_TW_SESSION_SIZE];

	CU_ASSERT_EQUAL(address_parse("192.0.2.1", &message.sender.address), 0);
	CU_ASSERT_EQUAL(address_parse("192.0.2.2", &message.receiver.address), 0);
	message.sender.port = 20000;
	message.receiver.port = 20001;
	memset(octets, UNTOUCHED, sizeof(octets));
	request_tw_session_write(octets, &message);
	CU_ASSERT(memcmp(octets, request_ipv4, sizeof(octets)) == 0);

	CU_ASSERT_EQUAL(request_tw_session_read(request_ipv4, &back), 0);
	CU_ASSERT_EQUAL(back.ip_version, 4);
	CU_ASSERT(address_equal(&back.sender.address, &message.sender.address));
	CU_ASSERT(address_equal(&back.receiver.address, &message.receiver.address));
	CU_ASSERT_EQUAL(back.sender.port, 20000);
	CU_ASSERT_EQUAL(back.receiver.port, 20001);
	CU_ASSERT_EQUAL(back.padding_length, 1400);
	CU_ASSERT_EQUAL(back.start_time, message.start_time);
	CU_ASSERT_EQUAL(back.timeout, message.timeout);
	CU_ASSERT_EQUAL(back.type_p, message.type_p);
	CU_ASSERT_EQUAL(back.octets_to_reflect, 0xbeef);
	CU_ASSERT_EQUAL(back.padding_to_reflect_length, 27);
}

static void request_over_ipv6(void)
{
	struct request_tw_session message;
	uint8_t octets[REQUEST_TW_SESSION_SIZE];
	char text[ENDPOINT_TEXT_SIZE];

	CU_ASSERT_EQUAL(request_tw_session_read(request_ipv6, &message), 0);
	CU_ASSERT_EQUAL(message.ip_version, 6);
	CU_ASSERT_EQUAL(message.conf_sender, 1);
	CU_ASSERT_EQUAL(message.conf_receiver, 2);
	CU_ASSERT_EQUAL(message.schedule_slots, 0x01020304);
	CU_ASSERT_EQUAL(message.packets, 0x05060708);
	CU_ASSERT_STRING_EQUAL(endpoint_format(&message.sender, text), "[2001:db8::1]:65534");
	CU_ASSERT_STRING_EQUAL(endpoint_format(&message.receiver, text), "[2001:db8::2]:862");
	CU_ASSERT(memcmp(message.sid, request_ipv6 + 48, SID_SIZE) == 0);
	CU_ASSERT_EQUAL(message.padding_length, 64);
	CU_ASSERT_EQUAL(message.timeout, UINT64_C(10) << 32);
	memset(octets, UNTOUCHED, sizeof(octets));
	request_tw_session_write(octets, &message);
	CU_ASSERT(memcmp(octets, request_ipv6, sizeof(octets)) == 0);
}

static void request_ignores_mbz_and_refuses_other_versions(void)
{
	struct request_tw_session message;
	uint8_t octets[REQUEST_TW_SESSION_SIZE];

	memcpy(octets, request_ipv4, sizeof(octets));
	octets[1] = 0xf4;
	memset(octets + 20, 0xff, 12);
	memset(octets + 36, 0xff, 12);
	memset(octets + 92, 0xff, 4);
	CU_ASSERT_EQUAL(request_tw_session_read(octets, &message), 0);
	CU_ASSERT_EQUAL(message.ip_version, 4);
	for (unsigned i = 4; i < sizeof(message.sender.address.octets); i++) {
		CU_ASSERT_EQUAL(message.sender.address.octets[i], 0);
		CU_ASSERT_EQUAL(message.receiver.address.octets[i], 0);
	}
	for (uint8_t version = 0; version < 16; version++) {
		octets[1] = version;
		int expected = version == 4 || version == 6 ? 0 : ERROR_FORMAT;
		CU_ASSERT_EQUAL(request_tw_session_read(octets, &message), expected);
		CU_ASSERT_EQUAL(message.ip_version, version);
		CU_ASSERT_EQUAL(message.sender.address.family, expected == 0 ? version : 0);
		CU_ASSERT_EQUAL(message.receiver.address.family, expected == 0 ? version : 0);
		CU_ASSERT_EQUAL(message.receiver.port, 20001);
	}
}

static void accept_session(void)
{
	/* RFC 4656 section 3.5, octets 20 to 23 by RFC 6038 section 4.3 */
	static const uint8_t expected[ACCEPT_SESSION_SIZE] = {
	        3,
	        0,
	        0x4e,
	        0x22, /* Accept, MBZ, Port */
	        0x50,
	        0x51,
	        0x52,
	        0x53,
	        0x54,
	        0x55,
	        0x56,
	        0x57, /* SID */
	        0x58,
	        0x59,
	        0x5a,
	        0x5b,
	        0x5c,
	        0x5d,
	        0x5e,
	        0x5f, /* */
	        0xbe,
	        0xef,
	        0xca,
	        0xfe, /* Reflected octets, Server octets */
	        0,
	        0,
	        0,
	        0,
	        0,
	        0,
	        0,
	        0, /* MBZ (8) */
	        HMAC_UNTOUCHED};
	struct accept_session message = {.accept = ACCEPT_NOT_SUPPORTED,
	                                 .port = 20002,
	                                 .reflected_octets = 0xbeef,
	                                 .server_octets = 0xcafe};
	struct accept_session back;
	uint8_t octets[ACCEPT_SESSION_SIZE];

	ascending(message.sid, SID_SIZE, 0x50);
	memset(octets, UNTOUCHED, sizeof(octets));
	accept_session_write(octets, &message);
	CU_ASSERT(memcmp(octets, expected, sizeof(expected)) == 0);
	accept_session_read(expected, &back);
	CU_ASSERT_EQUAL(back.accept, 3);
	CU_ASSERT_EQUAL(back.port, 20002);
	CU_ASSERT(memcmp(back.sid, message.sid, SID_SIZE) == 0);
	CU_ASSERT_EQUAL(back.reflected_octets, 0xbeef);
	CU_ASSERT_EQUAL(back.server_octets, 0xcafe);
}

static void start_and_stop(void)
{
	/* RFC 4656 section 3.7, RFC 5357 section 3.8 */
	static const uint8_t start[START_SESSIONS_SIZE] = {
	        2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, HMAC_UNTOUCHED};
	static const uint8_t ack[START_ACK_SIZE] = {
	        4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, HMAC_UNTOUCHED};
	static const uint8_t stop[STOP_SESSIONS_SIZE] = {
	        3, 1, 0, 0, 0x00, 0x01, 0x02, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, HMAC_UNTOUCHED};
	struct stop_sessions message = {.accept = ACCEPT_FAILURE, .sessions = 0x00010203};
	struct stop_sessions back;
	uint8_t octets[START_SESSIONS_SIZE];

	memset(octets, UNTOUCHED, sizeof(octets));
	start_sessions_write(octets);
	CU_ASSERT(memcmp(octets, start, sizeof(start)) == 0);
	memset(octets, UNTOUCHED, sizeof(octets));
	start_ack_write(octets, ACCEPT_PERMANENT_LIMIT);
	CU_ASSERT(memcmp(octets, ack, sizeof(ack)) == 0);
	CU_ASSERT_EQUAL(start_ack_read(ack), ACCEPT_PERMANENT_LIMIT);
	memset(octets, UNTOUCHED, sizeof(octets));
	stop_sessions_write(octets, &message);
	CU_ASSERT(memcmp(octets, stop, sizeof(stop)) == 0);
	stop_sessions_read(stop, &back);
	CU_ASSERT_EQUAL(back.accept, ACCEPT_FAILURE);
	CU_ASSERT_EQUAL(back.sessions, 0x00010203);
}

static void session_lists(void)
{
	/* RFC 5938 sections 3.2 to 3.5; the commands have MBZ where the acknowledgements have Accept */
	static const uint8_t expected[4][SESSION_LIST_HEADER_SIZE] = {
	        {7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x01, 0x02},
	        {8, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x01, 0x02},
	        {9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x01, 0x02},
	        {10, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x00, 0x01, 0x02},
	};
	uint8_t octets[SESSION_LIST_HEADER_SIZE];

	for (uint8_t i = 0; i < 4; i++) {
		uint8_t command = (uint8_t)(COMMAND_START_N_SESSIONS + i);
		struct session_list message = {command, ACCEPT_TEMPORARY_LIMIT, 258};
		struct session_list back;
		memset(octets, UNTOUCHED, sizeof(octets));
		session_list_write(octets, &message);
		CU_ASSERT(memcmp(octets, expected[i], sizeof(octets)) == 0);
		session_list_read(octets, &back);
		CU_ASSERT_EQUAL(back.command, command);
		CU_ASSERT_EQUAL(back.accept, expected[i][1]);
		CU_ASSERT_EQUAL(back.sessions, 258);
	}
	/* An MBZ octet is ignored. */
	struct session_list start;
	memcpy(octets, expected[0], sizeof(octets));
	octets[1] = 5;
	session_list_read(octets, &start);
	CU_ASSERT_EQUAL(start.accept, ACCEPT_OK);
	CU_ASSERT_EQUAL(SESSION_LIST_SIZE(0), 32);
	CU_ASSERT_EQUAL(SESSION_LIST_SIZE(3), 80);
}

static void reserved_accept_values_read_as_failure(void)
{
	for (unsigned value = 0; value < 256; value++) {
		uint8_t expected = (uint8_t)(value <= 6 ? value : 1);
		uint8_t octets[SERVER_START_SIZE] = {0};
		struct server_start server_start;
		struct accept_session accept_session;
		struct stop_sessions stop_sessions;
		octets[0] = (uint8_t)value;
		octets[1] = (uint8_t)value;
		octets[15] = (uint8_t)value;
		server_start_read(octets, &server_start);
		accept_session_read(octets, &accept_session);
		stop_sessions_read(octets, &stop_sessions);
		CU_ASSERT_EQUAL(server_start.accept, expected);
		CU_ASSERT_EQUAL(accept_session.accept, expected);
		CU_ASSERT_EQUAL(stop_sessions.accept, expected);
		CU_ASSERT_EQUAL(start_ack_read(octets), expected);
		CU_ASSERT_PTR_NOT_NULL(accept_name((uint8_t)value));
	}
	CU_ASSERT_STRING_EQUAL(accept_name(0), "OK");
	CU_ASSERT_STRING_EQUAL(accept_name(1), "failure");
	CU_ASSERT_STRING_EQUAL(accept_name(6), "no IKE SA");
	CU_ASSERT_STRING_EQUAL(accept_name(7), "failure");
}

static void type_p_holds_a_dscp(void)
{
	uint8_t dscp;

	CU_ASSERT_EQUAL(type_p_from_dscp(0), 0);
	CU_ASSERT_EQUAL(type_p_from_dscp(46), 0x2e000000);
	for (uint8_t value = 0; value < 64; value++) {
		CU_ASSERT_EQUAL(type_p_to_dscp(type_p_from_dscp(value), &dscp), 0);
		CU_ASSERT_EQUAL(dscp, value);
	}
	CU_ASSERT_EQUAL(type_p_to_dscp(0x40000000, &dscp), ERROR_FORMAT); /* a PHB ID */
	CU_ASSERT_EQUAL(type_p_to_dscp(0x80000000, &dscp), ERROR_FORMAT);
}

static void modes_have_names(void)
{
	for (unsigned left = 0; left < 32; left++) {
		const char *name = mode_name(UINT32_C(1) << left);
		CU_ASSERT_EQUAL(name != NULL, (UINT32_C(1) << left & MODE_KNOWN_MASK) != 0);
		for (unsigned right = 0; right < left && name != NULL; right++)
			CU_ASSERT_STRING_NOT_EQUAL(name, mode_name(UINT32_C(1) << right));
	}
	CU_ASSERT_PTR_NULL(mode_name(0));
	CU_ASSERT_PTR_NULL(mode_name(3));
	CU_ASSERT_STRING_EQUAL(mode_name(MODE_MIXED), "mixed");
}

int main(void)
{
	CU_TestInfo tests[] = {{"Server greeting", greeting},
	                       {"Set-Up-Response", set_up},
	                       {"Server-Start", server_starts},
	                       {"Request-TW-Session over IPv4", request_over_ipv4},
	                       {"Request-TW-Session over IPv6", request_over_ipv6},
	                       {"Request-TW-Session: MBZ and IPVN",
	                        request_ignores_mbz_and_refuses_other_versions},
	                       {"Accept-Session", accept_session},
	                       {"Start-Sessions, Start-Ack, Stop-Sessions", start_and_stop},
	                       {"Start-N, Stop-N and their acknowledgements", session_lists},
	                       {"reserved Accept values", reserved_accept_values_read_as_failure},
	                       {"Type-P Descriptor", type_p_holds_a_dscp},
	                       {"mode names", modes_have_names},
	                       CU_TEST_INFO_NULL};
	return unit_run("wire-control-message", tests);
}
