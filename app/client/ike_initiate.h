/* SPDX-License-Identifier: BSD-3-Clause */
/** Brings a connection of strongSwan's charon up by running swanctl, as a person would. Blocking. */
#ifndef SPECULAR_CLIENT_IKE_INITIATE_H
#define SPECULAR_CLIENT_IKE_INITIATE_H

#include <stdbool.h>

#include "ike_options.h"

#define IKE_INITIATE_TIMEOUT_S 10u

/**
 * Runs `swanctl --initiate --ike CONNECTION --timeout SECONDS [--uri URI]` found in PATH, with this process's environment (STRONGSWAN_CONF), and
 * waits for its end: a second longer than timeout_s at most, then it is terminated, and so when interrupt_fd becomes readable. verbose: each line
 * of its output is logged. ERROR_UNAVAILABLE: it is missing, failed, was late or interrupted; the text has the line that says why.
 */
int ike_initiate(const struct ike_options *options, unsigned timeout_s, bool verbose,
                 int interrupt_fd, struct error *error);

#endif
