/* SPDX-License-Identifier: BSD-3-Clause */
/** DSCP values by number or by name: RFC 2474, 2597, 3246, 5865, 8622. */
#ifndef SPECULAR_PROBE_DSCP_H
#define SPECULAR_PROBE_DSCP_H

#include <stdint.h>

/** "46", "0x2e", "ef", "AF41", "cs6", "le", "va", "default"; 0 or ERROR_FORMAT. */
int dscp_parse(const char *text, uint8_t *dscp);

/** "not-ect", "ect1", "ect0", "ce" or the number from 0 to 3, RFC 3168 section 5: 0 or ERROR_FORMAT. */
int ecn_parse(const char *text, uint8_t *ecn);

/** As the RFC writes it: "Not-ECT", "ECT(1)", "ECT(0)", "CE". */
const char *ecn_name(unsigned ecn);

#endif
