/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * One polling lcore of the load: its queue pair, its sessions, and how far it is in a trial. The main thread talks to it by one word
 * (command) and hears from it by another (finished): no lock, and everything else has one writer at a time.
 */
#ifndef SPECULAR_LOAD_LCORE_H
#define SPECULAR_LOAD_LCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "pacer.h"
#include "receiver.h"
#include "sender.h"
#include "trial.h"
#include "turn.h"

struct rte_mbuf;
struct rte_mempool;
struct rte_ring;

#define LCORE_BURST_FRAMES_MAX 16384u
/** Of a burst's replies that wait to be judged, foreign frames among them. */
#define LCORE_COLLECTED_MAX (LCORE_BURST_FRAMES_MAX + 2048u)

/** The low bits of the command word; the others are the trial's number. */
enum lcore_command {
	LCORE_REST,      /**< only what the kernel sends and gets */
	LCORE_TRIAL,     /**< do what order says */
	LCORE_INTERRUPT, /**< send no more */
	LCORE_STOP,      /**< leave the loop */
};
#define LCORE_COMMAND_BITS 2u
#define LCORE_COMMAND_MASK ((UINT64_C(1) << LCORE_COMMAND_BITS) - 1)

enum lcore_phase {
	LCORE_RESTING,
	LCORE_OPENING, /**< sessions begin the trial */
	LCORE_WARMING_UP,
	LCORE_SENDING,
	LCORE_BUILDING,  /**< TRIAL_BURST: frames are made, none is sent */
	LCORE_BURSTING,  /**< they are sent, and come back */
	LCORE_WAITING,   /**< for replies on their way */
	LCORE_LINGERING, /**< all is answered: for doubles of the last replies */
	LCORE_CLOSING,   /**< loss is summed up */
};

/** Frames that wait for the device; in order. */
struct lcore_pending {
	struct rte_mbuf *mbufs[SEND_BURST_MAX];
	struct load_flight *flights[SEND_BURST_MAX];
	uint64_t due[SEND_BURST_MAX]; /**< their schedule */
	unsigned at, end;
	unsigned uncounted; /**< the first so many are the warm-up's */
};

/** Since the last call of the device that took less than was given. */
struct lcore_held_back {
	uint64_t since_tsc; /**< 0: it took all */
	uint64_t arrivals;  /**< at that time */
};

/** The frames of a TRIAL_BURST, and what came back. Arrays of the engine's; NULL when no burst may be ordered. */
struct lcore_burst {
	struct rte_mbuf **frames;     /**< LCORE_BURST_FRAMES_MAX */
	struct load_flight **flights; /**< of the frames */
	struct rte_mbuf **collected;  /**< LCORE_COLLECTED_MAX */
	uint64_t *arrivals;           /**< TSC of each */
	unsigned wanted, built, sent, collected_count;
	uint64_t first_sent_tsc, last_sent_tsc;
};

/** What the main thread reads once finished says so. */
struct lcore_result {
	struct session_loss loss; /**< of all its sessions */
	uint64_t scheduled;       /**< counted slots */
	uint64_t
	        dropped; /**< counted frames that the device never took; the last of their sessions */
	uint64_t hand_over_full; /**< frames lost since another lcore did not take them */
	uint64_t first_arrival_tsc, last_arrival_tsc; /**< of test frames; 0 for none */
	uint64_t first_sent_tsc, last_sent_tsc;       /**< TRIAL_BURST */
	uint64_t first_timestamp, last_timestamp;     /**< the reflector's; receiver.h */
	uint32_t timestamps;
};

struct lcore {
	/* Fixed. */
	uint16_t port_id;
	uint16_t queue_id;
	struct rte_mempool *pool;
	struct rte_ring *to_kernel;
	struct rte_ring *from_kernel; /**< NULL unless it is the first */
	struct rte_ring *
	        *hand_over; /**< one an lcore, by index; NULL when there is but one lcore */
	int arrival_field;  /**< mbuf dynamic field of what is handed over: its arrival's TSC */
	uint64_t tsc_hz;
	uint64_t late_ticks;
	uint64_t timeout_ticks;
	uint64_t linger_ticks;
	uint16_t send_burst;
	bool judge_afterwards; /**< TRIAL_BURST */
	enum config_idle idle;
	uint64_t idle_sleep_ns; /**< a nap's length at most */
	struct sender sender;
	struct receiver receiver; /**< its measures are one of these two */
	struct load_measures *measures;
	struct load_measures
	        *between; /**< what comes between trials is counted here, and never looked at */

	/* The main thread writes before it commands a trial. */
	struct turn turn;
	struct trial_order order;    /**< rate and frames are this lcore's share */
	struct load_flight *nowhere; /**< FLIGHTS_MINIMUM flights of sessions that take no part */
	struct load_flight *
	        flights; /**< for its sessions that take part, one behind the other; NULL: they have theirs */

	/** The main thread writes (release), the lcore reads (acquire). */
	uint64_t command;
	/** The lcore writes (release), the main thread reads (acquire): the number of the newest trial that measures are of. They are cleared before, and read behind it. */
	uint64_t begun;
	/** The lcore writes (release), the main thread reads (acquire): the number of the newest trial that is over. */
	uint64_t finished;

	/* The lcore's. */
	uint64_t seen; /**< newest command */
	enum lcore_phase phase;
	unsigned group, session; /**< how far opening or closing is */
	struct pacer pacer;
	uint64_t end_tsc;                       /**< of sending */
	uint64_t deadline_tsc;                  /**< of waiting */
	uint64_t counted;                       /**< packets built that count */
	struct rte_mbuf *stock[SEND_BURST_MAX]; /**< empty buffers */
	unsigned stock_count;
	struct lcore_pending pending;
	struct lcore_held_back held_back;
	struct lcore_burst burst;
	struct lcore_result result;
} __attribute__((aligned(64)));

/** The lcore's function for rte_eal_remote_launch; argument is struct lcore *. Returns 0 once it is told to stop. */
int lcore_run(void *lcore);

#endif
