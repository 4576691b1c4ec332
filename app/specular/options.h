/* SPDX-License-Identifier: BSD-3-Clause */
/** The appliance's command line. */
#ifndef SPECULAR_APP_OPTIONS_H
#define SPECULAR_APP_OPTIONS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"

struct options {
	const char *config; /**< points into argv */
	enum log_level log_level;
	bool log_level_given; /**< it wins over the configuration's */
	bool check;
	bool version;
	bool help;
};

extern const char options_usage[];

/** ERROR_ARGUMENT names the wrong word. --help and --version need no --config. */
int options_parse(int argc, char **argv, struct options *options, struct error *error);

#endif
