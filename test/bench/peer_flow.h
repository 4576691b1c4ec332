/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A control connection with one test session over kernel sockets, which keeps a window of test packets on their way: what asks a
 * server for as much as it can. One thread.
 */
#ifndef SPECULAR_BENCH_PEER_FLOW_H
#define SPECULAR_BENCH_PEER_FLOW_H

#include <sys/socket.h>

#include "control_client.h"
#include "wire/test_packet.h"

#define PEER_BURST        32u
#define PEER_PAYLOAD_MAX  112u
#define PEER_TIMEOUT_NS   UINT64_C(500000000) /**< after which what is on its way is lost */
#define PEER_PBKDF2_COUNT (1u << 20)          /**< the most that is accepted */

struct peer_settings {
	struct endpoint server;
	uint32_t mode; /**< one security mode */
	const struct credentials *credentials;
	unsigned window; /**< test packets on their way */
};

struct peer_flow {
	struct control_client control;
	int socket; /**< -1: none */
	enum test_mode mode;
	uint16_t size; /**< UDP payload of requests and replies */
	struct suite *suite;
	void *keys; /**< expanded test keys; a secret */
	uint32_t sequence;
	unsigned window;
	unsigned on_the_way;
	uint64_t last_ns; /**< when something last came */
	uint64_t answered;
	uint64_t lost;
	uint64_t wrong; /**< replies that do not verify */
	uint8_t payloads[PEER_BURST][PEER_PAYLOAD_MAX];
	struct iovec vectors[PEER_BURST];
	struct mmsghdr messages[PEER_BURST];
};

/** Connects, sets up, requests and starts the session. The caller closes, also after an error. */
int peer_flow_open(struct peer_flow *flow, const struct peer_settings *settings,
                   struct error *error);
/** Stops the session, if it runs, and closes; a zeroed flow only after its socket and control.channel.socket were set to -1. */
void peer_flow_close(struct peer_flow *flow);

/** Fills the window, and takes what has come; never waits. ERROR_SYSTEM. */
int peer_flow_poll(struct peer_flow *flow, uint64_t now_ns, struct error *error);

#endif
