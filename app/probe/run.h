/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One measurement from the name of the host to the record of every packet: resolve, connect, choose a mode (with RFC 7717's
 * fall-back), request, start, send, stop.
 */
#ifndef SPECULAR_PROBE_RUN_H
#define SPECULAR_PROBE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "control_client.h"
#include "credentials.h"
#include "options.h"
#include "session_sender.h"
#include "test_session.h"

#define SERVER_ADDRESSES 8u

struct run {
	const struct options *options;
	struct credentials credentials;
	struct control_client client;
	struct local_clock clock;
	struct suite *suite;                       /**< NULL in unauthenticated test mode */
	struct endpoint servers[SERVER_ADDRESSES]; /**< of the host's name, tried in order */
	unsigned server_count;
	struct endpoint server;    /**< the one that took the connection, or was tried last */
	struct address source;     /**< family 0: the kernel's choice */
	uint32_t mode;             /**< chosen, with features */
	uint32_t mode_asked;       /**< the first of the list */
	bool without_ike;          /**< no IKE SA here, or the server answered Accept 6 */
	struct error ike_refusal;  /**< why */
	struct address ike_server; /**< whose SA credentials.sa is */
	bool ike_asked_again;      /**< after Accept 6 */
	struct packet_format format;
	struct test_session *sessions;
	unsigned session_count; /**< opened */
	enum sender_end end;
	bool measured; /**< the records are worth a report */
	int interrupt_fd;
	int64_t started_unix_ns; /**< CLOCK_REALTIME at the first packet */
	int64_t duration_ns;
};

/** The IKE SA that the chosen mode uses, without its secret; NULL when it uses none. */
const struct server_sa *run_server_sa(const struct run *run);

/** Prepares *run; options live as long as it. The caller calls run_close. */
void run_init(struct run *run, const struct options *options, int interrupt_fd);

/**
 * Measures. 0 when it ran to its end or was interrupted; an error otherwise, and run->measured tells whether there is something
 * to report nevertheless.
 */
int run_measure(struct run *run, const struct sender_observer *observer, struct error *error);

/** Wipes the secrets and frees. */
void run_close(struct run *run);

#endif
