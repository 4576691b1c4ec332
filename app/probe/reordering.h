/* SPDX-License-Identifier: BSD-3-Clause */
/** Reordered packets and how far they were moved: RFC 4737; pure. */
#ifndef SPECULAR_PROBE_REORDERING_H
#define SPECULAR_PROBE_REORDERING_H

#include <stddef.h>
#include <stdint.h>

/** RFC 4737 sections 3.3 and 4.2.1, duplicates left out. */
struct reordering {
	uint64_t packets;        /**< that arrived */
	uint64_t reordered;      /**< with a number smaller than one that arrived before */
	uint64_t maximum_extent; /**< in packets: how far back the earliest such one lies */
};

/** numbers in order of arrival, each at most once. running is working memory of count numbers. */
struct reordering reordering_of(const uint32_t *numbers, size_t count, uint32_t *running);

#endif
