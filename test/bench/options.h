/* SPDX-License-Identifier: BSD-3-Clause */
/** The command line of the bench programs that measure the datapath and its parts. */
#ifndef SPECULAR_BENCH_OPTIONS_H
#define SPECULAR_BENCH_OPTIONS_H

#include <stdbool.h>

#include "crypto/suite.h"
#include "wire/test_packet.h"

/** What targets are about, and what a person who asks for one case gets for all that was not said. */
#define USUAL_SESSIONS 1024u
#define USUAL_BURST    32u
#define USUAL_PAYLOAD  112u
#define USUAL_FAMILY   4u

#define MODE_COUNT 3u

struct options {
	bool quick; /**< what targets need, few rounds */
	bool smoke; /**< a few packets of each group, to see that it works */
	bool one;   /**< a person chose: only the cases below */
	/* 0 or NULL: not said. */
	const char *suite;
	const char *group; /**< of records: only these */
	const char *mode;
	unsigned sessions;
	unsigned burst;
	unsigned payload;
	unsigned family;
	unsigned rounds; /**< never 0 after options_read */
};

/** Reads the command line. 0, or the exit code with which the program ends now (usage was printed), plus 1. */
int options_read(struct options *options, int argc, char **argv);

bool options_want_mode(const struct options *options, enum test_mode mode);
bool options_want_suite(const struct options *options, const char *suite);
bool options_want_group(const struct options *options, const char *group);

/** "unauthenticated", ... */
const char *mode_name(enum test_mode mode);

/** A suite that the datapath can run with on this CPU. */
struct suite_choice {
	const char *name;
	enum suite_kind kind;
};

/** Those of this CPU, the fastest first, OpenSSL last; returns how many. */
unsigned suite_choices(const struct suite_choice **choices);

#endif
