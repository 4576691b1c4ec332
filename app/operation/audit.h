/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The audit trail: one JSON line for each control connection that is refused, opened or closed, each test session that starts or ends,
 * and each change that an operator makes; into a file, or into the log as event `audit`. doc/operations.md describes the entries. Never
 * a secret. An entry costs the slow path one write; one that can't be written is counted (audit_lost) and told. Main thread only.
 */
#ifndef SPECULAR_OPERATION_AUDIT_H
#define SPECULAR_OPERATION_AUDIT_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"
#include "control/control_audit.h"
#include "operation_request.h"
#include "stats/counters.h"

struct audit;

/**
 * As config->log.audit says; *audit is NULL when that is "" (every function here takes NULL then). counters outlive it. Entries of
 * connections that were refused are at most control.log-per-minute a minute; how many more there were is an entry too. Errors of
 * audit_file_open; ERROR_MEMORY.
 */
int audit_create(const struct config *config, struct control_counters *counters,
                 struct audit **audit, struct error *error);
void audit_destroy(struct audit *audit);

/** For control_environment; NULL when there is no audit trail. */
const struct control_audit *audit_observer(const struct audit *audit);

/** The configuration's log.audit and control.log-per-minute, which config holds from now on; the file stays the one that is open. */
void audit_configure(struct audit *audit, const struct config *config);

/** Goes on in a new file of the same name, after logrotate. On an error the old one stays. */
int audit_reopen(struct audit *audit, struct error *error);

/**
 * An operator's change: action is the command, "reload", "drain", "close", "log", ...; detail says to what, e.g. "debug" or "connection 7".
 * who: the request's peer; NULL: a signal. accepted: it was done, not refused.
 */
void audit_operator(struct audit *audit, const struct operation_peer *who, const char *action,
                    const char *detail, bool accepted);

#endif
