/* SPDX-License-Identifier: BSD-3-Clause */
/** Many Control-Clients at once on nonblocking sockets: as much load as one server can take, in one thread. IPv4. */
#ifndef SPECULAR_BENCH_CONTROL_LOAD_H
#define SPECULAR_BENCH_CONTROL_LOAD_H

#include "base/address.h"
#include "base/error.h"
#include "key/key_provider.h"

#define CONTROL_LOAD_PARALLEL 16u

/** Client key of a connection by its number: KeyID and secret. May be NULL in unauthenticated mode. */
typedef void (*control_load_key)(const void *context, unsigned number,
                                 uint8_t key_id[KEY_PROVIDER_ID_SIZE],
                                 struct shared_secret *secret);

struct control_load {
	struct endpoint server;
	struct address receiver; /**< of the sessions */
	uint16_t receiver_port;  /**< first asked for */
	uint32_t mode;
	control_load_key key;
	const void *key_context;
	unsigned connections; /**< to make in all, CONTROL_LOAD_PARALLEL at once */
	unsigned sessions;    /**< of each */
	uint64_t timeout;     /**< asked for, 32.32 seconds */
	/** First octets 127.0.x.y of the clients' addresses come from here: connection n of any run has its own. */
	unsigned first_address;
	/** NULL: Stop-Sessions and close. Else connections sockets, left open with their sessions started; the caller closes them. */
	int *held;
};

/** Runs to the end of the last connection. ERROR_SYSTEM, ERROR_FORMAT (an answer that refuses or is wrong) with a text. */
int control_load_run(const struct control_load *load, struct error *error);

#endif
