/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that is known is the list of trials; both bounds are read off it anew after each. A bound lies between the lowest rate that lost too
 * much and the highest one below it that did not, so a lucky trial above a loss counts for nothing. A rate that could not be offered
 * limits it from above as well: what was offered instead may be as low as the bound, and would be tried for ever.
 */
#include "search.h"

#include <string.h>

#define PARTS_IN_WHOLE 1000000.0
/** With nothing but loss so far the next rate is what came back of the last one, but no more than this share of it... */
#define STEP_DOWN 0.95
/** ... and, as the share becomes its own square from trial to trial, no less than this one. */
#define STEP_DOWN_MOST 0.25

struct search {
	const struct search_settings *settings;
	trial_run run;
	void *context;
	search_observer observer;
	struct search_result *result;
	struct error *error;
	double came_back; /**< answered a second in the newest trial */
	double step_down; /**< of the bound that is looked for */
	uint64_t end_ns;  /**< no trial begins from here on, if there is a limit */
	enum search_cut used_up;
};

/** Whether the load fell short of what was ordered. */
static bool fell_short(const struct search_trial *trial)
{
	return trial->offered < trial->rate;
}

static double share_of(const struct search *search, double rate)
{
	return rate * (double)search->settings->precision / PARTS_IN_WHOLE;
}

/** Between the lowest rate that lost too much and the highest one below it that did not. */
static void read_losses(const struct search_result *result, double loss, struct search_bound *bound)
{
	for (unsigned i = 0; i < result->trial_count; i++) {
		const struct search_trial *trial = &result->trials[i];
		if (trial->loss > loss && (bound->upper == 0 || trial->offered < bound->upper))
			bound->upper = trial->offered;
	}
	for (unsigned i = 0; i < result->trial_count; i++) {
		const struct search_trial *trial = &result->trials[i];
		if (trial->loss <= loss && trial->offered > bound->rate &&
		    (bound->upper == 0 || trial->offered < bound->upper))
			bound->rate = trial->offered;
	}
	bound->found = bound->rate > 0;
}

static void read_unreached(const struct search_result *result, double loss,
                           struct search_bound *bound)
{
	for (unsigned i = 0; i < result->trial_count; i++) {
		const struct search_trial *trial = &result->trials[i];
		if (trial->loss > loss || !fell_short(trial) || trial->rate <= bound->rate ||
		    (bound->unreached > 0 && trial->rate >= bound->unreached))
			continue;
		bound->unreached = trial->rate;
		bound->limits = trial->limits;
	}
}

/** What is known of the bound is read anew; that it was confirmed stays. */
static void read_bound(const struct search *search, uint64_t loss, struct search_bound *bound)
{
	*bound = (struct search_bound){.confirmed = bound->confirmed};
	read_losses(search->result, (double)loss, bound);
	read_unreached(search->result, (double)loss, bound);
	bool apart =
	        bound->upper == 0 || bound->upper - bound->rate > share_of(search, bound->upper);
	bool offered = bound->upper == 0 ||
	               bound->unreached - bound->rate <= share_of(search, bound->unreached);
	bool limited = bound->found && bound->unreached > 0 && apart && offered;
	bound->back_pressure =
	        limited && search->settings->lossless_link && bound->limits == TRIAL_LIMIT_TRANSMIT;
	bound->load_limited = limited && !bound->back_pressure;
	bound->maximum_reached =
	        bound->upper == 0 && !limited && bound->rate >= search->settings->rate_maximum;
}

static void read_bounds(struct search *search)
{
	read_bound(search, search->settings->ndr_loss, &search->result->ndr);
	read_bound(search, search->settings->pdr_loss, &search->result->pdr);
}

/** Losing no more than allowed comes before all; then what was offered, or what was lost, decides. */
static bool is_better(const struct search_trial *one, const struct search_trial *other, double loss)
{
	if (one->loss <= loss)
		return other->loss > loss || one->offered > other->offered;
	return one->loss < other->loss;
}

/** Whether there is room and time for another trial. */
static void look_what_is_left(struct search *search)
{
	const struct search_settings *settings = search->settings;

	if (search->result->trial_count == SEARCH_TRIALS_MAX)
		search->used_up = SEARCH_OUT_OF_TRIALS;
	else if (settings->limit_ns > 0 && settings->now_ns(search->context) >= search->end_ns)
		search->used_up = SEARCH_OUT_OF_TIME;
}

