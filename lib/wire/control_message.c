/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/control_message.h"

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"

/* Offsets from the first octet of each message, as the figures of the RFCs draw them. */

/** RFC 4656 section 3.1: Server greeting. */
enum greeting_offset {
	GREETING_UNUSED = 0,
	GREETING_MODES = 12,
	GREETING_CHALLENGE = 16,
	GREETING_SALT = 32,
	GREETING_COUNT = 48,
	GREETING_MBZ = 52,
	GREETING_END = 64,
};
static_assert(GREETING_END == GREETING_SIZE && GREETING_SIZE % CONTROL_BLOCK == 0, "greeting");
static_assert(GREETING_CHALLENGE + CHALLENGE_SIZE == GREETING_SALT, "greeting challenge");
static_assert(GREETING_SALT + SALT_SIZE == GREETING_COUNT, "greeting salt");

/** RFC 4656 section 3.1: Set-Up-Response. */
enum set_up_response_offset {
	SET_UP_MODE = 0,
	SET_UP_KEY_ID = 4,
	SET_UP_TOKEN = 84,
	SET_UP_CLIENT_IV = 148,
	SET_UP_END = 164,
};
static_assert(SET_UP_END == SET_UP_RESPONSE_SIZE, "Set-Up-Response");
static_assert(SET_UP_KEY_ID + KEY_ID_SIZE == SET_UP_TOKEN, "Set-Up-Response KeyID");
static_assert(SET_UP_TOKEN + TOKEN_SIZE == SET_UP_CLIENT_IV, "Set-Up-Response Token");
static_assert(SET_UP_CLIENT_IV + IV_SIZE == SET_UP_END, "Set-Up-Response Client-IV");

/** RFC 4656 section 3.1: Server-Start. */
enum server_start_offset {
	SERVER_START_MBZ_1 = 0,
	SERVER_START_ACCEPT = 15,
	SERVER_START_SERVER_IV = 16,
	SERVER_START_START_TIME = 32,
	SERVER_START_MBZ_2 = 40,
	SERVER_START_END = 48,
};
static_assert(SERVER_START_END == SERVER_START_SIZE && SERVER_START_SIZE % CONTROL_BLOCK == 0,
              "Server-Start");
static_assert(SERVER_START_SERVER_IV + IV_SIZE == SERVER_START_CLEAR_SIZE, "Server-Start IV");
static_assert(SERVER_START_START_TIME == SERVER_START_CLEAR_SIZE, "Server-Start Start-Time");

/** The first octet of every command. */
enum { COMMAND_NUMBER = 0 };

/** RFC 4656 section 3.5 and RFC 5357 section 3.5, the last fields by RFC 6038 section 4.2: Request-TW-Session. */
enum request_offset {
	REQUEST_IPVN = 1, /* in the last four bits; the first four MBZ */
	REQUEST_CONF_SENDER = 2,
	REQUEST_CONF_RECEIVER = 3,
	REQUEST_SCHEDULE_SLOTS = 4,
	REQUEST_PACKETS = 8,
	REQUEST_SENDER_PORT = 12,
	REQUEST_RECEIVER_PORT = 14,
	REQUEST_SENDER_ADDRESS = 16,
	REQUEST_RECEIVER_ADDRESS = 32,
	REQUEST_SID = 48,
	REQUEST_PADDING_LENGTH = 64,
	REQUEST_START_TIME = 68,
	REQUEST_TIMEOUT = 76,
	REQUEST_TYPE_P = 84,
	REQUEST_OCTETS_TO_REFLECT = 88,
	REQUEST_PADDING_TO_REFLECT_LENGTH = 90,
	REQUEST_MBZ = 92,
	REQUEST_HMAC = 96,
	REQUEST_END = 112,
};
#define IPVN_MASK    0x0fu
#define IPV4_SIZE    4u
#define ADDRESS_SIZE 16u /**< an IPv4 address takes the first four octets of it, the rest is MBZ */
static_assert(REQUEST_END == REQUEST_TW_SESSION_SIZE && REQUEST_END % CONTROL_BLOCK == 0,
              "Request-TW-Session");
static_assert(REQUEST_SENDER_ADDRESS + ADDRESS_SIZE == REQUEST_RECEIVER_ADDRESS, "request sender");
static_assert(REQUEST_RECEIVER_ADDRESS + ADDRESS_SIZE == REQUEST_SID, "request receiver");
static_assert(REQUEST_SID + SID_SIZE == REQUEST_PADDING_LENGTH, "request SID");
static_assert(REQUEST_HMAC + CONTROL_HMAC_SIZE == REQUEST_END, "request HMAC");

