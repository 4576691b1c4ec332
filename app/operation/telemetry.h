/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * DPDK's telemetry, for dpdk-telemetry.py and whatever else reads it: /specular/COMMAND for each command that only watches, with its
 * parameters behind a comma ("/specular/sessions,limit=5,state=started"). Telemetry has threads of its own: each request is handed to the
 * event loop, which answers it within TELEMETRY_SECONDS or not at all. The answer is the document without its nesting
 * ("sessions/installed"), as far as telemetry has room: 256 members and 16 KB, texts of 127 octets. What has none is left out, whole elements of
 * lists, and a member left_out tells how many members that was: "/specular/cores,core=3" asks for one core of many.
 */
#ifndef SPECULAR_OPERATION_TELEMETRY_H
#define SPECULAR_OPERATION_TELEMETRY_H

#include "base/error.h"
#include "operation.h"

#define TELEMETRY_SECONDS 2

/** Registers the commands, once a process: EAL runs. ERROR_MEMORY, ERROR_SYSTEM. */
int telemetry_create(struct operation *operation, struct error *error);
/** Telemetry is answered no more: its commands stay registered, and say so. */
void telemetry_destroy(void);

#endif
