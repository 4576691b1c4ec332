/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The configuration file is read again, whole, with its key files. What is wrong in it refuses all of it; else the running appliance takes
 * what it can, and says what needs a restart. doc/configuration.md says it of each key. Slow path only, from the event loop.
 */
#ifndef SPECULAR_OPERATION_RELOAD_H
#define SPECULAR_OPERATION_RELOAD_H

#include <stdbool.h>

#include "config/config.h"
#include "control/control_server.h"
#include "key/key_provider.h"
#include "stats/counters.h"

#define RELOAD_NAMES_SIZE 4096u

struct audit;
struct event_base;
struct watchdog;

/** What a reload changes. Pointers to pointers: the object is replaced by another one. */
struct reload_target {
	struct event_base *base;
	struct config *config; /**< changed in place, so that pointers to it stay good */
	struct key_provider **psk_provider;
	struct key_provider **ike_provider;
	struct audit **audit;
	struct control_server *control;
	struct control_counters *counters;
	struct watchdog *watchdog; /**< NULL: none */
	unsigned sessions_most;    /**< that memory was reserved for at the start */
	bool log_level_given;      /**< on the command line: it stays */
};

/** Keys of a file: one whose secret is another one now is gone, and new. */
struct reload_keys {
	unsigned added, gone;
};

/** Keys' names with a blank between them, "..." for those without room. */
struct reload_outcome {
	char taken[RELOAD_NAMES_SIZE];
	char needs_restart[RELOAD_NAMES_SIZE]; /**< they stay as they are */
	struct reload_keys psk, sas;
};

/**
 * Events reload-refused, reload-needs-restart and reload-done tell the outcome. On an error nothing has changed: errors of config_load and
 * key_files_load, audit_create, charon_provider_create.
 */
int reload_run(const struct reload_target *target, struct reload_outcome *outcome,
               struct error *error);

#endif
