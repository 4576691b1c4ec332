/* SPDX-License-Identifier: BSD-3-Clause */
/** What the command line says about the host's IKE daemon: whom to ask, about whom, and what to bring up. */
#ifndef SPECULAR_CLIENT_IKE_OPTIONS_H
#define SPECULAR_CLIENT_IKE_OPTIONS_H

#include "base/address.h"
#include "base/error.h"

struct ike_options {
	const char *socket;     /**< where the daemon's keys are asked for; NULL: not at all */
	const char *peer_text;  /**< of peer, as given */
	struct address peer;    /**< whose SA is meant; family 0: the server's */
	const char *connection; /**< brought up when there is no SA; NULL: nothing is */
	const char *vici_uri;   /**< where swanctl finds charon; NULL: its own default */
};

/** Reads peer_text and checks the rest: ERROR_ARGUMENT with a text that names the option. */
int ike_options_check(struct ike_options *options, struct error *error);

#endif
