/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A trial: so many sessions, at such a rate, for so long; then what came of it. The unit that every way of running is made of, and the
 * only thing that a search knows of the world (trial_run is a function pointer in search.h, so that a simulated device does as well).
 */
#ifndef SPECULAR_LOAD_TRIAL_H
#define SPECULAR_LOAD_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "measures.h"

enum trial_kind {
	TRIAL_PACED, /**< an open-loop schedule at the rate */
	TRIAL_BURST, /**< back to back: frames at once, nothing more until they are back or timed out */
};

struct trial_order {
	enum trial_kind kind;
	double rate;          /**< packets a second of all sessions together; TRIAL_PACED */
	uint32_t sessions;    /**< the first so many take part; 0: all */
	uint64_t warm_up_ns;  /**< sent and not counted */
	uint64_t duration_ns; /**< counted; TRIAL_PACED */
	uint32_t frames;      /**< TRIAL_BURST */
};

/** Every second of a long trial; the last may be shorter. Differences, not sums. */
struct trial_second {
	uint64_t at_ns; /**< its end, since the trial's first counted packet */
	uint64_t length_ns;
	uint64_t sent, answered, missed, wrong, reordered, duplicates;
	uint64_t rtt_p50, rtt_p99, rtt_maximum; /**< ns, of LOAD_RTT */
};

/** Of one burst, TRIAL_BURST. */
struct trial_burst {
	uint32_t sent, received;
	uint64_t send_ns;    /**< first to last frame given to the device */
	uint64_t arrival_ns; /**< first to last reply's arrival, as polled */
	/**
	 * Last frame given to last reply's arrival. Where the device passes a burst on as a whole (memif, a ring) that is what the other
	 * side took for it, and a little more, never less: unlike the time between arrivals, which is short when this side came late.
	 */
	uint64_t return_ns;
	/**
	 * The reflector's own clock: first to last Timestamp. It says how long the reflector took for the burst however slow the load is; 0
	 * with LOAD_PEER_SWAP, or when replies were judged not to be right.
	 */
	uint64_t reflector_ns;
};

/** From so many missed slots in a million on the schedule was not kept. */
#define TRIAL_MISSED_PARTS 1000u
/** From so much time to spare on it was the device that did not take more. */
#define TRIAL_SPARE_SHARE 0.1

/** What limited a trial besides the reflector; a bit each. */
enum trial_limit {
	TRIAL_LIMIT_SCHEDULE =
	        1, /**< missed slots, TRIAL_MISSED_PARTS or more: this program's lcores were too slow */
	/**
	 * Slots were missed since the device took less than was due: this program's lcores had TRIAL_SPARE_SHARE of their time left, and
	 * could but wait. Of a device that holds back its sender (memif, rings) that is the reflector's queue, which was full.
	 */
	TRIAL_LIMIT_TRANSMIT = 2,
	TRIAL_LIMIT_BUFFERS =
	        4, /**< no buffers left to send or receive, or no room on the way to another lcore */
	TRIAL_LIMIT_RECEIVE =
	        8, /**< the device dropped what this program's lcores did not take in time */
	TRIAL_LIMIT_LINK = 16, /**< the port's link was down */
};

/** What nobody can blame on the one side or the other. */
#define TRIAL_LIMITS_OF_NOBODY ((unsigned)TRIAL_LIMIT_TRANSMIT | (unsigned)TRIAL_LIMIT_LINK)

struct trial_result {
	struct trial_order order;
	uint64_t sent;        /**< counted packets */
	uint64_t duration_ns; /**< of the schedule's counted slots; of sending, TRIAL_BURST */
	double sent_rate;     /**< packets a second that really left */
	double answered_rate;
	uint64_t
	        lost; /**< sent - answered = lost_forward + lost_backward + lost_unknown; late ones are lost */
	uint64_t lost_forward; /**< never reached the reflector, RFC 5357 section 4.2.1's numbers */
	uint64_t lost_backward; /**< its reply never came (or late) */
	uint64_t lost_unknown;  /**< behind a session's last reply: nobody can tell */
	unsigned
	        limits; /**< enum trial_limit: then loss is not the reflector's fault alone, and a rate was not offered */
	uint64_t link_down_ns; /**< in steps of about 100 ms */
	bool interrupted;      /**< a person stopped it; the rest is right as far as it went */
	struct load_measures measures; /**< of all lcores, merged */
	struct trial_burst burst;      /**< TRIAL_BURST */
};

/** lost in parts a million of sent. */
double trial_loss(const struct trial_result *result);

/** Whether the load sent what was ordered, within 1 %; always of a burst. */
bool trial_offered(const struct trial_result *result);

/** Runs one; 0 also when interrupted. An error ends the whole run (the device is gone, the control connection closed). */
typedef int (*trial_run)(void *context, const struct trial_order *order,
                         struct trial_result *result, struct error *error);

#endif
