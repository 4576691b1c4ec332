/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/audit.h"

#include <string.h>

#include "base/bytes.h"
#include "control/connection.h"
#include "control/key_agreement.h"

#define CONTROL_END_NAME_(symbol, name, meaning) [CONTROL_END_##symbol] = name,

const char *control_end_name(enum control_end end)
{
	static const char *const names[CONTROL_END_COUNT] = {CONTROL_ENDS(CONTROL_END_NAME_)};

	return names[end];
}

void audit_refused(const struct control_server *server, const struct endpoint *client,
                   const struct endpoint *local, enum control_end end, const char *reason)
{
	const struct control_audit *audit = server->environment.audit;
	const struct control_audit_connection who = {
	        .client = client, .local = local, .key = "", .identity = ""};

	if (audit != NULL)
		audit->refused(audit->context, &who, end, reason);
}

/** key is the room for what who->key points to. */
static void describe(const struct connection *connection, char key[KEY_NAME_SIZE],
                     struct control_audit_connection *who)
{
	*who = (struct control_audit_connection){
	        .id = connection->id,
	        .client = &connection->client,
	        .local = &connection->local,
	        .mode = connection->mode,
	        .key_kind = key_agreement_name(connection, key),
	        .key = key,
	        .identity = connection->identity != NULL ? connection->identity : "",
	        .sessions = connection->session_count,
	};
}

void audit_opened(const struct connection *connection)
{
	const struct control_audit *audit = connection->server->environment.audit;
	struct control_audit_connection who;
	char key[KEY_NAME_SIZE];

	if (audit == NULL)
		return;
	describe(connection, key, &who);
	audit->opened(audit->context, &who);
}

void audit_closed(const struct connection *connection)
{
	const struct control_audit *audit = connection->server->environment.audit;
	struct control_audit_connection who;
	char key[KEY_NAME_SIZE];

	if (audit == NULL)
		return;
	describe(connection, key, &who);
	if (connection->pool == POOL_NONE)
		audit->refused(audit->context, &who, connection->end, "");
	else
		audit->closed(audit->context, &who, connection->end);
}

static struct control_audit_session describe_session(const struct test_session *test)
{
	const struct core_session *view = &test->session->cores[0];
	struct control_audit_session session = {
	        .connection = test->connection_id,
	        .mode = (enum test_mode)view->mode,
	        .vlan = view->flow.vlan,
	        .outer_vlan = view->flow.outer_vlan,
	        .accepted = load_be64(test->session->sid + SID_TIME),
	        .started = test->started,
	        .ended = test->ended,
	};

	memcpy(session.sid, test->session->sid, sizeof(session.sid));
	flow_key_endpoints(&view->flow, &session.sender, &session.reflector);
	return session;
}

void audit_session_started(const struct test_session *test)
{
	const struct control_audit *audit = test->server->environment.audit;

	if (audit == NULL)
		return;
	struct control_audit_session session = describe_session(test);
	audit->session_started(audit->context, &session);
}

void audit_session_ended(const struct test_session *test, enum control_end end)
{
	const struct control_audit *audit = test->server->environment.audit;

	if (audit == NULL)
		return;
	struct control_audit_session session = describe_session(test);
	session.totals = session_totals(test->server->environment.sessions, test->session);
	if (session.ended == 0)
		session.ended = server_now(test->server);
	audit->session_ended(audit->context, &session, end);
}
