/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a polling lcore tells of its work: sizes of bursts, time spent, time from a burst's receipt to its replies' transmission.
 * That lcore alone writes, once a burst; the slow path reads (relaxed). No system call, no lock.
 */
#ifndef SPECULAR_REFLECT_WORKER_STATISTICS_H
#define SPECULAR_REFLECT_WORKER_STATISTICS_H

#include <stdint.h>

#include "stats/counters.h"

/** Frames taken from a queue at once. */
#define WORKER_BURST 32u

/** Each power of two of TSC ticks is divided by eight: a bucket is at most an eighth as wide as its lower bound. */
#define TURNAROUND_PARTS_SHIFT 3u
#define TURNAROUND_PARTS       (1u << TURNAROUND_PARTS_SHIFT)
/** Longer ones, some minutes, count as this. */
#define TURNAROUND_BITS    40u
#define TURNAROUND_BUCKETS ((TURNAROUND_BITS - TURNAROUND_PARTS_SHIFT + 1) * TURNAROUND_PARTS)

struct worker_statistics {
	/** TSC ticks of polls that found frames; the poll itself too where the one before it found some. */
	uint64_t busy_ticks;
	uint64_t burst_sizes[WORKER_BURST + 1]; /**< [n]: bursts of n frames; [0] stays 0 */
	uint64_t turnaround
	        [TURNAROUND_BUCKETS]; /**< replies, by the time from poll to transmission */
	uint64_t
	        last_end; /**< the worker's: TSC of the end of the last poll when that found frames, else 0 */
};

static inline unsigned turnaround_bucket(uint64_t ticks)
{
	if (ticks < TURNAROUND_PARTS)
		return (unsigned)ticks;
	if (ticks >> TURNAROUND_BITS != 0)
		return TURNAROUND_BUCKETS - 1;
	unsigned shift = 63u - (unsigned)__builtin_clzll(ticks) - TURNAROUND_PARTS_SHIFT;
	return (shift << TURNAROUND_PARTS_SHIFT) + (unsigned)(ticks >> shift);
}

/** The largest number of ticks of a bucket. */
static inline uint64_t turnaround_bucket_end(unsigned bucket)
{
	if (bucket < TURNAROUND_PARTS)
		return bucket;
	unsigned shift = (bucket >> TURNAROUND_PARTS_SHIFT) - 1;
	uint64_t part = TURNAROUND_PARTS + (bucket & (TURNAROUND_PARTS - 1));
	return ((part + 1) << shift) - 1;
}

/** A burst of frames was there at TSC polled; its replies, if any, were handed to the device by TSC end. */
static inline void worker_statistics_note(struct worker_statistics *statistics, unsigned frames,
                                          unsigned replies, uint64_t polled, uint64_t end)
{
	uint64_t begin = statistics->last_end != 0 ? statistics->last_end : polled;

	statistics->last_end = end;
	counter_add(&statistics->busy_ticks, end - begin);
	counter_add(&statistics->burst_sizes[frames], 1);
	counter_add(&statistics->turnaround[turnaround_bucket(end - polled)], replies);
}

#endif
