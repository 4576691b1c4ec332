/* SPDX-License-Identifier: BSD-3-Clause */
/** Runs of every mode on an engine that only pretends: it loses what is above a rate, and is through after a few looks. */
#include "conductor.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "bursts.h"
#include "series.h"
#include "unit.h"

#define CAPACITY 50000.0 /* packets a second that the pretended reflector answers */
#define TURNS    2u

struct engine {
	struct trial_order order;
	unsigned begun;
	unsigned turns; /* left until it is finished */
	bool told_to_end;
	bool endless;
	bool refuses;
	bool errs;                      /* a wrong reply a trial */
	unsigned silent_from;           /* begins from which on no reply comes; 0: never */
	unsigned finish_sets_interrupt; /* the begin after which a person stops; 0: never */
	bool *interrupt;
};

static struct engine engine;

int engine_begin(struct engine *of, const struct trial_order *order, struct error *error)
{
	if (of->refuses)
		return error_set(error, ERROR_ARGUMENT, "too many in flight");
	of->order = *order;
	of->turns = TURNS;
	of->told_to_end = false;
	of->begun++;
	if (of->begun == of->finish_sets_interrupt)
		*of->interrupt = true;
	return 0;
}

void engine_interrupt(struct engine *of)
{
	of->told_to_end = true;
}

bool engine_finished(const struct engine *of)
{
	struct engine *changed = &engine;

	(void)of;
	if (changed->told_to_end || changed->turns == 0)
		return true;
	changed->turns -= changed->endless ? 0 : 1;
	return false;
}

void engine_look(const struct engine *of, struct load_measures *measures)
{
	(void)of;
	memset(measures, 0, sizeof(*measures));
}

void engine_collect(struct engine *of, struct trial_result *result)
{
	const struct trial_order *order = &of->order;
	double seconds = (double)order->duration_ns / 1e9;

	memset(result, 0, sizeof(*result));
	result->order = *order;
	result->interrupted = of->told_to_end;
	result->duration_ns = order->duration_ns;
	result->sent_rate = order->rate;
	result->sent =
	        order->kind == TRIAL_BURST ? order->frames : (uint64_t)(order->rate * seconds);
	result->answered_rate = order->rate > CAPACITY ? CAPACITY : order->rate;
	uint64_t answered = (uint64_t)(result->answered_rate * seconds);
	if (order->kind == TRIAL_BURST) {
		answered = order->frames;
		result->burst = (struct trial_burst){.sent = order->frames,
		                                     .received = order->frames,
		                                     .reflector_ns = 1000 * of->begun,
		                                     .arrival_ns = 5000};
	}
	result->lost = result->sent - answered;
	result->measures.sent = result->sent;
	result->measures.answered = answered;
	if (of->errs)
		result->measures.faults[LOAD_FAULT_HMAC] = 1;
	if (of->silent_from == 0 || of->begun < of->silent_from)
		result->measures.received = answered;
}

static struct load_config config;
static struct run_result result;
static struct progress progress;
static struct error error;
static bool interrupt;

static void configure(enum load_run run)
{
	config = (struct load_config){.group_count = 1,
	                              .run = run,
	                              .rate.packets = 100000,
	                              .warm_up_ns = 7,
	                              .duration_ns = 1000000000,
	                              .ndr_loss = 0,
	                              .pdr_loss = 5000,
	                              .precision = 10000,
	                              .latency = true,
	                              .ramp_from = 10,
	                              .ramp_to = 45,
	                              .ramp_step = 20,
	                              .burst_frames = 101,
	                              .burst_rounds = 4};
	config.groups[0] =
	        (struct load_group){.count = 45, .sizes = {100}, .size_count = 1, .share = 1};
	engine = (struct engine){.interrupt = &interrupt};
	interrupt = false;
	run_result_free(&result);
	memset(&result, 0, sizeof(result));
	result.config = &config;
	progress = (struct progress){.out = stdout};
}

static int run(void)
{
	struct event_base *base = event_base_new();
	struct conductor conductor = {
	        .config = &config,
	        .base = base,
	        .engine = &engine,
	        .progress = &progress,
	        .result = &result,
	        .interrupt = &interrupt,
	};

	error.text[0] = '\0';
	int status = conductor_run(&conductor, &error);
	event_base_free(base);
	return status;
}

