/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mode_list.h"

#define NS_A_US        1e3
#define NS_A_MS        1000000u
#define PPM_A_PERCENT  10000.0
#define BITS_A_GIGABIT 1e9
/** So large that the whole packets which it holds tell the bits of one. */
#define REFERENCE_LINK UINT64_C(1000000000000000)

const struct words_distribution words_distributions[LOAD_DISTRIBUTION_COUNT] = {
        [LOAD_RTT] = {"rtt", "RTT, from the schedule"},
        [LOAD_RTT_SENT] = {"rtt_sent", "RTT, from departure"},
        [LOAD_RESPONSE] = {"response", "response, with turnaround"},
        [LOAD_FORWARD] = {"forward", "one-way, there"},
        [LOAD_BACKWARD] = {"backward", "one-way, back"},
        [LOAD_TURNAROUND] = {"turnaround", "turnaround"},
        [LOAD_DELAY_VARIATION] = {"delay_variation", "delay variation"},
};

struct words words_count(uint64_t number)
{
	struct words digits, words;
	size_t length = (size_t)snprintf(digits.text, sizeof(digits.text), "%" PRIu64, number);
	size_t to = 0;

	for (size_t i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			words.text[to++] = ',';
		words.text[to++] = digits.text[i];
	}
	words.text[to] = '\0';
	return words;
}

struct words words_rate(double packets_per_second)
{
	if (isfinite(packets_per_second) && packets_per_second >= 0 &&
	    packets_per_second < (double)INT64_MAX)
		return words_count((uint64_t)llround(packets_per_second));
	return (struct words){"-"};
}

struct words words_duration(uint64_t nanoseconds)
{
	static const struct {
		uint64_t length;
		const char *name;
	} units[] = {{UINT64_C(3600000000000), "h"},
	             {UINT64_C(60000000000), "min"},
	             {1000000000, "s"},
	             {NS_A_MS, "ms"},
	             {1000, "us"},
	             {1, "ns"}};
	struct words words = {"0 s"};

	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]) && nanoseconds > 0; i++) {
		double number = (double)nanoseconds / (double)units[i].length;
		/* 90 s rather than 1.5 min. */
		if (nanoseconds < units[i].length || (i < 2 && nanoseconds % units[i].length != 0))
			continue;
		(void)snprintf(words.text, sizeof(words.text), "%.6g %s", number, units[i].name);
		break;
	}
	return words;
}

struct words words_microseconds(uint64_t nanoseconds)
{
	struct words words;
	double number = (double)nanoseconds / NS_A_US;

	(void)snprintf(words.text, sizeof(words.text), "%.*f",
	               number < 100 ? 2 : (number < 100000 ? 1 : 0), number);
	return words;
}

struct words words_percent(double parts)
{
	struct words words = {"-"};
	double percent = parts / PPM_A_PERCENT;

	if (isfinite(percent))
		(void)snprintf(words.text, sizeof(words.text),
		               percent != 0 && fabs(percent) < 0.0001 ? "%.1e %%" : "%.3g %%",
		               percent);
	return words;
}

struct words words_wire_rate(const struct run_result *result, double packets_per_second)
{
	const struct load_rate whole = {.parts = LOAD_PERCENTAGE_MAX};
	struct words words = {"-"};
	uint64_t packets = 0;

	if (result->config->group_count > 0)
		packets = load_rate_packets(result->config, &whole, REFERENCE_LINK);
	if (packets > 0 && isfinite(packets_per_second))
		(void)snprintf(words.text, sizeof(words.text), "%.4g Gbit/s",
		               packets_per_second * ((double)REFERENCE_LINK / (double)packets) /
		                       BITS_A_GIGABIT);
	return words;
}

struct words words_time(const struct timespec *time)
{
	struct words words, date;
	struct tm broken;

	if (gmtime_r(&time->tv_sec, &broken) == NULL)
		return (struct words){"-"};
	(void)strftime(date.text, sizeof(date.text), "%Y-%m-%dT%H:%M:%S", &broken);
	(void)snprintf(words.text, sizeof(words.text), "%.64s.%03uZ", date.text,
	               (unsigned)(time->tv_nsec / NS_A_MS) % 1000u);
	return words;
}

