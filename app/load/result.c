/* SPDX-License-Identifier: BSD-3-Clause */
#include "result.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "load_thresholds.h"
#include "load_value.h"

#define PPM_A_PERCENT 10000.0
#define NS_A_US       1000.0
#define NS_A_SECOND   1e9
#define P50           500000u
#define P99           990000u
#define P999          999000u

struct judging {
	const struct run_result *result;
	struct run_check *checks;
	unsigned count;
	bool load_limited; /**< of what is judged */
	struct run_check surplus;
	unsigned surplus_count, surplus_missed;
};

/** The next check, or NULL when there is no limit. */
static struct run_check *next_check(struct judging *judging, uint64_t limit)
{
	if (limit == LOAD_VALUE_LIMIT_NONE)
		return NULL;
	return judging->count < RUN_CHECKS_MAX - 1 ? &judging->checks[judging->count++]
	                                           : &judging->surplus;
}

static void settle(struct judging *judging, struct run_check *check, bool met)
{
	check->met = met;
	check->load_limited = !met && judging->load_limited;
	if (check == &judging->surplus) {
		judging->surplus_count++;
		judging->surplus_missed += !met;
	}
}

/** What had no room makes one check together. */
static void settle_surplus(struct judging *judging)
{
	struct run_check *check = &judging->checks[judging->count];

	if (judging->surplus_count == 0)
		return;
	(void)snprintf(check->name, sizeof(check->name), "%u more", judging->surplus_count);
	(void)snprintf(check->limit, sizeof(check->limit), "all met");
	(void)snprintf(check->value, sizeof(check->value), "%u missed", judging->surplus_missed);
	check->met = judging->surplus_missed == 0;
	check->load_limited = false;
	judging->count++;
}

/** A full transmit queue may be the reflector's, and who took the link down nobody knows. */
static bool is_load_limited(unsigned limits)
{
	return limits != 0 && (limits & TRIAL_LIMITS_OF_NOBODY) == 0;
}

/** Without its link nothing is measured, whatever the user's limits are: said when it happened. */
static void check_link(struct judging *judging)
{
	const struct run_result *result = judging->result;
	struct run_check *check = result->link_down_ns > 0 ? next_check(judging, 0) : NULL;

	if (check == NULL)
		return;
	(void)snprintf(check->name, sizeof(check->name), "link of %s",
	               result->config->host.ports[0].name);
	(void)snprintf(check->limit, sizeof(check->limit), "up all the time");
	(void)snprintf(check->value, sizeof(check->value), "was down for %.1f s",
	               (double)result->link_down_ns / NS_A_SECOND);
	settle(judging, check, false);
}

static void check_loss(struct judging *judging, const char *trial, double loss, uint64_t limit)
{
	struct run_check *check = next_check(judging, limit);

	if (check == NULL)
		return;
	(void)snprintf(check->name, sizeof(check->name), "loss, %s", trial);
	(void)snprintf(check->limit, sizeof(check->limit), "at most %g %%",
	               (double)limit / PPM_A_PERCENT);
	(void)snprintf(check->value, sizeof(check->value), "%g %%", loss / PPM_A_PERCENT);
	settle(judging, check, loss <= (double)limit);
}

static void check_duration(struct judging *judging, const char *what, const char *trial,
                           const struct histogram *histogram, uint64_t value, uint64_t limit)
{
	struct run_check *check = next_check(judging, limit);

	if (check == NULL)
		return;
	(void)snprintf(check->name, sizeof(check->name), "%s, %s", what, trial);
	(void)snprintf(check->limit, sizeof(check->limit), "at most %g us",
	               (double)limit / NS_A_US);
	if (histogram->count == 0)
		(void)snprintf(check->value, sizeof(check->value), "no reply to measure");
	else
		(void)snprintf(check->value, sizeof(check->value), "%g us",
		               (double)value / NS_A_US);
	settle(judging, check, histogram->count > 0 && value <= limit);
}

