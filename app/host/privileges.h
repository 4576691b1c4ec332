/* SPDX-License-Identifier: BSD-3-Clause */
/** What the process must be allowed to do, said before something deep inside fails for want of it. */
#ifndef SPECULAR_HOST_PRIVILEGES_H
#define SPECULAR_HOST_PRIVILEGES_H

#include "base/error.h"
#include "config/config.h"

/** ERROR_PERMISSION names every capability that the configuration needs and the process has not. */
int privileges_check(const struct config *config, struct error *error);

#endif
