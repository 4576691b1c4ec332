/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * TWAMP-Control messages: octets to structs and back. RFC 4656 section 3, RFC 5357 section 3, RFC 5938 section 3, RFC 6038
 * section 4. Plaintext only: encryption and HMAC are crypto/control_stream.h's; the HMAC field of a message (its last 16 octets)
 * is left alone by the writers here. Integers in structs are in host order. No function keeps a pointer.
 */
#ifndef SPECULAR_WIRE_CONTROL_MESSAGE_H
#define SPECULAR_WIRE_CONTROL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

#define CONTROL_BLOCK     16u
#define CONTROL_HMAC_SIZE 16u
#define SID_SIZE          16u
#define KEY_ID_SIZE       80u
#define TOKEN_SIZE        64u
#define CHALLENGE_SIZE    16u
#define SALT_SIZE         16u
#define IV_SIZE           16u

#define TWAMP_CONTROL_PORT 862u

#define GREETING_SIZE        64u
#define SET_UP_RESPONSE_SIZE 164u
#define SERVER_START_SIZE    48u
/** The first octets of Server-Start go in clear, the rest (Start-Time, MBZ) is encrypted in keyed modes. */
#define SERVER_START_CLEAR_SIZE 32u
#define REQUEST_TW_SESSION_SIZE 112u
#define ACCEPT_SESSION_SIZE     48u
#define START_SESSIONS_SIZE     32u
#define START_ACK_SIZE          32u
#define STOP_SESSIONS_SIZE      32u
/** Start-N-Sessions, Start-N-Ack, Stop-N-Sessions, Stop-N-Ack: header block, SIDs, HMAC. */
#define SESSION_LIST_HEADER_SIZE 16u
#define SESSION_LIST_SIZE(number)                                                                  \
	(SESSION_LIST_HEADER_SIZE + (size_t)(number)*SID_SIZE + CONTROL_HMAC_SIZE)

/** Modes field: TWAMP-Modes registry (RFC 7717 section 7, RFC 7750 section 3, RFC 8186 section 3). */
enum twamp_mode {
	MODE_UNAUTHENTICATED = 1,
	MODE_AUTHENTICATED = 2,
	MODE_ENCRYPTED = 4,
	MODE_MIXED = 8, /**< RFC 5618: unauthenticated test, encrypted control */
	MODE_INDIVIDUAL_SESSION_CONTROL = 16, /**< RFC 5938 */
	MODE_REFLECT_OCTETS = 32,             /**< RFC 6038 */
	MODE_SYMMETRICAL_SIZE = 64,           /**< RFC 6038 */
	MODE_IKEV2_DERIVED = 128,             /**< RFC 7717; together with 2, 4 or 8 */
	MODE_DSCP_ECN_MONITORING = 256,       /**< RFC 7750 */
	MODE_PTP_TIMESTAMPS = 512,            /**< RFC 8186: the Session-Reflector's are PTPv2's */
};
#define MODE_SECURITY_MASK 0x0fu /**< exactly one of these is chosen */
#define MODE_KEYED_MASK    (MODE_AUTHENTICATED | MODE_ENCRYPTED | MODE_MIXED)
#define MODE_KNOWN_MASK    0x3ffu

/** Accept field: RFC 4656 section 3.3; 6 is RFC 7717 section 5.3. Other values are read as ACCEPT_FAILURE. */
enum accept {
	ACCEPT_OK = 0,
	ACCEPT_FAILURE = 1,
	ACCEPT_INTERNAL_ERROR = 2,
	ACCEPT_NOT_SUPPORTED = 3,
	ACCEPT_PERMANENT_LIMIT = 4,
	ACCEPT_TEMPORARY_LIMIT = 5,
	ACCEPT_NO_IKE_SA = 6,
};

/** Command Numbers: RFC 5938 section 6.4. */
enum command {
	COMMAND_FORBIDDEN_REQUEST_SESSION = 1, /**< OWAMP's Request-Session */
	COMMAND_START_SESSIONS = 2,
	COMMAND_STOP_SESSIONS = 3,
	COMMAND_FETCH_SESSION = 4, /**< reserved in TWAMP */
	COMMAND_REQUEST_TW_SESSION = 5,
	COMMAND_EXPERIMENTATION = 6,
	COMMAND_START_N_SESSIONS = 7,
	COMMAND_START_N_ACK = 8,
	COMMAND_STOP_N_SESSIONS = 9,
	COMMAND_STOP_N_ACK = 10,
};