struct words words_limits(unsigned limits, bool reasons)
{
	static const struct {
		enum trial_limit limit;
		const char *name, *reason;
	} all[] = {{TRIAL_LIMIT_SCHEDULE, "missed slots", "its lcores were too slow"},
	           {TRIAL_LIMIT_TRANSMIT, "full transmit ring",
	            "the device took less than was due, and the load had time left"},
	           {TRIAL_LIMIT_BUFFERS, "no buffers left", "the pool is too small"},
	           {TRIAL_LIMIT_RECEIVE, "full receive ring", "its lcores were too slow"},
	           {TRIAL_LIMIT_LINK, "link down", "whichever side took it down"}};
	struct words words = {""};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t length = strlen(words.text);
		if (!(limits & (unsigned)all[i].limit))
			continue;
		(void)snprintf(words.text + length, sizeof(words.text) - length, "%s%s%s%s%s",
		               length == 0 ? "" : ", ", all[i].name, reasons ? " (" : "",
		               reasons ? all[i].reason : "", reasons ? ")" : "");
	}
	return words;
}

/** Why a bound is no more than the least that the throughput can be. */
static void at_least(const struct search_bound *bound, struct words *words)
{
	struct words limits = words_limits(bound->limits, true);

	/* A full ring of a link that loses is the link's own. */
	(void)snprintf(words->text, sizeof(words->text), "at least %.32s packets/s: %s%s%.300s",
	               words_rate(bound->rate).text,
	               bound->limits & TRIAL_LIMITS_OF_NOBODY
	                       ? "more could not be offered"
	                       : "the load, not the reflector, was the limit",
	               limits.text[0] == '\0' ? "" : " - ", limits.text);
}

static struct words not_found(const struct search_bound *bound)
{
	struct words words = {"not found: no trial came to its end"};
	struct words limits = words_limits(bound->limits, true);

	if (search_bound_is_unsent(bound))
		(void)snprintf(words.text, sizeof(words.text),
		               "not found: nothing could be sent%s%.300s",
		               limits.text[0] == '\0' ? "" : " - ", limits.text);
	else if (bound->upper > 0)
		(void)snprintf(words.text, sizeof(words.text),
		               "not found: the lowest rate that could be sent lost more than "
		               "allowed");
	return words;
}

struct words words_bound(const struct search_bound *bound)
{
	struct words words = {""}, rate = words_rate(bound->rate);

	if (!bound->found)
		return not_found(bound);
	if (bound->load_limited)
		at_least(bound, &words);
	else if (bound->back_pressure)
		(void)snprintf(words.text, sizeof(words.text),
		               "%.32s packets/s, by back-pressure: the reflector took no more from "
		               "its full ring, while the load had time left",
		               rate.text);
	else if (bound->maximum_reached)
		(void)snprintf(words.text, sizeof(words.text),
		               "at least %.32s packets/s: the highest rate that was asked for "
		               "passed",
		               rate.text);
	else
		(void)snprintf(words.text, sizeof(words.text),
		               "%.32s packets/s; %.32s lost more than allowed", rate.text,
		               words_rate(bound->upper).text);
	return words;
}

const char *words_run(enum load_run run)
{
	static const char *const names[] = {[LOAD_RUN_RATE] = "rate",
	                                    [LOAD_RUN_SEARCH] = "search",
	                                    [LOAD_RUN_SOAK] = "soak",
	                                    [LOAD_RUN_RAMP] = "ramp",
	                                    [LOAD_RUN_BURST] = "burst"};

	return names[run];
}

const char *words_mode(const struct run_result *result, const struct load_group *group)
{
	return result->config->peer == LOAD_PEER_SWAP ? "unauthenticated"
	                                              : probe_mode_name(group->mode);
}

enum run_verdict run_verdict(const struct run_result *result)
{
	switch (run_exit_code(result)) {
	case 0:
		return RUN_PASSED;
	case 1:
		return RUN_MISSED;
	default:
		return RUN_FAILED;
	}
}

void words_verdict(const struct run_result *result, char *text, size_t size)
{
	struct run_check checks[RUN_CHECKS_MAX];
	unsigned count = run_judge(result, checks), missed = 0;

	for (unsigned i = 0; i < count; i++)
		missed += !checks[i].met;
	switch (run_verdict(result)) {
	case RUN_PASSED:
		(void)snprintf(text, size, "PASSED");
		break;
	case RUN_MISSED:
		if (missed == 0)
			(void)snprintf(text, size, "INTERRUPTED, no threshold missed so far");
		else
			(void)snprintf(text, size, "MISSED %u of %u thresholds%s", missed, count,
			               result->interrupted ? ", interrupted" : "");
		break;
	case RUN_FAILED:
		(void)snprintf(text, size, "COULD NOT RUN: %s", result->failure);
		break;
	}
}
