/* SPDX-License-Identifier: BSD-3-Clause */
/** The command line of specularctl. */
#ifndef SPECULAR_CTL_CTL_OPTIONS_H
#define SPECULAR_CTL_CTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "request.h"

enum ctl_command {
	CTL_STATUS,
	CTL_SESSIONS,
	CTL_SESSION,
	CTL_CONNECTIONS,
	CTL_COUNTERS,
	CTL_CORES,
	CTL_PORTS,
	CTL_KEYS,
	CTL_CLOSE,
	CTL_DRAIN,
	CTL_RELOAD,
	CTL_LOG,
	CTL_TOP,
	CTL_COMMAND_COUNT,
	CTL_NONE = CTL_COMMAND_COUNT
};

/** Texts point into argv. */
struct ctl_options {
	enum ctl_command command;
	bool help; /**< with a command: of that one */
	bool version;
	bool json;
	bool all; /**< of sessions and counters; close has it as a parameter */
	const char *socket;
	int64_t wait_ms;
	int64_t interval_ms;
	struct request request;
};

/** ERROR_ARGUMENT; json is right then too. */
int ctl_options_parse(int argc, char *argv[], struct ctl_options *options, struct error *error);

/** command CTL_NONE: of all. */
void ctl_options_usage(enum ctl_command command, FILE *out);

#endif
