/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the process may do once everything is open: it becomes operation.user, and no thread keeps a capability that nothing needs
 * any more. doc/operations.md says what each was for. Main thread, DPDK's threads run already.
 */
#ifndef SPECULAR_OPERATION_PRIVILEGE_DROP_H
#define SPECULAR_OPERATION_PRIVILEGE_DROP_H

#include "base/error.h"

struct config;

/** Before anything starts: nothing that is executed gains privileges from now on, no core file is written, and operation.user must be a user whom the process
 * may become. ERROR_NOT_FOUND, ERROR_PERMISSION. */
int privilege_drop_prepare(const struct config *config, struct error *error);

/** After everything that needs privileges; nobody but root looks into the process's memory from then on. ERROR_SYSTEM: a thread has kept its capabilities; the process must not go on. */
int privilege_drop(const struct config *config, struct error *error);

#endif
