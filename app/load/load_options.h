/* SPDX-License-Identifier: BSD-3-Clause */
/** The load's command line. */
#ifndef SPECULAR_LOAD_LOAD_OPTIONS_H
#define SPECULAR_LOAD_LOAD_OPTIONS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"

/** Texts point into argv; NULL when they are not given. */
struct load_options {
	const char *config;
	const char *output; /**< in place of the configuration's report folder */
	enum log_level log_level;
	bool check;
	bool quiet;
	bool version;
	bool help;
};

extern const char load_usage[];

/** ERROR_ARGUMENT names the wrong word. --help and --version need no --config. */
int load_options_parse(int argc, char **argv, struct load_options *options, struct error *error);

#endif
