/* SPDX-License-Identifier: BSD-3-Clause */
/** The commands of this folder: those that only watch, and log. */
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
/** What the parameter core asks for: cores from *first up to, without, *end; all of them where it is not given. ERROR_ARGUMENT. */
int status_core_range(const struct status_source *source, const struct operation_request *request,
                      unsigned *first, unsigned *end, struct error *error);
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

/** level: of the log from now on, until a start or a reload sets the configuration's; without it, tells which it is. */
int log_command(struct operation *operation, const struct operation_request *request,
                struct json_writer *json, struct error *error);

#endif
