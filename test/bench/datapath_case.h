/* SPDX-License-Identifier: BSD-3-Clause */
/** One measured way through the datapath: a world's traffic in bursts of one size. The functions are alternation's measure. */
#ifndef SPECULAR_BENCH_DATAPATH_CASE_H
#define SPECULAR_BENCH_DATAPATH_CASE_H

#include "options.h"
#include "record.h"
#include "traffic.h"

enum stage {
	STAGE_PARSE,
	STAGE_LOOKUP,
	STAGE_OPEN,
	STAGE_BUILD,
	STAGE_SEAL,
	STAGE_STAMP,
	STAGE_COUNT
};

struct datapath_case {
	struct traffic *traffic;
	const char *suite;    /**< its name; "none" in unauthenticated mode */
	const char *features; /**< "ptp", "dscp-ecn", ...: NULL for a usual session */
	unsigned burst;
	uint16_t payload;
	unsigned packets; /**< a round measures */
	/** And so many run before, unmeasured: caches and predictors shall be as in the midst of it. */
	unsigned warm_up;
};

/** Adds the fields by which the records of groups datapath, stages, scale and features are told apart. */
void datapath_case_describe(const struct datapath_case *datapath, struct record *record);

/** Runs one burst and checks its replies with OpenSSL; a wrong one ends the program with its text. */
void datapath_case_check(const struct datapath_case *datapath);

/** TSC cycles a packet of reflect_burst: the median of the round's bursts. context is a struct datapath_case. */
double datapath_case_measure(void *context);

/** A case's stages one after the other, each between two TSC readings. */
struct stages_case {
	struct datapath_case datapath;
	double cycles[STAGE_COUNT]; /**< a packet, of the round that was measured last */
};

const char *stage_name(enum stage stage);
void stages_case_measure(struct stages_case *stages);

#endif
