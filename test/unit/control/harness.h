/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A whole Server in memory and a scripted Control-Client, joined by a socket pair. Everything runs in the test's thread: a call that
 * waits for the Server runs the event loop, for WAIT_LIMIT_MS at most.
 */
#ifndef SPECULAR_TEST_CONTROL_HARNESS_H
#define SPECULAR_TEST_CONTROL_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock/tsc_clock.h"
#include "config/config.h"
#include "control/control_server.h"
#include "control/server.h"
#include "crypto/control_stream.h"
#include "crypto/key_derivation.h"
#include "key/key_provider.h"
#include "session/session_registry.h"
#include "wire/control_message.h"

#define ROUNDS_LEAST  8u
#define WAIT_LIMIT_MS 60000

#define OUR_IPV4      "192.0.2.2"
#define OUR_IPV6      "2001:db8::2"
#define CLIENT_IPV4   "192.0.2.1"
#define CLIENT_IPV6   "2001:db8::1"
#define PASSPHRASE    "a passphrase"
#define SENDER_PORT   30000
#define RECEIVER_PORT 20000

/** How a fake provider answers. */
enum fake_answer { FAKE_IMMEDIATE, FAKE_LATER, FAKE_UNAVAILABLE, FAKE_FORBIDDEN, FAKE_NO_MEMORY };

/** Knows one secret under one KeyID (or SPIs). With FAKE_LATER it keeps the question until fake_provider_answer. */
struct fake_provider {
	struct key_provider base;
	enum fake_answer how;
	uint8_t key_id[KEY_PROVIDER_ID_SIZE];
	size_t significant; /**< octets of the KeyID that count: 80, or 16 for SPIs */
	struct shared_secret secret;
	bool is_gone;       /**< the secret: it is not found any more */
	const char *reason; /**< goes with every answer that is not the secret */
	key_answer answer;  /**< pending */
	void *context;
	struct key_query query; /**< the last one */
	unsigned asked;
	unsigned cancelled;
};

struct harness {
	struct event_base *base;
	struct config *config;
	struct suite *suite;
	struct session_registry *sessions;
	struct fake_provider psk;
	struct fake_provider ike;
	struct tsc_clock clock;
	struct control_counters counters;
	const struct control_audit *audit; /**< NULL: nobody observes; set before harness_start */
	struct control_server *server;
};

struct client {
	struct harness *harness;
	struct bufferevent *stream;
	bool ended; /**< the Server closed */
	struct server_greeting greeting;
	struct server_start start;
	struct session_keys keys;
	struct control_stream *cipher;
};

/** The lab's two addresses and ports 20000 to 20009, all modes; the test may change config before harness_start. */
void harness_open(struct harness *harness);
/** Creates the Server. */
void harness_start(struct harness *harness);
/** With another provider of IKE SAs, which outlives the Server. */
void harness_start_with(struct harness *harness, struct key_provider *ike_provider);
/** Destroys all; the Server first. */
void harness_close(struct harness *harness);

uint64_t harness_counter(const struct harness *harness, enum control_counter counter);
/** Runs the event loop for some milliseconds and ROUNDS_LEAST rounds. */
void harness_run(struct harness *harness, unsigned milliseconds);
/** The published session of a flow on core 0; NULL when there is none. */
struct core_session *harness_find(const struct harness *harness, const char *sender,
                                  uint16_t sender_port, const char *reflector,
                                  uint16_t reflector_port);
/** Runs the loop until the Server has that many connections. */
bool harness_wait_connections(struct harness *harness, unsigned connections);
/** Runs the loop until the registry has that many sessions. */
bool harness_wait_sessions(struct harness *harness, unsigned sessions);
/** Runs the loop until a counter has that value. */
bool harness_wait_counter(struct harness *harness, enum control_counter counter, uint64_t value);

/** FAKE_IMMEDIATE; secret is a text. */
void fake_provider_init(struct fake_provider *provider, const char *key_id, size_t significant,
                        const char *secret);

/** Answers the question that FAKE_LATER kept: status 0 gives the secret. */
void fake_provider_answer(struct fake_provider *provider, int status);

/** The provider does not have its secret any more, and tells so. */
void fake_provider_lose(struct fake_provider *provider);

/** Connects from a client address to one of ours, the family being the client's; reads nothing. */
void client_connect(struct client *client, struct harness *harness, const char *address);
/** Closes the client's end. */
void client_close(struct client *client);

void client_write(struct client *client, const void *octets, size_t size);
/** Reads exactly size octets as they came; false when the Server closed or the wait is over. */
bool client_read(struct client *client, void *octets, size_t size);
/** True when the Server closes and sends nothing more. */
bool client_sees_end(struct client *client);
/** True when nothing comes within some milliseconds, and no end. */
bool client_sees_nothing(struct client *client, unsigned milliseconds);

bool client_read_greeting(struct client *client);
/** Sends a Set-Up-Response with a Token under the token key of secret. key_id: zero-terminated, or NULL for the ike SPIs. */
void client_send_set_up(struct client *client, uint32_t mode, const char *key_id,
                        const void *secret, size_t secret_size);
/** Reads Server-Start, and makes the cipher when it accepts; -1 when none came. */
int client_read_server_start(struct client *client, uint32_t mode);
/** Greeting to Server-Start with the right key for the mode; the Accept, or -1. */
int client_set_up(struct client *client, uint32_t mode);
/** Connects, reads the greeting, and sends a Set-Up-Response with the right key for the mode; Server-Start is still to be read. */
bool client_begin(struct client *client, struct harness *harness, const char *address,
                  uint32_t mode);
/** Connects and sets up; true when accepted. */
bool client_open(struct client *client, struct harness *harness, const char *address,
                 uint32_t mode);

/** Completes the HMAC, encrypts, sends. octets are changed. */
void client_send(struct client *client, uint8_t *octets, size_t size);
/** Reads, decrypts and verifies a message. */
bool client_receive(struct client *client, uint8_t *octets, size_t size);

/** A request that is accepted: zero addresses, SENDER_PORT, RECEIVER_PORT, no padding, Timeout 1 s. */
struct request_tw_session client_request_template(uint8_t ip_version);
/** Sends it and reads the answer; false when none came. */
bool client_request(struct client *client, const struct request_tw_session *request,
                    struct accept_session *answer);
/** Requests by the IPv4 template; the Accept, or -1. */
int client_request_accept(struct client *client);
/** Start-Sessions; the Accept of Start-Ack, or -1. */
int client_start(struct client *client);
void client_stop(struct client *client, uint8_t accept, uint32_t sessions);
/** A command of 32 octets and the Accept of the Accept-Session that answers it, or -1. */
int client_command(struct client *client, uint8_t command);

/** Start-N-Sessions or Stop-N-Sessions. */
void client_send_list(struct client *client, uint8_t command, const uint8_t (*sids)[SID_SIZE],
                      uint32_t count);
/** Reads one acknowledgement with at most maximum SIDs; false when none came or it is malformed. */
bool client_read_list(struct client *client, struct session_list *header, uint8_t (*sids)[SID_SIZE],
                      uint32_t maximum);

#endif
