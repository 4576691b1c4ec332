/* SPDX-License-Identifier: BSD-3-Clause */
/** The live full-screen view. */
#ifndef SPECULAR_CTL_TOP_H
#define SPECULAR_CTL_TOP_H

#include "ctl_options.h"

/** Until q, SIGINT or SIGTERM; the terminal is as before then. ERROR_ARGUMENT: no terminal. Errors of call_appliance. */
int top_run(const struct ctl_options *options, struct error *error);

#endif