static void one_trial_at_a_rate(void)
{
	configure(LOAD_RUN_RATE);
	config.rate.packets = 40000;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL_FATAL(result.trial_count, 1);
	CU_ASSERT_STRING_EQUAL(result.trials[0].name, "rate");
	CU_ASSERT_EQUAL(result.trials[0].result.sent, 40000);
	CU_ASSERT(engine.order.warm_up_ns == 7 && engine.order.duration_ns == 1000000000);
	CU_ASSERT_EQUAL(result.trials[0].second_count, 1);
	CU_ASSERT_EQUAL(result.trials[0].seconds[0].sent, 40000);
	CU_ASSERT_FALSE(result.interrupted);
}

/* Replies are waited for when the schedule is over: the last second does not become longer by that. */
static void the_last_second_ends_with_the_schedule(void)
{
	configure(LOAD_RUN_RATE);
	config.warm_up_ns = 0;
	config.duration_ns = 1000;
	config.rate.packets = 40000000;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL_FATAL(result.trials[0].second_count, 1);
	CU_ASSERT_EQUAL(result.trials[0].seconds[0].at_ns, 1000);
	CU_ASSERT_EQUAL(result.trials[0].seconds[0].length_ns, 1000);
	CU_ASSERT_EQUAL(result.trials[0].seconds[0].sent, 40);
}

static void a_search_finds_the_capacity(void)
{
	static const double shares[] = {0.1, 0.5, 0.9};

	configure(LOAD_RUN_SEARCH);
	config.pdr_loss = 100000;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_TRUE(result.searched);
	CU_ASSERT_TRUE(result.search.ndr.found);
	CU_ASSERT(result.search_received > 0 && result.search_wrong == 0);
	CU_ASSERT_DOUBLE_EQUAL(result.search.ndr.rate, CAPACITY, CAPACITY * 0.02);
	CU_ASSERT_EQUAL_FATAL(result.trial_count, 3);
	CU_ASSERT_STRING_EQUAL(result.trials[0].name, "latency at 10% of PDR");
	CU_ASSERT(result.search.pdr.rate > 1.05 * result.search.ndr.rate);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_DOUBLE_EQUAL(result.trials[i].result.order.rate,
		                       shares[i] * result.search.pdr.rate, 1);
}

/* Its trials are not in the reports, but what was wrong in them is judged. */
static void wrong_replies_of_a_search_are_kept(void)
{
	configure(LOAD_RUN_SEARCH);
	config.latency = false;
	engine.errs = true;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT(engine.begun > 3 && result.trial_count == 0);
	CU_ASSERT_EQUAL(result.search_wrong, engine.begun);
	CU_ASSERT(engine.order.warm_up_ns == 7 && engine.order.duration_ns == 1000000000);
}

static void a_ramp_ends_where_it_was_told(void)
{
	static const unsigned sessions[] = {10, 30, 45};

	configure(LOAD_RUN_RAMP);
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL_FATAL(result.trial_count, 3);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(result.trials[i].result.order.sessions, sessions[i]);
	CU_ASSERT_STRING_EQUAL(result.trials[1].name, "ramp 30 sessions");
}

/* Rounds take 1, 2, 3 and 4 us for 100 gaps. */
static void bursts_are_summed_up(void)
{
	configure(LOAD_RUN_BURST);
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL_FATAL(result.trial_count, 1);
	CU_ASSERT_EQUAL(result.trials[0].result.sent, 404);
	CU_ASSERT_EQUAL(result.trials[0].result.measures.answered, 404);
	CU_ASSERT_TRUE(result.burst.valid);
	CU_ASSERT_EQUAL(result.burst.rounds, 4);
	CU_ASSERT_DOUBLE_EQUAL(result.burst.rate_best, 1e8, 1);
	CU_ASSERT_DOUBLE_EQUAL(result.burst.rate_median, 1e8 / 3, 1);
	CU_ASSERT_DOUBLE_EQUAL(result.burst.rate_p10, 1e8 / 4, 1);
	CU_ASSERT_EQUAL_FATAL(result.burst.each_count, 4);
	for (unsigned i = 0; i < 4; i++)
		CU_ASSERT_DOUBLE_EQUAL(result.burst.each[i], 1e8 / (i + 1), 1);
}

