/* SPDX-License-Identifier: BSD-3-Clause */
/** What the Server's own files share. Slow path only. */
#ifndef SPECULAR_CONTROL_SERVER_H
#define SPECULAR_CONTROL_SERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "control/control_server.h"
#include "control/deadlines.h"
#include "control/events.h"
#include "control/limits.h"
#include "key/token_key_cache.h"
#include "wire/control_message.h"

struct connection;
struct listener;
struct test_session;

TAILQ_HEAD(connection_list, connection);
TAILQ_HEAD(half_open_queue, connection);
TAILQ_HEAD(portion_queue, connection);
TAILQ_HEAD(test_session_queue, test_session);
LIST_HEAD(test_session_list, test_session);

/** Milliseconds; from the configuration but for flush. 0 turns SERVWAIT and REFWAIT off. */
struct control_timing {
	uint64_t set_up_deadline;
	uint64_t servwait;
	uint64_t refwait;
	uint64_t ike_answer; /**< of an IKE key provider */
	uint64_t flush;      /**< how long a last message may take to leave */
};

struct control_server {
	struct control_environment environment;
	struct control_timing timing;
	bool draining;
	uint64_t
	        start_time; /**< NTP; the Start-Time of every Server-Start (RFC 4656 section 3.1) */
	uint32_t modes;     /**< of every greeting */
	struct address sid_address; /**< an IPv4 address of ours, family 0 when there is none */
	uint64_t last_sid_time;     /**< NTP; SIDs of one instance never share it */
	struct token_key_cache *token_keys;
	/** Stands in for the secret of an unknown KeyID, so that a wrong passphrase looks the same. */
	struct shared_secret unknown_secret;
	struct limits *limits;
	struct control_log log;
	struct listener *listeners[CONFIG_LISTEN_MAX];
	unsigned listener_count;
	struct event *expiry;     /**< wipes token keys of old Salts */
	struct event *derivation; /**< does a slice of PBKDF2; armed while one goes on */
	bool secrets_went; /**< an SA is gone: those who wait for a token key ask, in their turn */
	struct connection_list connections; /**< newest first */
	unsigned connection_count;
	uint64_t last_connection_id;
	struct half_open_queue half_open; /**< of connections those in no pool yet, oldest first */
	unsigned sessions_started;        /**< and not stopped */
	unsigned sessions_stopped;        /**< in `stopped` */
	/** Stopped, until their Timeout is over, the first of them first; their connection may be gone. */
	struct test_session_queue stopped;
	uint64_t last_stop_number;
	struct deadlines *deadlines; /**< REFWAIT and Timeout of all sessions */

	/* portions.h */
	struct event *portions; /**< armed while anything waits for its next portion */
	unsigned portion;       /**< sessions a turn */
	unsigned spent;         /**< of this turn's */
	struct timeval turn;    /**< which one that is */
	struct portion_queue
	        ending; /**< connections that have ended, and some of their sessions have not */
	struct portion_queue working; /**< those with a command that is not finished */
	uint64_t doomed_connections;  /**< up to this id all are to be closed */
	uint64_t doomed_stops;        /**< and all that were stopped up to this number are to end */

	/** Every session, by its SID's random octets: a power of two of buckets. */
	struct test_session_list *by_sid;
	uint32_t by_sid_mask;
};

/** RFC 4656 section 3.5: an address, a time, random octets. */
#define SID_TIME   4u
#define SID_RANDOM 12u

static inline void server_count(struct control_server *server, enum control_counter counter)
{
	counter_add(&server->environment.counters->values[counter], 1);
}

static inline struct timeval timer_delay(uint64_t milliseconds)
{
	return (struct timeval){.tv_sec = (time_t)(milliseconds / 1000),
	                        .tv_usec = (suseconds_t)(milliseconds % 1000 * 1000)};
}

/** Arms a timer of the event loop. */
static inline void timer_arm(struct event *timer, uint64_t milliseconds)
{
	const struct timeval delay = timer_delay(milliseconds);

	(void)evtimer_add(timer, &delay);
}

/**
 * Has it fire in the next turn of the event loop. When it is about to run it is not armed anew, which would put it off: whoever came before
 * it in every turn would keep it from running at all.
 */
static inline void timer_arm_soon(struct event *timer)
{
	if (!evtimer_pending(timer, NULL))
		timer_arm(timer, 0);
}

/**
 * As timer_arm, for one of the few delays of the configuration. libevent keeps the timers of such a delay in a queue of their own, so that
 * those of all connections don't make the others' heap deep.
 */
static inline void timer_arm_common(struct event *timer, uint64_t milliseconds)
{
	const struct timeval delay = timer_delay(milliseconds);
	const struct timeval *common =
	        event_base_init_common_timeout(event_get_base(timer), &delay);

	(void)evtimer_add(timer, common != NULL ? common : &delay);
}

/** Timing, modes, limits and the like as the environment's configuration and providers have them. */
void server_configure(struct control_server *server);

/** Closes the half-open connection that gives way to a new one of client (NULL: of anybody). False: there is none. */
bool server_displace_half_open(struct control_server *server, const struct address *client,
                               const char *reason);

/** NTP time now. */
uint64_t server_now(const struct control_server *server);

/** Monotonic seconds, for the token key cache. */
uint64_t server_monotonic_s(void);

/** Random octets into a 64-bit seed; ERROR_CRYPTO. */
int server_random_u64(uint64_t *value);

/**
 * A new SID: 4 octets of an IPv4 address of ours (or the last of local, when we have none), 8 of time, 4 random: RFC 4656 section
 * 3.5. Unique, since no two of an instance have the same time. ERROR_CRYPTO.
 */
int server_make_sid(struct control_server *server, const struct address *local,
                    uint8_t sid[SID_SIZE]);

#endif
