/* SPDX-License-Identifier: BSD-3-Clause */
#include "resolve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

static int resolve_error(const char *host, uint8_t family, int code, struct error *error)
{
	const char *kind = family == 4 ? "IPv4 " : family == 6 ? "IPv6 " : "";

	return error_set(error, ERROR_NOT_FOUND, "can't find an %saddress of %s: %s", kind, host,
	                 code == EAI_SYSTEM ? strerror(errno) : gai_strerror(code));
}

static bool is_link_local(const struct sockaddr *address)
{
	const struct sockaddr_in6 *v6 = (const void *)address;

	return address->sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr);
}

int resolve(const char *host, uint16_t port, uint8_t family, struct endpoint *endpoints,
            unsigned capacity, unsigned *number, struct error *error)
{
	int system_family = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
	struct addrinfo hints = {.ai_family = system_family, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	bool link_local = false;
	int result = getaddrinfo(host, NULL, &hints, &found);

	*number = 0;
	if (result != 0)
		return resolve_error(host, family, result, error);
	for (const struct addrinfo *one = found; one != NULL && *number < capacity;
	     one = one->ai_next) {
		if (is_link_local(one->ai_addr)) {
			link_local = true;
			continue;
		}
		if (endpoint_from_sockaddr(one->ai_addr, &endpoints[*number]) != 0)
			continue;
		endpoints[(*number)++].port = port;
	}
	freeaddrinfo(found);
	if (*number == 0 && link_local)
		return error_set(error, ERROR_ARGUMENT,
		                 "%s: link-local addresses, which need a zone, are not taken: give "
		                 "a global one",
		                 host);
	return *number > 0 ? 0 : resolve_error(host, family, EAI_NONAME, error);
}
