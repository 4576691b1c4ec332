/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control_status.h"

#include "control/server.h"

struct control_counts control_counts(const struct control_server *server)
{
	return (struct control_counts){.connections = server->connection_count,
	                               .half_open = limits_half_open(server->limits),
	                               .sessions_started = server->sessions_started,
	                               .sessions_stopped = server->sessions_stopped};
}