static void check_count(struct judging *judging, const char *what, const char *trial,
                        uint64_t value, uint64_t limit)
{
	struct run_check *check = next_check(judging, limit);

	if (check == NULL)
		return;
	(void)snprintf(check->name, sizeof(check->name), "%s, %s", what, trial);
	(void)snprintf(check->limit, sizeof(check->limit), "at most %" PRIu64, limit);
	(void)snprintf(check->value, sizeof(check->value), "%" PRIu64, value);
	settle(judging, check, value <= limit);
}

/** What was not offered says nothing of the reflector, however well it was answered: no limit of the user's is needed for that. */
static void check_offered(struct judging *judging, const struct named_trial *trial)
{
	struct run_check *check = next_check(judging, 0);

	if (check == NULL)
		return;
	(void)snprintf(check->name, sizeof(check->name), "offered, %s", trial->name);
	(void)snprintf(check->limit, sizeof(check->limit), "99 %% of %.0f packets/s",
	               trial->result.order.rate);
	if (isfinite(trial->result.sent_rate))
		(void)snprintf(check->value, sizeof(check->value), "%.0f packets/s",
		               trial->result.sent_rate);
	else
		(void)snprintf(check->value, sizeof(check->value), "no rate");
	judging->load_limited = (trial->result.limits & TRIAL_LIMITS_OF_NOBODY) == 0;
	settle(judging, check, trial_offered(&trial->result));
}

/** As check_offered: of a reflector that does not answer at all nothing is found out. No check where something came back. */
static void check_answered(struct judging *judging, const char *what, bool silent)
{
	struct run_check *check = silent ? next_check(judging, 0) : NULL;

	if (check == NULL)
		return;
	(void)snprintf(check->name, sizeof(check->name), "answered, %s", what);
	(void)snprintf(check->limit, sizeof(check->limit), "some packets");
	(void)snprintf(check->value, sizeof(check->value), "nothing came back");
	judging->load_limited = false;
	settle(judging, check, false);
}

static void check_trial(struct judging *judging, const struct named_trial *trial)
{
	const struct load_thresholds *limits = &judging->result->config->thresholds;
	const struct load_measures *measures = &trial->result.measures;
	const struct histogram *rtt = &measures->distributions[LOAD_RTT];
	const struct histogram *turnaround = &measures->distributions[LOAD_TURNAROUND];

	if (trial->result.order.kind == TRIAL_PACED && !trial->result.interrupted)
		check_offered(judging, trial);
	check_answered(judging, trial->name,
	               trial->result.sent > 0 && measures->received == 0 &&
	                       !trial->result.interrupted);
	judging->load_limited = is_load_limited(trial->result.limits);
	check_loss(judging, trial->name, trial_loss(&trial->result), limits->loss_maximum);
	check_duration(judging, "RTT p50", trial->name, rtt, histogram_percentile(rtt, P50),
	               limits->rtt_p50_maximum);
	check_duration(judging, "RTT p99", trial->name, rtt, histogram_percentile(rtt, P99),
	               limits->rtt_p99_maximum);
	check_duration(judging, "RTT p99.9", trial->name, rtt, histogram_percentile(rtt, P999),
	               limits->rtt_p999_maximum);
	check_duration(judging, "RTT maximum", trial->name, rtt, rtt->maximum, limits->rtt_maximum);
	check_duration(judging, "turnaround p99", trial->name, turnaround,
	               histogram_percentile(turnaround, P99), limits->turnaround_p99_maximum);
	check_count(judging, "reordered", trial->name, measures->reordered,
	            limits->reordered_maximum);
	check_count(judging, "duplicates", trial->name, measures->duplicates,
	            limits->duplicates_maximum);
	judging->load_limited = false;
	check_count(judging, "wrong replies", trial->name, load_measures_wrong(measures),
	            limits->wrong_maximum);
}

static void check_rate(struct judging *judging, const char *what, bool found, double rate,
                       uint64_t limit)
{
	struct run_check *check = next_check(judging, limit);

	if (check == NULL)
		return;
	(void)snprintf(check->name, sizeof(check->name), "%s", what);
	(void)snprintf(check->limit, sizeof(check->limit), "at least %" PRIu64 " packets/s", limit);
	if (!found)
		(void)snprintf(check->value, sizeof(check->value), "not found");
	else
		(void)snprintf(check->value, sizeof(check->value), "%s%.0f packets/s",
		               judging->load_limited ? "at least " : "", rate);
	settle(judging, check, found && rate >= (double)limit);
}

