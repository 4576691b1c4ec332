/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control_status.h"

#include <string.h>

#include "base/bytes.h"
#include "control/connection.h"
#include "control/key_agreement.h"
#include "control/server.h"
#include "control/test_session.h"
#include "session/core_table.h"

/** Between two steps of the visits' prefetching. */
#define PREFETCH_BUCKETS 8u
#define CACHE_LINE       64u

static const char *const state_names[] = {
        [CONNECTION_GREETED] = "set-up",   [CONNECTION_KEY_LOOKUP] = "key-look-up",
        [CONNECTION_OPEN] = "open",        [CONNECTION_WORKING] = "open",
        [CONNECTION_FLUSHING] = "closing", [CONNECTION_ENDED] = "closing"};

struct control_counts control_counts(const struct control_server *server)
{
	return (struct control_counts){.connections = server->connection_count,
	                               .half_open = limits_half_open(server->limits),
	                               .sessions_started = server->sessions_started,
	                               .sessions_stopped = server->sessions_stopped};
}

static struct control_connection_status describe(const struct connection *connection)
{
	struct control_connection_status status = {.id = connection->id,
	                                           .client = &connection->client,
	                                           .local = &connection->local,
	                                           .state = state_names[connection->state],
	                                           .mode = connection->mode,
	                                           .identity = connection->identity,
	                                           .since = connection->since,
	                                           .sessions = connection->session_count,
	                                           .sessions_started = connection->in_progress};

	status.key_kind = key_agreement_name(connection, status.key);
	return status;
}

void control_visit_connections(const struct control_server *server, control_connection_visit visit,
                               void *context)
{
	const struct connection *connection;

	TAILQ_FOREACH(connection, &server->connections, link)
	{
		struct control_connection_status status = describe(connection);

		if (!visit(context, &status))
			return;
	}
}

void control_key_of(const struct connection *owner, char name[KEY_NAME_SIZE])
{
	name[0] = '\0';
	if (owner != NULL)
		(void)key_agreement_name(owner, name);
}

static struct control_session_status describe_session(const struct control_server *server,
                                                      const struct test_session *test)
{
	_Static_assert((int)CONTROL_SESSION_STOPPED == (int)TEST_SESSION_STOPPED,
	               "the same states");

	return (struct control_session_status){
	        .sid = test->session->sid,
	        .state = (enum control_session_state)test->state,
	        .connection = test->connection_id,
	        .owner = test->connection,
	        .agreed = &test->session->cores[0],
	        .accepted = load_be64(test->session->sid + SID_TIME),
	        .started = test->started,
	        .stopped = test->ended,
	        .timeout = test->timeout,
	        .totals = session_totals(server->environment.sessions, test->session)};
}

static uint32_t bucket_of(const struct control_server *server, const uint8_t sid[SID_SIZE])
{
	return load_be32(sid + SID_RANDOM) & server->by_sid_mask;
}

/** Of a bucket that with the smallest SID above one; NULL: there is none. */
static const struct test_session *next_of(const struct test_session_list *bucket,
                                          const uint8_t *after)
{
	const struct test_session *found = NULL;
	const struct test_session *test;

	LIST_FOREACH(test, bucket, sid_link)
	{
		const uint8_t *sid = test->session->sid;

		if ((after == NULL || memcmp(sid, after, SID_SIZE) > 0) &&
		    (found == NULL || memcmp(sid, found->session->sid, SID_SIZE) < 0))
			found = test;
	}
	return found;
}

static const struct test_session *first_of(const struct control_server *server, uint32_t bucket)
{
	return bucket <= server->by_sid_mask ? LIST_FIRST(&server->by_sid[bucket]) : NULL;
}

/**
 * What the visits of the next buckets need is on its way into cache, each step deeper the nearer they are: else each of 100,000 visits
 * would wait for memory four times, one after the other.
 */
static void prefetch(const struct control_server *server, uint32_t bucket)
{
	const struct test_session *test = first_of(server, bucket + 3 * PREFETCH_BUCKETS);

	if (test != NULL) {
		__builtin_prefetch(test);
		__builtin_prefetch((const uint8_t *)test + CACHE_LINE);
	}
	test = first_of(server, bucket + 2 * PREFETCH_BUCKETS);
	if (test != NULL) {
		__builtin_prefetch(test->session);
		__builtin_prefetch(LIST_NEXT(test, sid_link));
	}
	test = first_of(server, bucket + PREFETCH_BUCKETS);
	if (test != NULL) {
		const struct test_session *next = LIST_NEXT(test, sid_link);

		core_table_prefetch(&test->session->cores[0]);
		if (next != NULL)
			__builtin_prefetch(next->session);
	}
}

bool control_visit_sessions(const struct control_server *server, const uint8_t *after,
                            uint32_t most, control_session_visit visit, void *context)
{
	uint32_t bucket = after != NULL ? bucket_of(server, after) : 0;

	for (; bucket <= server->by_sid_mask; bucket++, after = NULL) {
		const struct test_session *test = next_of(&server->by_sid[bucket], after);

		prefetch(server, bucket);
		for (; test != NULL; test = next_of(&server->by_sid[bucket], test->session->sid)) {
			struct control_session_status status = describe_session(server, test);

			if (most-- == 0 || !visit(context, &status))
				return false;
		}
	}
	return true;
}

int control_find_session(const struct control_server *server, const uint8_t sid[SID_SIZE],
                         control_session_visit visit, void *context)
{
	const struct test_session *test;

	LIST_FOREACH(test, &server->by_sid[bucket_of(server, sid)], sid_link)
	{
		if (memcmp(test->session->sid, sid, SID_SIZE) == 0) {
			struct control_session_status status = describe_session(server, test);

			(void)visit(context, &status);
			return 0;
		}
	}
	return ERROR_NOT_FOUND;
}
