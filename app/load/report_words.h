/* SPDX-License-Identifier: BSD-3-Clause */
/** The words and numbers of the reports that people read. */
#ifndef SPECULAR_LOAD_REPORT_WORDS_H
#define SPECULAR_LOAD_REPORT_WORDS_H

#include "result.h"

/** Returned by value, so that words can stand in the arguments of a call. */
struct words {
	char text[512];
};

/** "1,234,567" */
struct words words_count(uint64_t number);
/** Rounded to a whole; "-" when it is not finite or negative. */
struct words words_rate(double packets_per_second);
/** Of a length of time that a person set: "250 us", "1.5 s", "2 h". */
struct words words_duration(uint64_t nanoseconds);
/** "12.34", without the unit: columns name it. */
struct words words_microseconds(uint64_t nanoseconds);
/** Of parts a million: "0.5 %". */
struct words words_percent(double parts);
/** Of a bound's rate on the wire, Ethernet overhead included: "3.142 Gbit/s"; "-" without groups. */
struct words words_wire_rate(const struct run_result *result, double packets_per_second);
/** RFC 3339 in UTC, with milliseconds. */
struct words words_time(const struct timespec *time);
/** What limited the load, of enum trial_limit: "missed slots, no buffers left", with reasons in brackets or not; "" for nothing. */
struct words words_limits(unsigned limits, bool reasons);
/** "at least 1,000 packets/s: ..." */
struct words words_bound(const struct search_bound *bound);
/** enum load_run as in the configuration. */
const char *words_run(enum load_run run);
/** The mode of a group as in the configuration. */
const char *words_mode(const struct run_result *result, const struct load_group *group);

/** What a report's distributions are called: name (stable), and what a person reads. */
struct words_distribution {
	const char *name;
	const char *meaning;
};
extern const struct words_distribution words_distributions[LOAD_DISTRIBUTION_COUNT];

enum run_verdict { RUN_PASSED, RUN_MISSED, RUN_FAILED };
enum run_verdict run_verdict(const struct run_result *result);
/** "PASSED", "MISSED 1 of 3 thresholds", "COULD NOT RUN: why"; text of at least ERROR_TEXT_SIZE + 32. */
void words_verdict(const struct run_result *result, char *text, size_t size);

#endif
