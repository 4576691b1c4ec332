/* SPDX-License-Identifier: GPL-2.0-or-later */
/** Which strongSwan runs: its interfaces differ from version to version, and nothing else tells at run time. */
#ifndef CHARON_IPPM_KEYS_DAEMON_VERSION_H
#define CHARON_IPPM_KEYS_DAEMON_VERSION_H

#include "base/error.h"

/**
 * Looks for the version among the strings of the daemon's executable, which strongSwan's daemons print at their start. 0: it is
 * there. ERROR_UNAVAILABLE: it is not, the daemon is of another version; ERROR_SYSTEM: the file can't be read.
 */
int daemon_version_check(const char *executable, const char *version, struct error *error);

#endif
