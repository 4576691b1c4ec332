/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * From a host's addresses to a control connection that is set up: connect, find the IKE SA, choose a mode (with RFC 7717's fall-back),
 * Set-Up-Response.
 */
#ifndef SPECULAR_PROBE_SET_UP_H
#define SPECULAR_PROBE_SET_UP_H

#include "run.h"

/**
 * Sets run->client, mode, mode_asked, server and credentials.sa, whose secret is wiped again. RFC 7717 section 5.1: without an IKE SA, or
 * after Accept 6, this is logged and another mode of those asked is taken. Errors: as control_client_set_up.
 */
int set_up(struct run *run, struct error *error);

#endif