/* Each of them would take the timeout. */
static void bursts_without_any_reply_end_the_run(void)
{
	configure(LOAD_RUN_BURST);
	config.burst_rounds = 1000;
	engine.silent_from = 5;
	CU_ASSERT_EQUAL(run(), ERROR_UNAVAILABLE);
	CU_ASSERT_EQUAL(engine.begun, 7);
	CU_ASSERT_STRING_EQUAL(error.text, "nothing came back of 3 bursts in a row");
	CU_ASSERT_EQUAL_FATAL(result.trial_count, 1);
	CU_ASSERT_EQUAL(result.burst.each_count, 7);
}

static void bursts_have_a_time_limit(void)
{
	configure(LOAD_RUN_BURST);
	config.burst_limit_ns = 1;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(engine.begun, 1);
	CU_ASSERT(result.burst.out_of_time && result.burst.valid);
	configure(LOAD_RUN_BURST);
	config.burst_limit_ns = UINT64_MAX;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT(engine.begun == 4 && !result.burst.out_of_time);
}

static void only_rounds_that_went_well_have_a_rate(void)
{
	struct bursts *bursts = bursts_create(4, true);
	struct trial_result *round = calloc(1, sizeof(*round));
	struct burst_summary summary;

	CU_ASSERT_FATAL(bursts != NULL && round != NULL);
	struct bursts *none = bursts_create(1, true);
	CU_ASSERT_FATAL(none != NULL);
	bursts_summarize(none, &summary);
	CU_ASSERT_FALSE(summary.valid);
	free(summary.each);
	bursts_destroy(none);
	round->burst = (struct trial_burst){.sent = 11, .received = 11, .arrival_ns = 1000};
	bursts_add(bursts, round);
	/* Without a reflector's clock the wait for the first reply counts as well. */
	round->burst.return_ns = 2000;
	bursts_add(bursts, round);
	round->burst.return_ns = 0;
	round->burst.received = 10;
	round->lost = 1;
	bursts_add(bursts, round);
	round->burst.received = 11;
	round->lost = 0;
	round->measures.faults[LOAD_FAULT_HMAC] = 1;
	bursts_add(bursts, round);
	bursts_summarize(bursts, &summary);
	CU_ASSERT_EQUAL(summary.rounds, 2);
	CU_ASSERT_EQUAL(summary.lost, 1);
	CU_ASSERT_DOUBLE_EQUAL(summary.rate_best, 1e7, 1);
	CU_ASSERT_DOUBLE_EQUAL(summary.rate_median, 5e6, 1);
	CU_ASSERT_EQUAL_FATAL(summary.each_count, 4);
	CU_ASSERT(summary.each[0] > 0 && summary.each[2] == 0 && summary.each[3] == 0);
	free(summary.each);
	free(round);
	bursts_destroy(bursts);
}

static void an_interrupt_ends_the_run(void)
{
	configure(LOAD_RUN_RAMP);
	engine.endless = true;
	engine.finish_sets_interrupt = 1;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_TRUE(result.interrupted);
	CU_ASSERT_EQUAL_FATAL(result.trial_count, 1);
	CU_ASSERT_TRUE(result.trials[0].result.interrupted);
	configure(LOAD_RUN_SEARCH);
	engine.finish_sets_interrupt = 2;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_TRUE(result.interrupted);
	CU_ASSERT_EQUAL(engine.begun, 2);
}

