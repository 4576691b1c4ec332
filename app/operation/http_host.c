/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_host.h"

#include <string.h>
#include <strings.h>

#include "base/address.h"

/** What stands behind the name: nothing, or ":PORT", whose digits RFC 9110 allows to lack. */
static bool is_port(const char *colon)
{
	return colon[0] == '\0' ||
	       (colon[0] == ':' && colon[1 + strspn(colon + 1, "0123456789")] == '\0');
}

/** "[2001:db8::1]", with a port or without. */
static bool is_bracketed_address(const char *host)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address address;
	size_t size = strcspn(host + 1, "]");

	if (host[1 + size] != ']' || size >= sizeof(text) || !is_port(host + size + 2))
		return false;
	memcpy(text, host + 1, size);
	text[size] = '\0';
	return address_parse(text, &address) == 0 && address.family == 6;
}

static bool is_known(const char *name, const struct config_http *config)
{
	struct address address;

	if (address_parse(name, &address) == 0 || strcasecmp(name, "localhost") == 0)
		return true;
	for (unsigned i = 0; i < config->host_count; i++) {
		if (strcasecmp(name, config->hosts[i]) == 0)
			return true;
	}
	return false;
}

bool http_host_is_ours(const char *host, const struct config_http *config)
{
	char name[CONFIG_HOST_NAME_SIZE + 1]; /* a dot at its end */
	size_t size = strcspn(host, ":");

	if (host[0] == '[')
		return is_bracketed_address(host);
	if (size == 0 || size >= sizeof(name) || !is_port(host + size))
		return false;
	memcpy(name, host, size);
	name[size] = '\0';
	if (name[size - 1] == '.')
		name[size - 1] = '\0';
	return is_known(name, config);
}
