/* SPDX-License-Identifier: BSD-3-Clause */
/** Individual Session Control: Start-N-Sessions and Stop-N-Sessions with their acknowledgements. RFC 5938 section 3. */
#ifndef SPECULAR_CONTROL_INDIVIDUAL_CONTROL_H
#define SPECULAR_CONTROL_INDIVIDUAL_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

struct connection;

/** Of a command that is not finished. NULL is allowed. */
struct sid_list;
void sid_list_free(struct sid_list *list);

/**
 * octets: the whole command, its Number of Sessions checked by command_size. Sessions that were started are acknowledged together with
 * Accept 0, those that are unknown or started before together with Accept 1; a SID that stands twice is so in both. False: close.
 */
bool start_n_sessions(struct connection *connection, const uint8_t *octets);

/** As start_n_sessions. A session that was accepted but never started is withdrawn at once. */
bool stop_n_sessions(struct connection *connection, const uint8_t *octets);

#endif
