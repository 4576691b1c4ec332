/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Cases that are measured alternately because somebody will compare them: all those of one mode and address family, beside bare
 * ipsec-mb. A full run has every combination, but for ipsec-mb's and OpenSSL's largest worlds; a quick one what targets need.
 */
#ifndef SPECULAR_BENCH_DATAPATH_BLOCK_H
#define SPECULAR_BENCH_DATAPATH_BLOCK_H

#include "alternate.h"
#include "crypto_case.h"
#include "datapath_case.h"

#define WORLDS_MAX     32u
#define BLOCK_BARE_MAX BARE_IMB_COUNT

/** A world and its traffic. */
struct place {
	struct world *world;
	struct traffic *traffic;
};

struct block {
	const struct options *options;
	enum test_mode mode;
	unsigned family;
	struct place places[WORLDS_MAX];
	unsigned place_count;
	struct datapath_case cases[2 * ALTERNATE_MAX];
	unsigned case_count;
	struct crypto_place *bare_places[BLOCK_BARE_MAX];
	struct crypto_case bare[BLOCK_BARE_MAX];
	unsigned bare_count;
	/** What targets and the curve compare, with few others between; and all that differs in burst or payload. */
	struct alternation usual, rest;
};

/** True when a value of a dimension belongs to the run: all in a full one, else the one that was asked for (not 0) or the usual one. */
bool block_wants(const struct options *options, unsigned value, unsigned asked, unsigned usual);

/** Makes worlds and cases, checks each case's replies. What goes wrong ends the program with a text. */
void block_fill(struct block *block, const struct options *options, enum test_mode mode,
                unsigned family);
void block_empty(struct block *block);

/** Measures and prints the groups datapath, scale (the curve over sessions), features and bare. */
void block_measure(struct block *block);
/** Group stages: each alone, for every suite, of what is usual or was asked for. */
void block_measure_stages(struct block *block);

/** Packets of a round. */
unsigned block_round_packets(const struct options *options);

#endif
