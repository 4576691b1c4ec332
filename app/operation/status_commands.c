/* SPDX-License-Identifier: BSD-3-Clause */
#include "status_commands.h"

const struct operation_command status_commands[] = {
        {.name = "status", .run = status_summary},
        {.name = "counters", .parameters = "describe core", .run = status_counters},
        {.name = "cores", .parameters = "core", .run = status_cores},
        {.name = "ports", .run = status_ports},
        {.name = "sessions",
         .parameters = "state mode peer sort limit after look",
         .run = status_sessions},
        {.name = "session", .parameters = "sid", .run = status_session},
        {.name = "connections", .parameters = "limit after", .run = status_connections},
        {.name = "keys", .parameters = "limit", .run = status_keys},
        {.name = "log", .parameters = "level", .changes = true, .run = log_command},
        {.name = NULL},
};
