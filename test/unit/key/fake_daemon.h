/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * An IKE daemon's end of doc/ike-key-protocol.md for tests, and the charon provider that is connected to it. Both live in one thread: the
 * provider's event loop turns only in the functions here that say so. Made for tests of CUnit: what must not happen ends the test.
 *
 * SAs have numbers; everything of an SA follows from its number.
 */
#ifndef SPECULAR_TEST_FAKE_DAEMON_H
#define SPECULAR_TEST_FAKE_DAEMON_H

#include <event2/event.h>

#include "key/charon.h"
#include "unit.h"

#define FAKE_SECRET_SIZE 32u
#define FAKE_PRF         5u /**< HMAC-SHA2-256 */

struct fake_daemon {
	struct event_base *base;
	struct config_ikev2 settings; /**< timeout_ms is 5000 until a test wants it to expire */
	struct key_provider *provider;
	char folder[32];
	int listener; /**< -1: nobody listens */
	int peer;     /**< the provider's connection once accepted; -1 */
	uint32_t subscription;
	int log; /**< what the provider logs: a file */
	int standard_error;
	unsigned gone; /**< calls of the watcher */
	struct shared_secret gone_last;
};

/** What a look-up got. */
struct answer {
	unsigned count;
	int status;
	struct shared_secret secret;
	char reason[ERROR_TEXT_SIZE];
	struct key_lookup *lookup;
};

/** An event base, a socket that listens, a log that is caught. The provider isn't made yet: settings may be changed. */
void fake_init(struct fake_daemon *fake);
void fake_create(struct fake_daemon *fake);
/** fake_init, fake_create, and a snapshot of SAs 1 to count. */
void fake_start(struct fake_daemon *fake, unsigned count);
void fake_stop(struct fake_daemon *fake);

void fake_listen(struct fake_daemon *fake);
void fake_stop_listening(struct fake_daemon *fake);

/** Turns the loop for a moment: what is ready is handled. */
void fake_turn(struct fake_daemon *fake);

/** Turns the loop until condition holds; the test ends when it does not within seconds. */
#define FAKE_UNTIL(fake, condition)                                                                \
	do {                                                                                       \
		bool holds_ = (condition);                                                         \
		for (unsigned turns_ = 0; turns_ < 10000 && !holds_; turns_++) {                   \
			fake_turn(fake);                                                           \
			holds_ = (condition);                                                      \
		}                                                                                  \
		CU_ASSERT_FATAL(holds_);                                                           \
	} while (0)

/** Turns until the provider has connected. */
void fake_accept(struct fake_daemon *fake);
/** fake_accept, and turns until the SUBSCRIBE has come. */
void fake_accept_subscription(struct fake_daemon *fake);
/** fake_accept_subscription, SAs 1 to count, END; turns until the provider is ready. */
void fake_snapshot(struct fake_daemon *fake, unsigned count);
void fake_hang_up(struct fake_daemon *fake);
/** Turns until the provider has hung up. */
void fake_expect_hang_up(struct fake_daemon *fake);

/** Turns until a request has come; false when none comes for a moment. */
bool fake_request(struct fake_daemon *fake, struct ike_key_message *request);
/** A request that must come: GET_BY_SPIS of an SA; its number. */
uint32_t fake_expect_question(struct fake_daemon *fake, unsigned sa);

/** Sends; the loop turns when the socket is full. */
void fake_octets(struct fake_daemon *fake, const void *octets, size_t size);
void fake_say(struct fake_daemon *fake, const struct ike_key_message *message);
void fake_say_sa(struct fake_daemon *fake, uint8_t type, uint32_t request, unsigned sa);
void fake_say_end(struct fake_daemon *fake, uint32_t count);
void fake_say_error(struct fake_daemon *fake, uint32_t request, uint16_t code, const char *text);
void fake_say_gone(struct fake_daemon *fake, unsigned sa);

/** IKE_KEY_SA or IKE_KEY_EVENT_UP of an SA: peer 192.0.2.(sa mod 256), identity "peer-(sa).example". */
struct ike_key_message fake_sa(uint8_t type, uint32_t request, unsigned sa);
/** The same in place: leaves no copy of the secret behind. */
void fake_fill_sa(struct ike_key_message *message, uint8_t type, uint32_t request, unsigned sa);
void fake_spis(unsigned sa, uint8_t spis[IKE_SPIS_SIZE]);
/** The octets of an SA's secret. */
void fake_secret(unsigned sa, uint8_t secret[FAKE_SECRET_SIZE]);

/** A look-up for an SA by its own peer, into *answer. */
void fake_ask(struct fake_daemon *fake, unsigned sa, struct answer *answer);
struct key_query fake_query(unsigned sa);
/** key_answer into a struct answer. */
void fake_take_answer(void *context, int status, const struct shared_secret *secret,
                      const char *reason);
/** One answer, status 0, with the SA's secret and name. */
bool is_secret_of(const struct answer *answer, unsigned sa);
/** No secret, status, and a reason with part in it (NULL: no reason). */
bool is_failure(const struct answer *answer, int status, const char *part);

/** How often text stands in the log. */
unsigned fake_logged(struct fake_daemon *fake, const char *text);

struct charon_provider *fake_charon(struct fake_daemon *fake);

#endif
