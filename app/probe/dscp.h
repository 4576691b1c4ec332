/* SPDX-License-Identifier: BSD-3-Clause */
/** DSCP values by number or by name: RFC 2474, 2597, 3246, 5865, 8622. */
#ifndef SPECULAR_PROBE_DSCP_H
#define SPECULAR_PROBE_DSCP_H

#include <stdint.h>

/** "46", "0x2e", "ef", "AF41", "cs6", "le", "va", "default"; 0 or ERROR_FORMAT. */
int dscp_parse(const char *text, uint8_t *dscp);

#endif
