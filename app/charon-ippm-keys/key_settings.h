/* SPDX-License-Identifier: GPL-2.0-or-later */
/** The plugin's settings: ippm-keys.conf says what each means. */
#ifndef CHARON_IPPM_KEYS_KEY_SETTINGS_H
#define CHARON_IPPM_KEYS_KEY_SETTINGS_H

#include <stdbool.h>
#include <sys/un.h>

#include "base/error.h"
#include "peer_permission.h"

#define KEY_SETTINGS_CLIENTS_MAXIMUM 4096u

struct key_settings {
	char socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct peer_permission permission;
	unsigned clients;
	bool expose_sk_d;
};

/** The text of a setting, or the default when it is not set. */
typedef const char *key_settings_lookup(void *context, const char *key, const char *text);

/**
 * Reads them all. ERROR_FORMAT: one can't be understood; the text names it. ERROR_MEMORY. key_settings_clear frees, also after
 * an error.
 */
int key_settings_read(key_settings_lookup *lookup, void *context, struct key_settings *settings,
                      struct error *error);
void key_settings_clear(struct key_settings *settings);

#endif
