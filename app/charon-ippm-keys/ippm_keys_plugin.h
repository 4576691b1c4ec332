/* SPDX-License-Identifier: GPL-2.0-or-later */
/** charon's plugin ippm-keys: serves prf(SK_d, "IPPM") of its IKEv2 SAs (RFC 7717 section 5.1) to local processes. */
#ifndef CHARON_IPPM_KEYS_IPPM_KEYS_PLUGIN_H
#define CHARON_IPPM_KEYS_IPPM_KEYS_PLUGIN_H

#include "strongswan.h"

/** The constructor that strongSwan's plugin loader looks for. NULL, with a line in the log: the plugin refuses to load. */
plugin_t *ippm_keys_plugin_create(void);

#endif
