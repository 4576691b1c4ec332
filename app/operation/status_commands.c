/* SPDX-License-Identifier: BSD-3-Clause */
#include "status_commands.h"

const struct operation_command status_commands[] = {
        {.name = "status", .run = status_summary},
        {.name = "counters", .parameters = "describe", .run = status_counters},
        {.name = "cores", .run = status_cores},
        {.name = "ports", .run = status_ports},
        {.name = NULL},
};