static void what_can_not_run_says_so(void)
{
	configure(LOAD_RUN_RATE);
	engine.refuses = true;
	CU_ASSERT_EQUAL(run(), ERROR_ARGUMENT);
	CU_ASSERT_STRING_EQUAL(error.text, "too many in flight");
	CU_ASSERT_EQUAL(result.trial_count, 0);
	configure(LOAD_RUN_RATE);
	config.rate = (struct load_rate){.parts = 500000};
	CU_ASSERT_EQUAL(run(), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "link-rate"));
	configure(LOAD_RUN_RATE);
	config.rate.packets = 9;
	config.duration_ns = 100000000;
	CU_ASSERT_EQUAL(run(), ERROR_ARGUMENT);
	CU_ASSERT_STRING_EQUAL(error.text,
	                       "run.duration is too short: at 9 packets/s no packet is due in it");
	config.rate.packets = 10;
	CU_ASSERT_EQUAL(run(), 0);
}

static void a_series_has_differences(void)
{
	struct series *series = series_create();
	struct load_measures *sums = calloc(1, sizeof(*sums));
	struct trial_second *points;
	unsigned count;

	CU_ASSERT_FATAL(series != NULL && sums != NULL);
	series_begin(series, UINT64_C(3000000000));
	CU_ASSERT_EQUAL(series_step(series), 1000000000);
	sums->sent = 10;
	histogram_add(&sums->distributions[LOAD_RTT], 1000);
	CU_ASSERT_FALSE(series_look(series, 999999999, sums));
	CU_ASSERT_TRUE(series_look(series, 1000000000, sums));
	sums->sent = 25;
	sums->faults[LOAD_FAULT_HMAC] = 2;
	histogram_add(&sums->distributions[LOAD_RTT], 5000);
	series_end(series, 1500000000, sums);
	points = series_take(series, &count);
	CU_ASSERT_EQUAL_FATAL(count, 2);
	CU_ASSERT_EQUAL(points[0].sent, 10);
	CU_ASSERT_EQUAL(points[1].sent, 15);
	CU_ASSERT_EQUAL(points[1].wrong, 2);
	CU_ASSERT_EQUAL(points[1].length_ns, 500000000);
	CU_ASSERT_TRUE(points[1].rtt_p50 >= 4900 && points[1].rtt_p50 < 5100);
	free(points);
	free(sums);
	series_destroy(series);
}

static void long_series_have_longer_steps(void)
{
	const uint64_t second = 1000000000;
	struct series *series = series_create();
	struct load_measures *sums = calloc(1, sizeof(*sums));
	struct trial_second *points;
	unsigned count;

	CU_ASSERT_FATAL(series != NULL && sums != NULL);
	series_begin(series, 86400 * second);
	CU_ASSERT_EQUAL(series_step(series), 145 * second);
	for (uint64_t i = 1; i <= 86400; i++) {
		sums->sent = i;
		(void)series_look(series, i * second, sums);
	}
	sums->sent++;
	series_end(series, 86401 * second, sums);
	points = series_take(series, &count);
	CU_ASSERT_EQUAL(count, 596);
	CU_ASSERT_EQUAL(points[count - 1].at_ns, 86401 * second);
	free(points);
	free(sums);
	series_destroy(series);
}

int main(void)
{
	static CU_TestInfo tests[] = {
	        {"one_trial_at_a_rate", one_trial_at_a_rate},
	        {"the_last_second_ends_with_the_schedule", the_last_second_ends_with_the_schedule},
	        {"a_search_finds_the_capacity", a_search_finds_the_capacity},
	        {"wrong_replies_of_a_search_are_kept", wrong_replies_of_a_search_are_kept},
	        {"a_ramp_ends_where_it_was_told", a_ramp_ends_where_it_was_told},
	        {"bursts_are_summed_up", bursts_are_summed_up},
	        {"bursts_without_any_reply_end_the_run", bursts_without_any_reply_end_the_run},
	        {"bursts_have_a_time_limit", bursts_have_a_time_limit},
	        {"only_rounds_that_went_well_have_a_rate", only_rounds_that_went_well_have_a_rate},
	        {"an_interrupt_ends_the_run", an_interrupt_ends_the_run},
	        {"what_can_not_run_says_so", what_can_not_run_says_so},
	        {"a_series_has_differences", a_series_has_differences},
	        {"long_series_have_longer_steps", long_series_have_longer_steps},
	        CU_TEST_INFO_NULL,
	};
	int code = unit_run("load-conductor", tests);

	run_result_free(&result);
	return code;
}