/** One trial, repeated while it loses more than `loss` or falls short; the best of them is kept. */
static int try_rate(struct search *search, double rate, uint64_t loss, uint64_t duration_ns)
{
	struct search_result *result = search->result;
	const struct trial_order order = {.kind = TRIAL_PACED,
	                                  .rate = rate,
	                                  .sessions = search->settings->sessions,
	                                  .warm_up_ns = search->settings->warm_up_ns,
	                                  .duration_ns = duration_ns};
	struct search_trial best = {0};

	for (uint32_t i = 0; i <= search->settings->retries; i++) {
		struct trial_result trial;
		int status = search->run(search->context, &order, &trial, search->error);

		if (status != 0)
			return status;
		struct search_trial now = {.rate = rate,
		                           .offered =
		                                   trial_offered(&trial) ? rate : trial.sent_rate,
		                           .loss = trial_loss(&trial),
		                           .duration_ns = duration_ns,
		                           .limits = trial.limits};
		if (i == 0 || is_better(&now, &best, (double)loss))
			best = now;
		search->came_back = trial.answered_rate;
		result->interrupted = trial.interrupted;
		if (search->observer != NULL)
			search->observer(search->context, result, &trial);
		if (trial.interrupted)
			return 0;
		look_what_is_left(search);
		if ((best.loss <= (double)loss && !fell_short(&best)) ||
		    search->used_up == SEARCH_OUT_OF_TIME)
			break;
	}
	result->trials[result->trial_count++] = best;
	look_what_is_left(search);
	read_bounds(search);
	return 0;
}

/** No rate from here on is worth a trial; 0: not known. */
static double top_of(const struct search_bound *bound)
{
	bool lower = bound->unreached > 0 && (bound->upper == 0 || bound->unreached < bound->upper);

	return lower ? bound->unreached : bound->upper;
}

/** Whether nothing could be sent at some rate: such a trial moves no bound, and would be tried for ever. */
static bool sent_nothing(const struct search *search)
{
	for (unsigned i = 0; i < search->result->trial_count; i++) {
		if (!(search->result->trials[i].offered > 0))
			return true;
	}
	return false;
}

static bool is_settled(const struct search *search, const struct search_bound *bound)
{
	const struct search_settings *settings = search->settings;

	if (bound->maximum_reached || bound->load_limited || bound->back_pressure ||
	    (!bound->found && sent_nothing(search)))
		return true;
	if (bound->upper == 0)
		return false;
	if (!bound->found)
		return bound->upper <= settings->rate_minimum;
	return top_of(bound) - bound->rate <= share_of(search, top_of(bound));
}

static bool goes_on(const struct search *search)
{
	return search->used_up == SEARCH_WHOLE && !search->result->interrupted;
}

static double next_rate(struct search *search, const struct search_bound *bound)
{
	const struct search_settings *settings = search->settings;
	double rate = search->came_back;

	if (bound->upper == 0)
		return settings->rate_maximum;
	if (bound->found)
		return (bound->rate + top_of(bound)) / 2;
	if (rate > bound->upper * search->step_down)
		rate = bound->upper * search->step_down;
	search->step_down *= search->step_down;
	if (rate < bound->upper * STEP_DOWN_MOST)
		rate = bound->upper * STEP_DOWN_MOST;
	return rate > settings->rate_minimum ? rate : settings->rate_minimum;
}

static int narrow(struct search *search, const struct search_bound *bound, uint64_t loss)
{
	int status = 0;

	while (status == 0 && goes_on(search) && !is_settled(search, bound))
		status = try_rate(search, next_rate(search, bound), loss,
		                  search->settings->duration_ns);
	return status;
}

/** A bound that does not hold for long is an upper one: the search goes on below it. */
static int find(struct search *search, struct search_bound *bound, uint64_t loss)
{
	int status;

	search->step_down = STEP_DOWN;
	status = narrow(search, bound, loss);
	while (status == 0 && search->settings->confirm_ns > 0 && bound->found && goes_on(search)) {
		double rate = bound->rate;

		status = try_rate(search, rate, loss, search->settings->confirm_ns);
		if (status != 0 || search->result->interrupted)
			break;
		if (search->result->trials[search->result->trial_count - 1].loss <= (double)loss) {
			bound->confirmed = !fell_short(
			        &search->result->trials[search->result->trial_count - 1]);
			break;
		}
		status = narrow(search, bound, loss);
	}
	return status;
}

static bool is_open(const struct search *search, const struct search_bound *bound)
{
	bool unconfirmed = search->settings->confirm_ns > 0 && bound->found && !bound->confirmed;

	return unconfirmed || !is_settled(search, bound);
}

int search_throughput(const struct search_settings *settings, trial_run run, void *context,
                      search_observer observer, struct search_result *result, struct error *error)
{
	struct search search = {.settings = settings,
	                        .run = run,
	                        .context = context,
	                        .observer = observer,
	                        .result = result,
	                        .error = error};

	memset(result, 0, sizeof(*result));
	if (settings->limit_ns > 0)
		search.end_ns = settings->now_ns(context) + settings->limit_ns;
	int status = find(&search, &result->ndr, settings->ndr_loss);
	if (status == 0)
		status = find(&search, &result->pdr, settings->pdr_loss);
	if (is_open(&search, &result->ndr) || is_open(&search, &result->pdr))
		result->cut = search.used_up;
	return status;
}
