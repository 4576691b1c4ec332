/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * From the KeyID of a Set-Up-Response to the session keys of its Token: the key provider is asked, the token key derived, the Token
 * opened. RFC 4656 section 3.1, RFC 7717 section 5; doc/key-path.md tells the whole way.
 */
#ifndef SPECULAR_CONTROL_KEY_AGREEMENT_H
#define SPECULAR_CONTROL_KEY_AGREEMENT_H

#include "control/control_audit.h"
#include "key/key_provider.h"

struct connection;
struct control_server;
struct shared_secret;

/** connection->response and mode are in place. Ends, now or later, with set_up_complete, set_up_reject or set_up_fail. */
void key_agreement_begin(struct connection *connection);

/**
 * A derivation of the token key cache has ended, or a secret is gone: asks the cache again for every connection that waits, or the
 * provider where its secret is the one that is gone.
 */
void key_agreement_go_on(struct control_server *server);

/**
 * The IKE SA of a secret is gone (RFC 7717 section 5.1): nothing derived from it is kept for new connections, and who still waits for
 * its token key needs an SA that is there. Connections that are set up go on. Asks no provider before the event loop's next turn, since
 * it is one that tells this.
 */
void key_agreement_secret_gone(struct control_server *server, const struct shared_secret *secret);

/** Keys are other ones from now on: every connection that waits for a key's provider, or for a token key, asks anew. Connections that
 * are set up go on. Before an old provider is destroyed. */
void key_agreement_restart(struct control_server *server);

/**
 * The name of the key that the client asked for, whether or not it is known: the KeyID, or "spi-i/spi-r" in hexadecimal; "" in a mode
 * without keys.
 */
enum control_key_kind key_agreement_name(const struct connection *connection,
                                         char name[KEY_NAME_SIZE]);

/** The connection ends: no answer of a key provider is awaited any more, and no token key. */
void key_agreement_cancel(struct connection *connection);

#endif
