/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Commands of an open control connection: Request-TW-Session, Start-Sessions, Stop-Sessions and the refusal of what is not expected.
 * RFC 5357 sections 3.4 to 3.8; those of RFC 5938 are in individual_control.h.
 */
#ifndef SPECULAR_CONTROL_COMMANDS_H
#define SPECULAR_CONTROL_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/control_message.h"

struct connection;

/**
 * Octets of the command that begins with this (decrypted) block, HMAC included: at least 32. A command that is not known is taken to
 * have 32, so that in keyed modes the block after the first must be its HMAC. 0, logged: the Number of Sessions is not acceptable,
 * close.
 */
size_t command_size(const struct connection *connection, const uint8_t block[CONTROL_BLOCK]);

/** A whole command whose HMAC is right. False: close. */
bool command_handle(struct connection *connection, uint8_t *octets);

#endif
