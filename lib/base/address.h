/* SPDX-License-Identifier: BSD-3-Clause */
/** IP addresses of either family, with their text and socket forms. */
#ifndef SPECULAR_BASE_ADDRESS_H
#define SPECULAR_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE  46 /**< INET6_ADDRSTRLEN */
#define ENDPOINT_TEXT_SIZE 56 /**< "[address]:port" */

/** An IP address. family is 4, 6 or 0 (none); octets are in network order, the unused rest is zero. */
struct address {
	uint8_t family;
	uint8_t octets[16];
};

/** An address and a UDP or TCP port in host order. */
struct endpoint {
	struct address address;
	uint16_t port;
};

/** Parses "192.0.2.1" or "2001:db8::1"; returns 0 or ERROR_FORMAT. */
int address_parse(const char *text, struct address *address);

/** Writes at most ADDRESS_TEXT_SIZE octets incl. the terminator; returns text. */
const char *address_format(const struct address *address, char text[ADDRESS_TEXT_SIZE]);

/** "192.0.2.1:862" or "[2001:db8::1]:862"; returns text. */
const char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE]);

bool address_equal(const struct address *left, const struct address *right);

/** True for 0.0.0.0, :: and family 0. */
bool address_is_unspecified(const struct address *address);

/** Builds from family (4 or 6) and its 4 or 16 octets in network order. */
struct address address_make(uint8_t family, const void *octets);

/** From a sockaddr_in or sockaddr_in6; a v4-mapped IPv6 address becomes IPv4. ERROR_ARGUMENT for other families. */
int endpoint_from_sockaddr(const struct sockaddr *socket_address, struct endpoint *endpoint);

/** Returns the length of the sockaddr written. */
socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *storage);

#endif
