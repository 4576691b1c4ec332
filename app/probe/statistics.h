/* SPDX-License-Identifier: BSD-3-Clause */
/** From session records to numbers; pure. Durations are nanoseconds. */
#ifndef SPECULAR_PROBE_STATISTICS_H
#define SPECULAR_PROBE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "distribution.h"
#include "reordering.h"
#include "session_record.h"

#define DSCP_COUNT 64u
#define ECN_COUNT  4u

struct hop_range {
	bool known;
	uint8_t minimum; /**< 255 - TTL */
	uint8_t maximum;
};

/** DSCP and ECN with which the answered packets reached the reflector. */
struct received_classes {
	bool known; /**< the mode was agreed on */
	uint64_t dscp[DSCP_COUNT];
	uint64_t ecn[ECN_COUNT];
	uint64_t dscp_changed; /**< not as it was sent */
	uint64_t ecn_changed;
};

struct statistics {
	uint64_t sent;
	uint64_t answered;     /**< first replies within the timeout */
	uint64_t lost;         /**< sent - answered = late + forward + reverse + unknown */
	uint64_t late;         /**< answered after the timeout only */
	uint64_t lost_forward; /**< never reached the reflector */
	uint64_t lost_reverse; /**< the reflector's reply never came back */
	uint64_t lost_unknown; /**< behind the last answered one, or the reflector does not count */
	uint64_t duplicates;
	uint64_t duplicates_forward; /**< the packet reached the reflector twice */
	uint64_t duplicates_reverse; /**< one reply came twice */
	uint64_t corrupt;            /**< sum of the verdicts that mean a wrong reply */
	uint64_t foreign;
	uint64_t verdicts[REPLY_VERDICT_COUNT];
	struct reordering reordering_round_trip;
	struct reordering reordering_forward;
	struct reordering reordering_reverse;
	struct distribution rtt;             /**< (T4 - T1) - (T3 - T2) */
	struct distribution one_way_forward; /**< T2 - T1: needs both clocks right */
	struct distribution one_way_reverse; /**< T4 - T3 */
	struct distribution turnaround;      /**< T3 - T2 */
	uint64_t turnaround_invalid; /**< T3 - T2 negative or longer than T4 - T1: no RTT then */
	struct distribution ipdv_forward; /**< absolute values, RFC 3393, of packets i-1 and i */
	struct distribution ipdv_reverse;
	uint64_t one_way_error_ns; /**< largest sum of both Error Estimates; UINT64_MAX: no idea */
	bool synchronized;         /**< S bit of every packet of both sides */
	struct hop_range hops_forward;
	struct hop_range hops_reverse;
	uint64_t kernel_departures;       /**< packets with the kernel's transmit timestamp */
	uint64_t kernel_arrivals;         /**< answers with the kernel's receive timestamp */
	uint64_t dscp_changed;            /**< replies whose DSCP is not the one asked for */
	struct received_classes received; /**< by the reflector, RFC 7750 */
	uint64_t ptp_timestamps;          /**< answers whose timestamps came in PTP format */
	uint16_t reply_octets_minimum;
	uint16_t reply_octets_maximum;
};

/**
 * Over one or more sessions: counts are sums, distributions are over all samples, reordering and loss direction are judged
 * within each session. ERROR_MEMORY.
 */
int statistics_compute(const struct session_record *const *sessions, size_t number,
                       struct statistics *statistics);

/** 0 all answered, 1 loss or no answer: the program's exit code. */
int statistics_exit_code(const struct statistics *statistics);

#endif