static void check_bound(struct judging *judging, const char *what, const struct search_bound *bound,
                        uint64_t limit)
{
	judging->load_limited =
	        bound->load_limited && (bound->limits & TRIAL_LIMITS_OF_NOBODY) == 0;
	check_rate(judging, what, bound->found, bound->rate, limit);
}

/** As check_offered: a search in which nothing left found out nothing. */
static void check_sent(struct judging *judging, const struct search_bound *bound)
{
	struct run_check *check = search_bound_is_unsent(bound) ? next_check(judging, 0) : NULL;

	if (check == NULL)
		return;
	(void)snprintf(check->name, sizeof(check->name), "offered, search");
	(void)snprintf(check->limit, sizeof(check->limit), "some packets");
	(void)snprintf(check->value, sizeof(check->value), "nothing could be sent");
	judging->load_limited = (bound->limits & TRIAL_LIMITS_OF_NOBODY) == 0;
	settle(judging, check, false);
}

/** The thresholds of trials that no trial was made for are not met. */
static void check_latencies(struct judging *judging)
{
	const struct run_result *result = judging->result;
	bool lacking = !result->search.pdr.found && !result->interrupted &&
	               load_thresholds_of_trials(&result->config->thresholds);
	struct run_check *check = lacking ? next_check(judging, 0) : NULL;

	if (check == NULL)
		return;
	(void)snprintf(check->name, sizeof(check->name), "latency at shares of PDR");
	(void)snprintf(check->limit, sizeof(check->limit), "trials to judge");
	(void)snprintf(check->value, sizeof(check->value), "none: PDR was not found");
	settle(judging, check, false);
}

static void check_search(struct judging *judging)
{
	const struct load_thresholds *limits = &judging->result->config->thresholds;
	const struct run_result *result = judging->result;

	/* What could be sent with no loss allowed is what could be sent with some. */
	check_sent(judging, &result->search.ndr);
	check_bound(judging, "NDR", &result->search.ndr, limits->ndr_minimum);
	check_bound(judging, "PDR", &result->search.pdr, limits->pdr_minimum);
	check_answered(judging, "search",
	               result->search.trial_count > 0 && result->search_received == 0 &&
	                       !result->interrupted &&
	                       !search_bound_is_unsent(&result->search.ndr));
	judging->load_limited = false;
	check_latencies(judging);
	check_count(judging, "wrong replies", "search", result->search_wrong,
	            limits->wrong_maximum);
}

unsigned run_judge(const struct run_result *result, struct run_check checks[RUN_CHECKS_MAX])
{
	struct judging judging = {.result = result, .checks = checks};

	check_link(&judging);
	if (result->searched)
		check_search(&judging);
	if (result->config->run == LOAD_RUN_BURST)
		check_rate(&judging, "rate of bursts", result->burst.valid,
		           result->burst.rate_median,
		           result->config->thresholds.burst_rate_minimum);
	for (unsigned i = 0; i < result->trial_count; i++)
		check_trial(&judging, &result->trials[i]);
	settle_surplus(&judging);
	return judging.count;
}

int run_exit_code(const struct run_result *result)
{
	struct run_check checks[RUN_CHECKS_MAX];
	unsigned count = run_judge(result, checks);

	if (result->failure[0] != '\0')
		return 2;
	for (unsigned i = 0; i < count; i++) {
		if (!checks[i].met)
			return 1;
	}
	return result->interrupted ? 1 : 0;
}

void run_result_free(struct run_result *result)
{
	for (unsigned i = 0; i < result->trial_count; i++)
		free(result->trials[i].seconds);
	free(result->trials);
	free(result->burst.each);
	result->burst.each = NULL;
	result->trials = NULL;
	result->trial_count = 0;
}
