/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What a bench program prints: one JSON object a line on standard output; tools/bench reads these lines, passes over others,
 * computes medians, ratios and targets, and writes the report. doc/performance.md documents the fields.
 *
 *   {"group": "datapath", "case": {"mode": "authenticated", "sessions": 1024}, "unit": "tsc-cycles/packet", "rounds": [181.2, 180.9]}
 *
 * One value a round. Programs that compare measure the compared cases alternately, so that round i of one was measured
 * beside round i of the other, and a ratio can be taken round by round.
 */
#ifndef SPECULAR_BENCH_RECORD_H
#define SPECULAR_BENCH_RECORD_H

#include <stdio.h>

#define RECORD_TEXT_SIZE  512u
#define RECORD_ROUNDS_MAX 64u

/** One measured case while its rounds come in. */
struct record {
	char group[32];
	char fields[RECORD_TEXT_SIZE]; /**< of "case", as JSON members */
	char unit[32];
	double rounds[RECORD_ROUNDS_MAX];
	unsigned round_count;
};

/** Starts an empty record. */
void record_init(struct record *record, const char *group, const char *unit);
/** Fields of the case; they appear in the order in which they are added. */
void record_text(struct record *record, const char *name, const char *value);
void record_number(struct record *record, const char *name, unsigned long value);
/** Adds a round's value; what exceeds RECORD_ROUNDS_MAX ends the program. */
void record_round(struct record *record, double value);
/** Prints the line. */
void record_print(const struct record *record, FILE *to);

#endif