/** RFC 4656 section 3.5 and RFC 6038 section 4.3: Accept-Session. */
enum accept_session_offset {
	ACCEPT_SESSION_ACCEPT = 0,
	ACCEPT_SESSION_MBZ_1 = 1,
	ACCEPT_SESSION_PORT = 2,
	ACCEPT_SESSION_SID = 4,
	ACCEPT_SESSION_REFLECTED_OCTETS = 20,
	ACCEPT_SESSION_SERVER_OCTETS = 22,
	ACCEPT_SESSION_MBZ_2 = 24,
	ACCEPT_SESSION_HMAC = 32,
	ACCEPT_SESSION_END = 48,
};
static_assert(ACCEPT_SESSION_END == ACCEPT_SESSION_SIZE && ACCEPT_SESSION_END % CONTROL_BLOCK == 0,
              "Accept-Session");
static_assert(ACCEPT_SESSION_SID + SID_SIZE == ACCEPT_SESSION_REFLECTED_OCTETS,
              "Accept-Session SID");
static_assert(ACCEPT_SESSION_HMAC + CONTROL_HMAC_SIZE == ACCEPT_SESSION_END, "Accept-Session HMAC");

/** RFC 4656 section 3.7: Start-Sessions and Start-Ack. */
enum start_offset {
	START_ACK_ACCEPT = 0,
	START_MBZ = 1, /* of both */
	START_HMAC = 16,
};
static_assert(START_HMAC + CONTROL_HMAC_SIZE == START_SESSIONS_SIZE, "Start-Sessions");
static_assert(START_HMAC + CONTROL_HMAC_SIZE == START_ACK_SIZE, "Start-Ack");

/** RFC 5357 section 3.8: Stop-Sessions. */
enum stop_offset {
	STOP_ACCEPT = 1,
	STOP_MBZ_1 = 2,
	STOP_SESSIONS = 4,
	STOP_MBZ_2 = 8,
	STOP_HMAC = 16,
};
static_assert(STOP_HMAC + CONTROL_HMAC_SIZE == STOP_SESSIONS_SIZE, "Stop-Sessions");

/** RFC 5938 sections 3.2 to 3.5: the first block of the four session lists. */
enum session_list_offset {
	SESSION_LIST_ACCEPT = 1, /* MBZ in the two commands */
	SESSION_LIST_SESSIONS = 12,
	SESSION_LIST_END = 16,
};
static_assert(SESSION_LIST_END == SESSION_LIST_HEADER_SIZE, "session list");

/** RFC 4656 section 3.5: the two first bits 00 say that a DSCP follows in the next six. */
#define TYPE_P_KIND_SHIFT 30
#define TYPE_P_DSCP_SHIFT 24
#define DSCP_MASK         0x3fu

/** RFC 4656 section 3.3: the receiver MUST interpret every reserved value as 1. */
static uint8_t accept_read(uint8_t accept)
{
	return accept <= ACCEPT_NO_IKE_SA ? accept : ACCEPT_FAILURE;
}

void server_greeting_write(uint8_t octets[GREETING_SIZE], const struct server_greeting *message)
{
	memset(octets, 0, GREETING_SIZE);
	store_be32(octets + GREETING_MODES, message->modes);
	memcpy(octets + GREETING_CHALLENGE, message->challenge, CHALLENGE_SIZE);
	memcpy(octets + GREETING_SALT, message->salt, SALT_SIZE);
	store_be32(octets + GREETING_COUNT, message->count);
}

void server_greeting_read(const uint8_t octets[GREETING_SIZE], struct server_greeting *message)
{
	message->modes = load_be32(octets + GREETING_MODES);
	memcpy(message->challenge, octets + GREETING_CHALLENGE, CHALLENGE_SIZE);
	memcpy(message->salt, octets + GREETING_SALT, SALT_SIZE);
	message->count = load_be32(octets + GREETING_COUNT);
}

void set_up_response_write(uint8_t octets[SET_UP_RESPONSE_SIZE],
                           const struct set_up_response *message)
{
	store_be32(octets + SET_UP_MODE, message->mode);
	memcpy(octets + SET_UP_KEY_ID, message->key_id, KEY_ID_SIZE);
	memcpy(octets + SET_UP_TOKEN, message->token, TOKEN_SIZE);
	memcpy(octets + SET_UP_CLIENT_IV, message->client_iv, IV_SIZE);
}

void set_up_response_read(const uint8_t octets[SET_UP_RESPONSE_SIZE],
                          struct set_up_response *message)
{
	message->mode = load_be32(octets + SET_UP_MODE);
	memcpy(message->key_id, octets + SET_UP_KEY_ID, KEY_ID_SIZE);
	memcpy(message->token, octets + SET_UP_TOKEN, TOKEN_SIZE);
	memcpy(message->client_iv, octets + SET_UP_CLIENT_IV, IV_SIZE);
}