struct server_greeting {
	uint32_t modes;
	uint8_t challenge[CHALLENGE_SIZE];
	uint8_t salt[SALT_SIZE];
	uint32_t count; /**< PBKDF2 iterations */
};

struct set_up_response {
	uint32_t mode;
	uint8_t key_id[KEY_ID_SIZE];
	uint8_t token[TOKEN_SIZE];
	uint8_t client_iv[IV_SIZE];
};

struct server_start {
	uint8_t accept;
	uint8_t server_iv[IV_SIZE];
	uint64_t start_time; /**< NTP 32.32 */
};

struct request_tw_session {
	uint8_t ip_version; /**< IPVN: 4 or 6 */
	uint8_t conf_sender;
	uint8_t conf_receiver;
	uint32_t schedule_slots;
	uint32_t packets;
	/** Addresses have family ip_version; all-zero octets mean the connection's own (RFC 5357 section 3.5). */
	struct endpoint sender;
	struct endpoint receiver;
	uint8_t sid[SID_SIZE];
	uint32_t padding_length;
	uint64_t start_time;                /**< NTP 32.32 */
	uint64_t timeout;                   /**< 32.32 seconds */
	uint32_t type_p;                    /**< Type-P Descriptor */
	uint16_t octets_to_reflect;         /**< RFC 6038 section 4.2 */
	uint16_t padding_to_reflect_length; /**< RFC 6038 section 4.2 */
};

struct accept_session {
	uint8_t accept;
	uint16_t port;
	uint8_t sid[SID_SIZE];
	uint16_t reflected_octets; /**< RFC 6038 section 4.3 */
	uint16_t server_octets;
};

struct stop_sessions {
	uint8_t accept;
	uint32_t sessions;
};

/** Header of Start-N-Sessions (7), Start-N-Ack (8), Stop-N-Sessions (9), Stop-N-Ack (10). */
struct session_list {
	uint8_t command;
	uint8_t accept; /**< acknowledgements only */
	uint32_t sessions;
};

void server_greeting_write(uint8_t octets[GREETING_SIZE], const struct server_greeting *message);
void server_greeting_read(const uint8_t octets[GREETING_SIZE], struct server_greeting *message);

void set_up_response_write(uint8_t octets[SET_UP_RESPONSE_SIZE],
                           const struct set_up_response *message);
void set_up_response_read(const uint8_t octets[SET_UP_RESPONSE_SIZE],
                          struct set_up_response *message);

void server_start_write(uint8_t octets[SERVER_START_SIZE], const struct server_start *message);
void server_start_read(const uint8_t octets[SERVER_START_SIZE], struct server_start *message);

/** The HMAC field is left alone. */
void request_tw_session_write(uint8_t octets[REQUEST_TW_SESSION_SIZE],
                              const struct request_tw_session *message);
/** ERROR_FORMAT when IPVN is neither 4 nor 6 (the rest of the struct is filled as far as possible, addresses family 0). */
int request_tw_session_read(const uint8_t octets[REQUEST_TW_SESSION_SIZE],
                            struct request_tw_session *message);

void accept_session_write(uint8_t octets[ACCEPT_SESSION_SIZE],
                          const struct accept_session *message);
void accept_session_read(const uint8_t octets[ACCEPT_SESSION_SIZE], struct accept_session *message);

void start_sessions_write(uint8_t octets[START_SESSIONS_SIZE]);
void start_ack_write(uint8_t octets[START_ACK_SIZE], uint8_t accept);
uint8_t start_ack_read(const uint8_t octets[START_ACK_SIZE]);

void stop_sessions_write(uint8_t octets[STOP_SESSIONS_SIZE], const struct stop_sessions *message);
void stop_sessions_read(const uint8_t octets[STOP_SESSIONS_SIZE], struct stop_sessions *message);

/** Only the first block; SIDs follow it as they are. */
void session_list_write(uint8_t octets[SESSION_LIST_HEADER_SIZE],
                        const struct session_list *message);
void session_list_read(const uint8_t octets[SESSION_LIST_HEADER_SIZE],
                       struct session_list *message);

/** The Type-P Descriptor that asks for a DSCP, and its inverse: ERROR_FORMAT when it is no DSCP (first two bits not 00). */
uint32_t type_p_from_dscp(uint8_t dscp);
int type_p_to_dscp(uint32_t type_p, uint8_t *dscp);

/** "unauthenticated", ..., NULL for an unknown single bit; the names of doc/configuration.md. */
const char *mode_name(uint32_t mode_bit);

/** "OK", "failure", ...; values out of the registry read as "failure" (RFC 4656 section 3.3). */
const char *accept_name(uint8_t accept);

#endif
