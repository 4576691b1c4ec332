/* SPDX-License-Identifier: BSD-3-Clause */
/** Tells the observer of control_audit.h, if there is one; what it hears is put together only then. */
#ifndef SPECULAR_CONTROL_AUDIT_H
#define SPECULAR_CONTROL_AUDIT_H

#include "control/control_audit.h"

struct connection;
struct control_server;
struct test_session;

/** No connection came of it. */
void audit_refused(const struct control_server *server, const struct endpoint *client,
                   const struct endpoint *local, enum control_end end, const char *reason);
void audit_opened(const struct connection *connection);
/** connection->end tells why. */
void audit_closed(const struct connection *connection);
void audit_session_started(const struct test_session *test);
/** While it is still published. */
void audit_session_ended(const struct test_session *test, enum control_end end);

#endif
