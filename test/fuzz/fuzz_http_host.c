/* SPDX-License-Identifier: BSD-3-Clause */
/* A Host header's text: what passes is an address or a known name, with digits alone behind the colon. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "http_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static bool is_address_or_name(char *name)
{
	struct address address;
	size_t size = strlen(name);

	if (size > 0 && name[size - 1] == '.')
		name[size - 1] = '\0';
	return address_parse(name, &address) == 0 || strcasecmp(name, "localhost") == 0 ||
	       strcasecmp(name, "a.example.net") == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct config_http config = {.hosts = {"a.example.net"}, .host_count = 1};
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (http_host_is_ours(text, &config)) {
		char *end = strrchr(text, ']');
		char *name = text + (end != NULL);
		char *port = end != NULL ? end + 1 : strchr(text, ':');
		require(end == NULL || (text[0] == '[' && (*port == '\0' || *port == ':')));
		if (port != NULL && *port != '\0')
			require(port[1 + strspn(port + 1, "0123456789")] == '\0');
		if (end != NULL || port != NULL)
			*(end != NULL ? end : port) = '\0';
		require(is_address_or_name(name));
	}
	free(text);
	return 0;
}
