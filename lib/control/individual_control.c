/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/individual_control.h"

#include <stdlib.h>
#include <string.h>

#include "control/connection.h"

/** Does what the command asks to one session; false when its state does not allow it. */
typedef bool (*session_action)(struct test_session *test);

/** A command's list, and the two of its answers. */
struct sid_list {
	session_action action;
	uint8_t answer;
	uint32_t count;
	uint32_t at; /**< so many have been looked at */
	uint32_t done_count;
	uint32_t failed_count;
	uint8_t *done;   /**< messages, each with room for all */
	uint8_t *failed; /**< behind it */
};

void sid_list_free(struct sid_list *list)
{
	if (list != NULL)
		free(list->done);
	free(list);
}

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
		test_session_stop(test, test->connection->command_tsc);
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

/** The action to some of the SIDs; when it was applied to each, answers those it was done to and the others. */
static enum step_outcome do_some(struct connection *connection, unsigned *left)
{
	struct sid_list *list = connection->sids;

	for (; list->at < list->count; list->at++) {
		const uint8_t *sid = connection->message + SESSION_LIST_HEADER_SIZE +
		                     (size_t)list->at * SID_SIZE;

		if (*left == 0)
			return STEP_MORE;
		--*left;
		struct test_session *test = test_session_find(connection, sid);
		bool is_done = test != NULL && list->action(test);
		size_t slot =
		        SESSION_LIST_HEADER_SIZE +
		        (size_t)(is_done ? list->done_count++ : list->failed_count++) * SID_SIZE;

		memcpy((is_done ? list->done : list->failed) + slot, sid, SID_SIZE);
	}
	bool sent =
	        acknowledge(connection, list->done, list->answer, ACCEPT_OK, list->done_count) &&
	        acknowledge(connection, list->failed, list->answer, ACCEPT_FAILURE,
	                    list->failed_count);
	sid_list_free(list);
	connection->sids = NULL;
	return sent ? STEP_DONE : STEP_FAILED;
}

static bool for_each_sid(struct connection *connection, const uint8_t *octets,
                         session_action action, uint8_t answer)
{
	struct sid_list *list = calloc(1, sizeof(*list));
	struct session_list command;

	if (list == NULL)
		return false;
	session_list_read(octets, &command);
	list->action = action;
	list->answer = answer;
	list->count = command.sessions;
	list->done = calloc(2, SESSION_LIST_SIZE(command.sessions));
	if (list->done == NULL) {
		sid_list_free(list);
		return false;
	}
	list->failed = list->done + SESSION_LIST_SIZE(command.sessions);
	connection->sids = list;
	connection->command_tsc = tsc_now();
	return portions_run(connection, do_some);
}

bool start_n_sessions(struct connection *connection, const uint8_t *octets)
{
	return for_each_sid(connection, octets, start, COMMAND_START_N_ACK);
}

bool stop_n_sessions(struct connection *connection, const uint8_t *octets)
{
	return for_each_sid(connection, octets, stop, COMMAND_STOP_N_ACK);
}
