/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * From session records to numbers; pure. Durations are nanoseconds. A percentile is the nearest-rank one: the smallest value
 * that at least p per cent of the values do not exceed.
 */
#ifndef SPECULAR_PROBE_STATISTICS_H
#define SPECULAR_PROBE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session_record.h"

/** count 0: the rest is zero and means nothing. */
struct distribution {
	uint64_t count;
	int64_t minimum;
	int64_t mean;
	int64_t median;
	int64_t p95;
	int64_t p99;
	int64_t maximum;
};

/** RFC 4737 sections 3.3 and 4.2.1, duplicates left out. */
struct reordering {
	uint64_t packets;        /**< that arrived */
	uint64_t reordered;      /**< with a number smaller than one that arrived before */
	uint64_t maximum_extent; /**< in packets: how far back the earliest such one lies */
};

struct hop_range {
	bool known;
	uint8_t minimum; /**< 255 - TTL */
	uint8_t maximum;
};

struct statistics {
	uint64_t sent;
	uint64_t answered;     /**< first replies within the timeout */
	uint64_t lost;         /**< sent - answered = late + forward + reverse + unknown */
	uint64_t late;         /**< answered after the timeout only */
	uint64_t lost_forward; /**< never reached the reflector */
	uint64_t lost_reverse; /**< the reflector's reply never came back */
	uint64_t
	        lost_unknown; /**< the last ones, after which no reply tells, or a reflector that does not count */
	uint64_t duplicates;
	uint64_t
	        duplicates_forward; /**< the reflector answered twice: the packet reached it twice */
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
	uint64_t kernel_departures; /**< packets with the kernel's transmit timestamp */
	uint64_t kernel_arrivals;   /**< answers with the kernel's receive timestamp */
	uint64_t dscp_changed;      /**< replies whose DSCP is not the one asked for */
	uint16_t reply_octets_minimum;
	uint16_t reply_octets_maximum;
};

/**
 * Over one or more sessions: counts are sums, distributions are over all samples, reordering and loss direction are judged
 * within each session. ERROR_MEMORY.
 */
int statistics_compute(const struct session_record *const *sessions, size_t number,
                       struct statistics *statistics);

/** Sorts values. */
struct distribution distribution_of(int64_t *values, size_t count);

/** numbers in order of arrival, each at most once. running is working memory of count numbers. */
struct reordering reordering_of(const uint32_t *numbers, size_t count, uint32_t *running);

/** 0 all answered, 1 loss or no answer: the program's exit code. */
int statistics_exit_code(const struct statistics *statistics);

#endif
