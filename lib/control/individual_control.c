/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/individual_control.h"

#include <stdlib.h>
#include <string.h>

#include "control/connection.h"

/** Does what the command asks to one session; false when its state does not allow it. */
typedef bool (*session_action)(struct test_session *test);

static bool start(struct test_session *test)
{
	if (test->state != TEST_SESSION_ACCEPTED)
		return false;
	test_session_start(test);
	return true;
}

static bool stop(struct test_session *test)
{
	if (test->state == TEST_SESSION_STARTED) {
		test_session_stop(test);
	} else {
		server_count(test->server, CONTROL_SESSIONS_STOPPED);
		test_session_end(test, CONTROL_END_STOPPED);
	}
	return true;
}

/** Sends an acknowledgement whose SIDs are in place; Number of Sessions MUST be one or greater. */
static bool acknowledge(struct connection *connection, uint8_t *octets, uint8_t command,
                        enum accept accept, uint32_t sessions)
{
	const struct session_list header = {
	        .command = command, .accept = (uint8_t)accept, .sessions = sessions};

	if (sessions == 0)
		return true;
	session_list_write(octets, &header);
	return connection_send(connection, octets, SESSION_LIST_SIZE(sessions));
}

/** Applies the action to each SID, then answers those it was done to and the others. */
static bool for_each_sid(struct connection *connection, const uint8_t *octets,
                         session_action action, uint8_t answer)
{
	struct session_list command;
	uint8_t *done;
	uint8_t *failed;
	uint32_t done_count = 0;
	uint32_t failed_count = 0;
	bool sent;

	session_list_read(octets, &command);
	done = calloc(2, SESSION_LIST_SIZE(command.sessions));
	if (done == NULL)
		return false;
	failed = done + SESSION_LIST_SIZE(command.sessions);
	for (uint32_t i = 0; i < command.sessions; i++) {
		const uint8_t *sid = octets + SESSION_LIST_HEADER_SIZE + (size_t)i * SID_SIZE;
		struct test_session *test = test_session_find(connection, sid);
		bool is_done = test != NULL && action(test);
		size_t slot = SESSION_LIST_HEADER_SIZE +
		              (size_t)(is_done ? done_count++ : failed_count++) * SID_SIZE;

		memcpy((is_done ? done : failed) + slot, sid, SID_SIZE);
	}
	sent = acknowledge(connection, done, answer, ACCEPT_OK, done_count) &&
	       acknowledge(connection, failed, answer, ACCEPT_FAILURE, failed_count);
	free(done);
	return sent;
}

bool start_n_sessions(struct connection *connection, const uint8_t *octets)
{
	return for_each_sid(connection, octets, start, COMMAND_START_N_ACK);
}

bool stop_n_sessions(struct connection *connection, const uint8_t *octets)
{
	return for_each_sid(connection, octets, stop, COMMAND_STOP_N_ACK);
}
