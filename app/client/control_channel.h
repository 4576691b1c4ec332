/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The TCP connection of TWAMP-Control: connect, whole reads and whole writes, each with a deadline and ended early by an
 * interrupt. Octets only. One thread; blocking.
 */
#ifndef SPECULAR_CLIENT_CONTROL_CHANNEL_H
#define SPECULAR_CLIENT_CONTROL_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"

#define CONTROL_TIMEOUT_MS 10000

struct control_channel {
	int socket;       /**< -1 when closed */
	int interrupt_fd; /**< readable when the person wants to stop */
	struct endpoint local;
	struct endpoint peer;
};

/**
 * Connects; source may be NULL. dscp is set before SYN goes out. ERROR_UNAVAILABLE: refused, unreachable, timeout or interrupted,
 * with a text that says which.
 */
int control_channel_connect(struct control_channel *channel, const struct endpoint *server,
                            const struct address *source, uint8_t dscp, int interrupt_fd,
                            struct error *error);

/** what names the message for the error text, e.g. "Server-Start". ERROR_UNAVAILABLE: closed, timeout, interrupted. */
int control_channel_read(struct control_channel *channel, uint8_t *octets, size_t size,
                         const char *what, struct error *error);
int control_channel_write(struct control_channel *channel, const uint8_t *octets, size_t size,
                          const char *what, struct error *error);

/** Safe on a closed channel. */
void control_channel_close(struct control_channel *channel);

#endif
