/* SPDX-License-Identifier: BSD-3-Clause */
/** What the Server shows of its connections and test sessions. Slow path only; nothing here is a secret. */
#ifndef SPECULAR_CONTROL_CONTROL_STATUS_H
#define SPECULAR_CONTROL_CONTROL_STATUS_H

struct control_server;

struct control_counts {
	unsigned connections;      /**< TCP connections, half-open ones included */
	unsigned half_open;        /**< set-ups in progress */
	unsigned sessions_started; /**< started and not stopped */
	unsigned sessions_stopped; /**< stopped, within their Timeout */
};

struct control_counts control_counts(const struct control_server *server);

#endif
