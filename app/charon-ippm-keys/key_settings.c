/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key_settings.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/ike_key_message.h"

static int read_socket(const char *text, struct key_settings *settings, struct error *error)
{
	static const char prefix[] = "unix://";

	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
		text += sizeof(prefix) - 1;
	if (text[0] != '/')
		return error_set(error, ERROR_FORMAT,
		                 "socket: '%s' is not the path of a unix socket: it begins with /",
		                 text);
	if (strlen(text) >= sizeof(settings->socket_path))
		return error_set(
		        error, ERROR_FORMAT,
		        "socket: the path has %zu characters; a unix socket's has at most %zu",
		        strlen(text), sizeof(settings->socket_path) - 1);
	memcpy(settings->socket_path, text, strlen(text) + 1);
	return 0;
}

static int read_yes_no(const char *key, const char *text, bool *value, struct error *error)
{
	static const char *const yes[] = {"yes", "true", "enabled", "1"};
	static const char *const no[] = {"no", "false", "disabled", "0"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*value = strcasecmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return error_set(error, ERROR_FORMAT, "%s: '%s' is neither yes nor no", key, text);
}

static int read_clients(const char *text, unsigned *value, struct error *error)
{
	char *end;
	unsigned long clients = strtoul(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || clients == 0 ||
	    clients > KEY_SETTINGS_CLIENTS_MAXIMUM)
		return error_set(error, ERROR_FORMAT, "clients: '%s' is not a number from 1 to %u",
		                 text, KEY_SETTINGS_CLIENTS_MAXIMUM);
	*value = (unsigned)clients;
	return 0;
}

int key_settings_read(key_settings_lookup *lookup, void *context, struct key_settings *settings,
                      struct error *error)
{
	*settings = (struct key_settings){0};
	int result =
	        read_socket(lookup(context, "socket", IKE_KEY_SOCKET_DEFAULT), settings, error);
	if (result == 0)
		result = peer_permission_parse(lookup(context, "uids", "0"),
		                               lookup(context, "gids", ""), &settings->permission,
		                               error);
	if (result == 0)
		result = read_yes_no("expose_sk_d", lookup(context, "expose_sk_d", "no"),
		                     &settings->expose_sk_d, error);
	if (result == 0)
		result = read_clients(lookup(context, "clients", "64"), &settings->clients, error);
	return result;
}

void key_settings_clear(struct key_settings *settings)
{
	peer_permission_clear(&settings->permission);
}
