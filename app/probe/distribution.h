/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a series of values looks like; pure. A percentile is the nearest-rank one: the smallest value that at least p per cent of
 * the values do not exceed.
 */
#ifndef SPECULAR_PROBE_DISTRIBUTION_H
#define SPECULAR_PROBE_DISTRIBUTION_H

#include <stddef.h>
#include <stdint.h>

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

/** Sorts values. */
struct distribution distribution_of(int64_t *values, size_t count);

#endif
