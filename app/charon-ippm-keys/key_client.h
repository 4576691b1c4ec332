/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * One client of the key server: reads its requests, answers them from the store, and sends it the changes it has subscribed to.
 * Never blocks; what a client costs is bounded: it is not read from while it does not take its answers, all SAs are written as it
 * reads them, and a subscriber that leaves too many changes unread is hung up.
 */
#ifndef CHARON_IPPM_KEYS_KEY_CLIENT_H
#define CHARON_IPPM_KEYS_KEY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "octet_queue.h"
#include "peer_permission.h"
#include "sa_store.h"
#include "wire/ike_key_message.h"

/** What all clients share; outlives them. */
struct key_client_rules {
	struct sa_store *store;
	bool expose_sk_d;
	int64_t half_message_ms; /**< a message that has begun must end within */
	int64_t leave_ms;        /**< time to read the error that ends the connection */
	size_t unsent_maximum;   /**< octets of changes that a subscriber may leave unread */
};

/** All SAs on their way to the client, as LIST or SUBSCRIBE asked for. */
struct key_client_reading {
	bool active;
	struct sa_cursor cursor;
	uint32_t request;
	uint32_t count;
	uint16_t want;
};

struct key_client {
	const struct key_client_rules *rules;
	int fd;
	struct peer_credentials who;
	bool leaving; /**< has been sent an error; waits for the client to hang up */
	bool ended;   /**< sends nothing more */
	bool held;    /**< requests wait for room for their answers */
	bool subscribed;
	uint16_t want;         /**< in the changes */
	int64_t deadline;      /**< CLOCK_MONOTONIC ms; 0: none */
	const char *complaint; /**< why the client is leaving, for the log; NULL: it is not */
	struct key_client_reading reading;
	struct octet_queue out;
	struct octet_queue changes; /**< those that came while all SAs were on their way */
	size_t in_size;
	uint8_t in[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
};

/** fd is the client's from now on. NULL: no memory, fd is still the caller's. */
struct key_client *key_client_create(const struct key_client_rules *rules, int fd,
                                     const struct peer_credentials *who);

/** Hangs up. */
void key_client_destroy(struct key_client *client);

/** Sends an error that has no request, after which the client has leave_ms to hang up. */
void key_client_dismiss(struct key_client *client, enum ike_key_error error, const char *text,
                        int64_t now);

/** What poll(2) shall look for. */
short key_client_poll_events(const struct key_client *client);

/** After poll(2): reads, answers, sends; looks at the deadline too. False: the connection is over. */
bool key_client_serve(struct key_client *client, short poll_events, int64_t now);

/** A change for a client that may have subscribed; key_client_serve sends it. */
void key_client_tell(struct key_client *client, const struct ike_key_message *event, int64_t now);

#endif
