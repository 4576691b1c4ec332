/* SPDX-License-Identifier: BSD-3-Clause */
/** What an operator does to the running appliance, by signals and by the commands reload, drain and close. */
#ifndef SPECULAR_APP_OPERATOR_H
#define SPECULAR_APP_OPERATOR_H

#include "appliance.h"
#include "operation_request.h"
#include "reload.h"

/** A stage of the start. */
int operator_start(struct appliance *appliance, struct error *error);
void operator_stop(struct appliance *appliance);

/**
 * Reads the configuration and its key files again. who: of the audit trail; NULL: a signal. As reload_run; ERROR_UNAVAILABLE while
 * sessions are given time to end.
 */
int operator_reload(struct appliance *appliance, const struct operation_peer *who,
                    struct reload_outcome *outcome, struct error *error);

/** Takes nothing new, and ends when no session is left or after so many seconds. */
void operator_drain(struct appliance *appliance, const struct operation_peer *who,
                    uint32_t seconds);

/** SIGTERM: true when sessions are given time; false when all is to end at once. */
bool operator_drains_at_signal(struct appliance *appliance);

/** The commands reload, drain and close. */
extern const struct operation_command operator_commands[];

#endif