void server_start_write(uint8_t octets[SERVER_START_SIZE], const struct server_start *message)
{
	memset(octets, 0, SERVER_START_SIZE);
	octets[SERVER_START_ACCEPT] = message->accept;
	memcpy(octets + SERVER_START_SERVER_IV, message->server_iv, IV_SIZE);
	store_be64(octets + SERVER_START_START_TIME, message->start_time);
}

void server_start_read(const uint8_t octets[SERVER_START_SIZE], struct server_start *message)
{
	message->accept = accept_read(octets[SERVER_START_ACCEPT]);
	memcpy(message->server_iv, octets + SERVER_START_SERVER_IV, IV_SIZE);
	message->start_time = load_be64(octets + SERVER_START_START_TIME);
}

void request_tw_session_write(uint8_t octets[REQUEST_TW_SESSION_SIZE],
                              const struct request_tw_session *message)
{
	size_t address_size = message->ip_version == 4 ? IPV4_SIZE : ADDRESS_SIZE;

	memset(octets, 0, REQUEST_HMAC);
	octets[COMMAND_NUMBER] = COMMAND_REQUEST_TW_SESSION;
	octets[REQUEST_IPVN] = message->ip_version & IPVN_MASK;
	octets[REQUEST_CONF_SENDER] = message->conf_sender;
	octets[REQUEST_CONF_RECEIVER] = message->conf_receiver;
	store_be32(octets + REQUEST_SCHEDULE_SLOTS, message->schedule_slots);
	store_be32(octets + REQUEST_PACKETS, message->packets);
	store_be16(octets + REQUEST_SENDER_PORT, message->sender.port);
	store_be16(octets + REQUEST_RECEIVER_PORT, message->receiver.port);
	memcpy(octets + REQUEST_SENDER_ADDRESS, message->sender.address.octets, address_size);
	memcpy(octets + REQUEST_RECEIVER_ADDRESS, message->receiver.address.octets, address_size);
	memcpy(octets + REQUEST_SID, message->sid, SID_SIZE);
	store_be32(octets + REQUEST_PADDING_LENGTH, message->padding_length);
	store_be64(octets + REQUEST_START_TIME, message->start_time);
	store_be64(octets + REQUEST_TIMEOUT, message->timeout);
	store_be32(octets + REQUEST_TYPE_P, message->type_p);
	store_be16(octets + REQUEST_OCTETS_TO_REFLECT, message->octets_to_reflect);
	store_be16(octets + REQUEST_PADDING_TO_REFLECT_LENGTH, message->padding_to_reflect_length);
}

int request_tw_session_read(const uint8_t octets[REQUEST_TW_SESSION_SIZE],
                            struct request_tw_session *message)
{
	memset(message, 0, sizeof(*message));
	message->ip_version = octets[REQUEST_IPVN] & IPVN_MASK;
	message->conf_sender = octets[REQUEST_CONF_SENDER];
	message->conf_receiver = octets[REQUEST_CONF_RECEIVER];
	message->schedule_slots = load_be32(octets + REQUEST_SCHEDULE_SLOTS);
	message->packets = load_be32(octets + REQUEST_PACKETS);
	message->sender.port = load_be16(octets + REQUEST_SENDER_PORT);
	message->receiver.port = load_be16(octets + REQUEST_RECEIVER_PORT);
	memcpy(message->sid, octets + REQUEST_SID, SID_SIZE);
	message->padding_length = load_be32(octets + REQUEST_PADDING_LENGTH);
	message->start_time = load_be64(octets + REQUEST_START_TIME);
	message->timeout = load_be64(octets + REQUEST_TIMEOUT);
	message->type_p = load_be32(octets + REQUEST_TYPE_P);
	message->octets_to_reflect = load_be16(octets + REQUEST_OCTETS_TO_REFLECT);
	message->padding_to_reflect_length = load_be16(octets + REQUEST_PADDING_TO_REFLECT_LENGTH);
	if (message->ip_version != 4 && message->ip_version != 6)
		return ERROR_FORMAT;
	message->sender.address =
	        address_make(message->ip_version, octets + REQUEST_SENDER_ADDRESS);
	message->receiver.address =
	        address_make(message->ip_version, octets + REQUEST_RECEIVER_ADDRESS);
	return 0;
}

void accept_session_write(uint8_t octets[ACCEPT_SESSION_SIZE], const struct accept_session *message)
{
	memset(octets, 0, ACCEPT_SESSION_HMAC);
	octets[ACCEPT_SESSION_ACCEPT] = message->accept;
	store_be16(octets + ACCEPT_SESSION_PORT, message->port);
	memcpy(octets + ACCEPT_SESSION_SID, message->sid, SID_SIZE);
	store_be16(octets + ACCEPT_SESSION_REFLECTED_OCTETS, message->reflected_octets);
	store_be16(octets + ACCEPT_SESSION_SERVER_OCTETS, message->server_octets);
}

