/* SPDX-License-Identifier: BSD-3-Clause */
/** The commands that only watch. */
#ifndef SPECULAR_OPERATION_STATUS_COMMANDS_H
#define SPECULAR_OPERATION_STATUS_COMMANDS_H

#include "operation.h"

extern const struct operation_command status_commands[];

int status_summary(struct operation *operation, const struct operation_request *request,
                   struct json_writer *json, struct error *error);
int status_counters(struct operation *operation, const struct operation_request *request,
                    struct json_writer *json, struct error *error);
int status_cores(struct operation *operation, const struct operation_request *request,
                 struct json_writer *json, struct error *error);
int status_ports(struct operation *operation, const struct operation_request *request,
                 struct json_writer *json, struct error *error);

int status_sessions(struct operation *operation, const struct operation_request *request,
                    struct json_writer *json, struct error *error);
int status_session(struct operation *operation, const struct operation_request *request,
                   struct json_writer *json, struct error *error);
int status_connections(struct operation *operation, const struct operation_request *request,
                       struct json_writer *json, struct error *error);
int status_keys(struct operation *operation, const struct operation_request *request,
                struct json_writer *json, struct error *error);

#endif
