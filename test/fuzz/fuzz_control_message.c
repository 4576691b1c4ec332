/* SPDX-License-Identifier: BSD-3-Clause */
/* Octets as every kind of control message: what was read and written once reads and writes the same again. */
#include <stdlib.h>
#include <string.h>

#include "wire/control_message.h"

/** Room for the longest message; what the input is short of is zero. */
#define OCTETS_SIZE SET_UP_RESPONSE_SIZE

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Reads octets, writes the result, reads and writes that again: both writings must agree. */
#define CHECK(type, size)                                                                          \
	do {                                                                                       \
		struct type message;                                                               \
		uint8_t once[size] = {0};                                                          \
		uint8_t twice[size] = {0};                                                         \
		(void)type##_read(octets, &message);                                               \
		type##_write(once, &message);                                                      \
		(void)type##_read(once, &message);                                                 \
		type##_write(twice, &message);                                                     \
		if (memcmp(once, twice, sizeof(once)) != 0)                                        \
			abort();                                                                   \
	} while (0)

static void check_start_ack(const uint8_t *octets)
{
	uint8_t written[START_ACK_SIZE] = {0};
	uint8_t accept = start_ack_read(octets);

	start_ack_write(written, accept);
	if (start_ack_read(written) != accept || accept_name(accept) == NULL)
		abort();
}

static void check_type_p(const uint8_t *octets)
{
	struct request_tw_session message;
	uint8_t dscp;

	if (request_tw_session_read(octets, &message) == 0 &&
	    message.sender.address.family != message.ip_version)
		abort();
	if (type_p_to_dscp(message.type_p, &dscp) == 0 &&
	    type_p_from_dscp(dscp) >> 24 != message.type_p >> 24)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t octets[OCTETS_SIZE] = {0};

	memcpy(octets, data, size < sizeof(octets) ? size : sizeof(octets));
	CHECK(server_greeting, GREETING_SIZE);
	CHECK(set_up_response, SET_UP_RESPONSE_SIZE);
	CHECK(server_start, SERVER_START_SIZE);
	CHECK(request_tw_session, REQUEST_TW_SESSION_SIZE);
	CHECK(accept_session, ACCEPT_SESSION_SIZE);
	CHECK(stop_sessions, STOP_SESSIONS_SIZE);
	CHECK(session_list, SESSION_LIST_HEADER_SIZE);
	check_start_ack(octets);
	check_type_p(octets);
	return 0;
}
