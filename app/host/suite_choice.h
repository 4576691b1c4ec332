/* SPDX-License-Identifier: BSD-3-Clause */
/** What opens and seals test packets on this machine: test.crypto of the configuration, or the fastest that works. */
#ifndef SPECULAR_HOST_SUITE_CHOICE_H
#define SPECULAR_HOST_SUITE_CHOICE_H

#include "base/error.h"
#include "config/config.h"
#include "crypto/suite.h"

/** Errors as suite_cross_check, naming the key; auto never fails, and warns when the fastest does not work. */
int suite_choose(const struct config *config, enum suite_kind *kind, struct error *error);

#endif
