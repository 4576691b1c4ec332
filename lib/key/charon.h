/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the charon provider's parts share: charon_provider.c (the provider's face), charon_lookup.c (look-ups and their answers) and
 * charon_daemon.c (the connection's life and what the daemon tells).
 *
 * Call-backs of the provider's user (answers, gone) may ask and cancel. Asking never connects, reads or writes by itself: the event
 * loop does. So whatever a call-back does, no connection and no SA goes away under it.
 */
#ifndef SPECULAR_KEY_CHARON_H
#define SPECULAR_KEY_CHARON_H

#include <sys/queue.h>

#include "base/log.h"
#include "key/charon_connection.h"
#include "key/charon_provider.h"
#include "key/ike_sa_cache.h"

struct event;

/** Look-ups that wait at a time, those cancelled included until the daemon has answered them. */
#define CHARON_LOOKUPS_MAXIMUM 1024u
/** SAs: some 200 octets each. A daemon that tells of more is not followed. */
#define CHARON_SAS_MAXIMUM 1000000u
/** The pause between tries to connect: doubled from the one to the other. */
#define CHARON_PAUSE_MINIMUM_MS 100u
#define CHARON_PAUSE_MAXIMUM_MS 10000u

enum charon_state {
	CHARON_DOWN,     /**< no connection */
	CHARON_SNAPSHOT, /**< subscribed; what the daemon has is coming */
	CHARON_READY,    /**< the cache has what the daemon has */
};

TAILQ_HEAD(charon_lookup_list, key_lookup);

struct key_lookup {
	TAILQ_ENTRY(key_lookup) link;
	struct charon_lookup_list *list; /**< where it stands */
	struct key_query query;
	key_answer answer; /**< NULL: cancelled, but the daemon's answer is still to come */
	void *context;
	uint32_t request;  /**< of the question to the daemon */
	uint64_t asked_ms; /**< when that was; monotonic */
};

enum charon_log {
	CHARON_LOG_CONNECTED,
	CHARON_LOG_LOST,
	CHARON_LOG_UNREACHABLE,
	CHARON_LOG_REFUSED,
	CHARON_LOG_UNUSABLE,
	CHARON_LOG_REKEYED,
	CHARON_LOG_COUNT
};

struct charon_provider {
	struct key_provider provider; /**< first: a struct key_provider * is its address */
	struct event_base *base;
	const struct config_ikev2 *settings;
	struct log_limiter limiters[CHARON_LOG_COUNT];

	enum charon_state state;
	struct charon_connection *connection; /**< NULL when down */
	struct event *retry;                  /**< when down: the next try to connect */
	struct event *deadline;               /**< of the snapshot, then of the oldest question */
	uint64_t since_ms;                    /**< of the last try to connect; monotonic */
	uint64_t earliest_ms;                 /**< no look-up makes it try before */
	uint64_t pause_ms;                    /**< the next pause */
	struct error failure;    /**< why it is down: the reason of look-ups that can't wait */
	uint32_t request;        /**< the last one's number on this connection */
	uint32_t snapshot_count; /**< SAs that the snapshot has told of */
	struct ike_sa_cache cache;

	unsigned lookup_count;
	struct charon_lookup_list waiting; /**< for the cache to be usable */
	struct charon_lookup_list asked;   /**< of the daemon, in the order of asking */
	struct charon_lookup_list failed;  /**< the connection is lost; about to be answered */
};

/** key_provider_operations.ask and .cancel. */
int charon_lookup_ask(struct key_provider *provider, const struct key_query *query,
                      key_answer answer, void *context, struct key_lookup **lookup);
void charon_lookup_cancel(struct key_provider *provider, struct key_lookup *lookup);

/** The cache has become usable: answers, or asks the daemon for, what waited for it. */
void charon_lookup_resume(struct charon_provider *charon);

/** The question with that number; NULL when there is none. */
struct key_lookup *charon_lookup_find(const struct charon_provider *charon, uint32_t request);

/** The daemon has answered. status 0: with sa; else as key_answer. The question is over; lookup is dead. */
void charon_lookup_finish(struct charon_provider *charon, struct key_lookup *lookup, int status,
                          const struct ike_sa *sa, const char *reason);

/** An SA is gone: who has asked for it gets ERROR_NOT_FOUND, whatever the daemon's answer, still to come, says. */
void charon_lookup_gone(struct charon_provider *charon, const uint8_t spis[IKE_SPIS_SIZE]);

/** The connection is lost: sets aside what has to be answered, so that call-backs may ask anew; then answers it. */
void charon_lookup_set_aside(struct charon_provider *charon);
void charon_lookup_fail(struct charon_provider *charon, const char *reason);

/** Frees all without an answer. */
void charon_lookup_clear(struct charon_provider *charon);

/** Makes the timers. ERROR_MEMORY. */
int charon_daemon_init(struct charon_provider *charon);
void charon_daemon_destroy(struct charon_provider *charon);

/** When down: tries to connect as soon as the event loop turns. */
void charon_daemon_connect_soon(struct charon_provider *charon);

/** When ready: asks for the SA that the look-up wants; sets its request and asked_ms. ERROR_LIMIT. */
int charon_daemon_ask(struct charon_provider *charon, struct key_lookup *lookup);

/** The snapshot is complete. */
void charon_daemon_ready(struct charon_provider *charon);

uint64_t charon_now_ms(void);

#endif
