/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * By which names a request may call the HTTP listener. A page of anybody's can have a browser ask here under a name of its own whose address
 * has meanwhile become ours (DNS rebinding), and would read the answer: names that are nobody's but ours pass. Pure.
 */
#ifndef SPECULAR_OPERATION_HTTP_HOST_H
#define SPECULAR_OPERATION_HTTP_HOST_H

#include <stdbool.h>

#include "config/config.h"

/**
 * Of a Host header's text (RFC 9110 section 7.2): an IP address, localhost, or one of config's hosts, each with a port or without. An
 * address needs no DNS, so that it can't be rebound; which one and which port does not matter (tunnels and NAT change both).
 */
bool http_host_is_ours(const char *host, const struct config_http *config);

#endif
