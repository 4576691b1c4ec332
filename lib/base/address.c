/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

#define IPV4_SIZE 4u
#define IPV6_SIZE 16u

struct address address_make(uint8_t family, const void *octets)
{
	struct address address = {.family = family};

	memcpy(address.octets, octets, family == 4 ? IPV4_SIZE : IPV6_SIZE);
	return address;
}

int address_parse(const char *text, struct address *address)
{
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, text, address->octets) == 1)
		address->family = 4;
	else if (inet_pton(AF_INET6, text, address->octets) == 1)
		address->family = 6;
	else
		return ERROR_FORMAT;
	return 0;
}

const char *address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE])
{
	int family = address->family == 4 ? AF_INET : AF_INET6;

	if (address->family == 0 ||
	    inet_ntop(family, address->octets, text, ADDRESS_TEXT_SIZE) == NULL)
		(void)snprintf(text, ADDRESS_TEXT_SIZE, "none");
	return text;
}

const char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE])
{
	char address[ADDRESS_TEXT_SIZE];

	(void)snprintf(text, ENDPOINT_TEXT_SIZE,
	               endpoint->address.family == 6 ? "[%s]:%u" : "%s:%u",
	               address_format(&endpoint->address, address), (unsigned)endpoint->port);
	return text;
}

bool address_equal(const struct address *left, const struct address *right)
{
	return left->family == right->family &&
	       memcmp(left->octets, right->octets, sizeof(left->octets)) == 0;
}

bool address_is_unspecified(const struct address *address)
{
	static const uint8_t zero[IPV6_SIZE];

	return memcmp(address->octets, zero, sizeof(zero)) == 0;
}

int endpoint_from_sockaddr(const struct sockaddr *socket_address, struct endpoint *endpoint)
{
	memset(endpoint, 0, sizeof(*endpoint));
	if (socket_address->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, socket_address, sizeof(in));
		endpoint->address = address_make(4, &in.sin_addr);
		endpoint->port = ntohs(in.sin_port);
		return 0;
	}
	if (socket_address->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, socket_address, sizeof(in6));
		endpoint->address = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)
		                            ? address_make(4, &in6.sin6_addr.s6_addr[12])
		                            : address_make(6, &in6.sin6_addr);
		endpoint->port = ntohs(in6.sin6_port);
		return 0;
	}
	return ERROR_ARGUMENT;
}

socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *storage)
{
	memset(storage, 0, sizeof(*storage));
	if (endpoint->address.family == 4) {
		struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
		memcpy(&in.sin_addr, endpoint->address.octets, IPV4_SIZE);
		memcpy(storage, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};
	memcpy(&in6.sin6_addr, endpoint->address.octets, IPV6_SIZE);
	memcpy(storage, &in6, sizeof(in6));
	return sizeof(in6);
}