void accept_session_read(const uint8_t octets[ACCEPT_SESSION_SIZE], struct accept_session *message)
{
	message->accept = accept_read(octets[ACCEPT_SESSION_ACCEPT]);
	message->port = load_be16(octets + ACCEPT_SESSION_PORT);
	memcpy(message->sid, octets + ACCEPT_SESSION_SID, SID_SIZE);
	message->reflected_octets = load_be16(octets + ACCEPT_SESSION_REFLECTED_OCTETS);
	message->server_octets = load_be16(octets + ACCEPT_SESSION_SERVER_OCTETS);
}

void start_sessions_write(uint8_t octets[START_SESSIONS_SIZE])
{
	memset(octets, 0, START_HMAC);
	octets[COMMAND_NUMBER] = COMMAND_START_SESSIONS;
}

void start_ack_write(uint8_t octets[START_ACK_SIZE], uint8_t accept)
{
	memset(octets, 0, START_HMAC);
	octets[START_ACK_ACCEPT] = accept;
}

uint8_t start_ack_read(const uint8_t octets[START_ACK_SIZE])
{
	return accept_read(octets[START_ACK_ACCEPT]);
}

void stop_sessions_write(uint8_t octets[STOP_SESSIONS_SIZE], const struct stop_sessions *message)
{
	memset(octets, 0, STOP_HMAC);
	octets[COMMAND_NUMBER] = COMMAND_STOP_SESSIONS;
	octets[STOP_ACCEPT] = message->accept;
	store_be32(octets + STOP_SESSIONS, message->sessions);
}

void stop_sessions_read(const uint8_t octets[STOP_SESSIONS_SIZE], struct stop_sessions *message)
{
	message->accept = accept_read(octets[STOP_ACCEPT]);
	message->sessions = load_be32(octets + STOP_SESSIONS);
}

static bool is_acknowledgement(uint8_t command)
{
	return command == COMMAND_START_N_ACK || command == COMMAND_STOP_N_ACK;
}

void session_list_write(uint8_t octets[SESSION_LIST_HEADER_SIZE],
                        const struct session_list *message)
{
	memset(octets, 0, SESSION_LIST_HEADER_SIZE);
	octets[COMMAND_NUMBER] = message->command;
	if (is_acknowledgement(message->command))
		octets[SESSION_LIST_ACCEPT] = message->accept;
	store_be32(octets + SESSION_LIST_SESSIONS, message->sessions);
}

void session_list_read(const uint8_t octets[SESSION_LIST_HEADER_SIZE], struct session_list *message)
{
	message->command = octets[COMMAND_NUMBER];
	message->accept = ACCEPT_OK;
	if (is_acknowledgement(message->command))
		message->accept = accept_read(octets[SESSION_LIST_ACCEPT]);
	message->sessions = load_be32(octets + SESSION_LIST_SESSIONS);
}

uint32_t type_p_from_dscp(uint8_t dscp)
{
	return (dscp & DSCP_MASK) << TYPE_P_DSCP_SHIFT;
}

int type_p_to_dscp(uint32_t type_p, uint8_t *dscp)
{
	if (type_p >> TYPE_P_KIND_SHIFT != 0)
		return ERROR_FORMAT;
	*dscp = (uint8_t)(type_p >> TYPE_P_DSCP_SHIFT & DSCP_MASK);
	return 0;
}

const char *mode_name(uint32_t mode_bit)
{
	switch (mode_bit) {
	case MODE_UNAUTHENTICATED:
		return "unauthenticated";
	case MODE_AUTHENTICATED:
		return "authenticated";
	case MODE_ENCRYPTED:
		return "encrypted";
	case MODE_MIXED:
		return "mixed";
	case MODE_INDIVIDUAL_SESSION_CONTROL:
		return "individual-session-control";
	case MODE_REFLECT_OCTETS:
		return "reflect-octets";
	case MODE_SYMMETRICAL_SIZE:
		return "symmetrical-size";
	case MODE_DSCP_ECN_MONITORING:
		return "dscp-ecn-monitoring";
	case MODE_PTP_TIMESTAMPS:
		return "ptp-timestamps";
	case MODE_IKEV2_DERIVED:
		return "ikev2-derived";
	default:
		return NULL;
	}
}

const char *accept_name(uint8_t accept)
{
	switch (accept) {
	case ACCEPT_OK:
		return "OK";
	case ACCEPT_INTERNAL_ERROR:
		return "internal error";
	case ACCEPT_NOT_SUPPORTED:
		return "not supported";
	case ACCEPT_PERMANENT_LIMIT:
		return "permanent resource limitation";
	case ACCEPT_TEMPORARY_LIMIT:
		return "temporary resource limitation";
	case ACCEPT_NO_IKE_SA:
		return "no IKE SA";
	default:
		return "failure";
	}
}
