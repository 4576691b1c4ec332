/* SPDX-License-Identifier: BSD-3-Clause */
#include "conductor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "bursts.h"
#include "resident.h"
#include "series.h"

#define NS_PER_SECOND  UINT64_C(1000000000)
#define TICK_US        5000
#define RATE_RANGE     1000.0 /* a search gives up below the most it was allowed, divided by this */
#define PACKETS_LEAST  10.0   /* of a trial */
#define PARTS          1000000u
#define LATENCY_SHARES 3u
#define SILENT_ROUNDS  3u

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* The looks at a trial that runs: one a second for the person, some of them for the report. */
struct watching {
	struct conductor *conductor;
	const struct trial_order *order;
	uint64_t begin_ns; /* of the trial, warm-up included */
	uint64_t look_ns;  /* of the last look */
	struct load_measures *sums, *before;
	bool told_to_end;
	int status;
	struct error *error;
};

/* Since the first counted packet, to the schedule's end: behind it replies are waited for, which belong to the last second. */
static uint64_t counted_ns(const struct watching *watching, uint64_t now)
{
	const struct trial_order *order = watching->order;
	uint64_t elapsed = now - watching->begin_ns;
	uint64_t counted = elapsed > order->warm_up_ns ? elapsed - order->warm_up_ns : 0;

	return counted < order->duration_ns ? counted : order->duration_ns;
}

static void end_trial(struct watching *watching)
{
	if (!watching->told_to_end)
		engine_interrupt(watching->conductor->engine);
	watching->told_to_end = true;
}

static void look(struct watching *watching, uint64_t now)
{
	struct conductor *conductor = watching->conductor;
	struct load_measures *before = watching->before;
	struct trial_second last = {.length_ns = now - watching->look_ns};
	uint64_t counted = counted_ns(watching, now);

	watching->before = watching->sums;
	watching->sums = before;
	engine_look(conductor->engine, watching->sums);
	series_difference(watching->before, watching->sums, &last);
	progress_show(conductor->progress, now - watching->begin_ns, watching->sums, &last);
	if (counted < watching->order->duration_ns &&
	    series_look(conductor->series, counted, watching->sums)) {
		conductor->result->resident_last_kib = resident_kib();
		if (conductor->result->resident_first_kib == 0)
			conductor->result->resident_first_kib =
			        conductor->result->resident_last_kib;
	}
	watching->look_ns = now;
	if (watching->status == 0 && conductor->opening != NULL)
		watching->status = opening_watch(conductor->opening, watching->error);
	if (watching->status != 0)
		end_trial(watching);
}

static void turn_until_finished(struct watching *watching)
{
	struct conductor *conductor = watching->conductor;

	while (!engine_finished(conductor->engine)) {
		(void)event_base_loop(conductor->base, EVLOOP_ONCE);
		if (*conductor->interrupt)
			end_trial(watching);
		uint64_t now = now_ns();
		if (now - watching->look_ns >= NS_PER_SECOND)
			look(watching, now);
	}
}

static int watch_trial(struct watching *watching, const char *name, struct trial_result *result)
{
	struct conductor *conductor = watching->conductor;
	int status =
	        conductor->opening != NULL ? opening_watch(conductor->opening, watching->error) : 0;

	if (status == 0)
		status = engine_begin(conductor->engine, watching->order, watching->error);
	if (status != 0)
		return status;
	progress_begin(conductor->progress, name, watching->order);
	series_begin(conductor->series, watching->order->duration_ns);
	watching->begin_ns = now_ns();
	watching->look_ns = watching->begin_ns;
	turn_until_finished(watching);
	engine_collect(conductor->engine, result);
	series_end(conductor->series, counted_ns(watching, now_ns()), &result->measures);
	return watching->status;
}

/* Runs one trial to its end, early or not. An error that came while it ran leaves what was measured in *result. */
static int run_trial(struct conductor *conductor, const char *name, const struct trial_order *order,
                     struct trial_result *result, struct error *error)
{
	struct watching watching = {.conductor = conductor, .order = order, .error = error};
	int status;

	memset(result, 0, sizeof(*result));
	result->order = *order;
	watching.sums = calloc(1, sizeof(*watching.sums));
	watching.before = calloc(1, sizeof(*watching.before));
	if (watching.sums == NULL || watching.before == NULL)
		status = error_set(error, ERROR_MEMORY, "out of memory");
	else
		status = watch_trial(&watching, name, result);
	free(watching.sums);
	free(watching.before);
	if (result->interrupted || *conductor->interrupt)
		conductor->result->interrupted = *conductor->interrupt;
	return status;
}

static struct named_trial *add_trial(struct run_result *result, const char *name)
{
	size_t count = (size_t)result->trial_count + 1;
	struct named_trial *trials = realloc(result->trials, count * sizeof(*trials));

	if (trials == NULL)
		return NULL;
	result->trials = trials;
	struct named_trial *added = &trials[result->trial_count++];
	memset(added, 0, sizeof(*added));
	(void)snprintf(added->name, sizeof(added->name), "%s", name);
	return added;
}

/* A trial that stands in the reports, with its series when that is asked for. */
static int run_named(struct conductor *conductor, const char *name, const struct trial_order *order,
                     bool series, struct error *error)
{
	struct named_trial *trial = add_trial(conductor->result, name);

	if (trial == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	int status = run_trial(conductor, trial->name, order, &trial->result, error);
	if (series)
		trial->seconds = series_take(conductor->series, &trial->second_count);
	/* One that never began says nothing. */
	if (status != 0 && trial->result.sent == 0) {
		free(trial->seconds);
		conductor->result->trial_count--;
	}
	return status;
}

static struct trial_order paced(const struct load_config *config, double rate)
{
	return (struct trial_order){
	        .kind = TRIAL_PACED,
	        .rate = rate,
	        .warm_up_ns = config->warm_up_ns,
	        .duration_ns = config->duration_ns,
	};
}

static int configured_rate(const struct conductor *conductor, double *rate, struct error *error)
{
	const struct load_config *config = conductor->config;

	if (config->rate.packets == 0 && conductor->link_rate == 0)
		return error_set(error, ERROR_ARGUMENT,
		                 "the rate is a share of the link's, and the port does not say how "
		                 "fast that is: set reflector.link-rate");
	*rate = (double)load_rate_packets(config, &config->rate, conductor->link_rate);
	if (!(*rate > 0))
		return error_set(error, ERROR_ARGUMENT, "the rate is less than a packet a second");
	if (*rate * (double)config->duration_ns < (double)NS_PER_SECOND)
		return error_set(error, ERROR_ARGUMENT,
		                 "run.duration is too short: at %.0f packets/s no packet is due "
		                 "in it",
		                 *rate);
	return 0;
}

static int run_rate(struct conductor *conductor, const char *name, struct error *error)
{
	struct trial_order order = paced(conductor->config, 0);
	int status = configured_rate(conductor, &order.rate, error);

	return status != 0 ? status : run_named(conductor, name, &order, true, error);
}

static int search_trial_run(void *context, const struct trial_order *order,
                            struct trial_result *result, struct error *error)
{
	struct conductor *conductor = context;
	int status;

	if (*conductor->interrupt) {
		memset(result, 0, sizeof(*result));
		result->order = *order;
		result->interrupted = true;
		conductor->result->interrupted = true;
		return 0;
	}
	status = run_trial(conductor, "search", order, result, error);
	return status;
}

static void search_observed(void *context, const struct search_result *so_far,
                            const struct trial_result *last)
{
	struct conductor *conductor = context;

	conductor->result->search_wrong += load_measures_wrong(&last->measures);
	conductor->result->search_received += last->measures.received;
	progress_search(conductor->progress, so_far);
}

static int run_latencies(struct conductor *conductor, double pdr, struct error *error)
{
	static const unsigned shares[LATENCY_SHARES] = {10, 50, 90};
	int status = 0;

	for (unsigned i = 0; i < LATENCY_SHARES && status == 0 && !*conductor->interrupt; i++) {
		struct trial_order order = paced(conductor->config, pdr * shares[i] / 100.0);
		char name[RESULT_TEXT_SIZE];
		(void)snprintf(name, sizeof(name), "latency at %u%% of PDR", shares[i]);
		status = run_named(conductor, name, &order, false, error);
	}
	return status;
}

static uint64_t search_now_ns(void *unused)
{
	(void)unused;
	return now_ns();
}

static int run_search(struct conductor *conductor, struct error *error)
{
	const struct load_config *config = conductor->config;
	struct run_result *result = conductor->result;
	struct search_settings settings = {
	        .ndr_loss = config->ndr_loss,
	        .pdr_loss = config->pdr_loss,
	        .precision = config->precision,
	        .retries = config->search_retries,
	        .warm_up_ns = config->warm_up_ns,
	        .duration_ns = config->duration_ns,
	        .confirm_ns = config->confirm_ns,
	        .limit_ns = config->search_limit_ns,
	        .now_ns = search_now_ns,
	        .lossless_link = result->environment.lossless_link,
	};
	int status = configured_rate(conductor, &settings.rate_maximum, error);

	if (status != 0)
		return status;
	double least = PACKETS_LEAST * (double)NS_PER_SECOND / (double)config->duration_ns;
	settings.rate_minimum = settings.rate_maximum / RATE_RANGE;
	if (settings.rate_minimum < least)
		settings.rate_minimum =
		        least < settings.rate_maximum ? least : settings.rate_maximum;
	result->searched = true;
	status = search_throughput(&settings, search_trial_run, conductor, search_observed,
	                           &result->search, error);
	progress_search(conductor->progress, &result->search);
	if (status == 0 && config->latency && result->search.pdr.found)
		status = run_latencies(conductor, result->search.pdr.rate, error);
	progress_search(conductor->progress, NULL);
	return status;
}

static int run_ramp(struct conductor *conductor, struct error *error)
{
	const struct load_config *config = conductor->config;
	uint64_t sessions = config->ramp_from;
	double rate = 0;
	int status = configured_rate(conductor, &rate, error);

	while (status == 0 && !*conductor->interrupt && sessions <= config->ramp_to) {
		struct trial_order order = paced(config, rate);
		char name[RESULT_TEXT_SIZE];
		order.sessions = (uint32_t)sessions;
		(void)snprintf(name, sizeof(name), "ramp %u sessions", order.sessions);
		status = run_named(conductor, name, &order, false, error);
		/* The last step may be shorter: what was asked for is measured. */
		uint64_t next = sessions + (config->ramp_step > 0 ? config->ramp_step : 1);
		sessions = sessions < config->ramp_to && next > config->ramp_to ? config->ramp_to
		                                                                : next;
	}
	return status;
}

/* Of bursts in a row without a single reply, to go on would but take one timeout after the other. */
static int count_silence(const struct trial_result *round, unsigned *silent, struct error *error)
{
	bool down = (round->limits & (unsigned)TRIAL_LIMIT_LINK) != 0;

	*silent = round->measures.received > 0 || round->interrupted ? 0 : *silent + 1;
	if (*silent < SILENT_ROUNDS)
		return 0;
	return error_set(error, ERROR_UNAVAILABLE, "nothing came back of %u bursts in a row%s",
	                 SILENT_ROUNDS, down ? ": the port's link is down" : "");
}

static int run_rounds(struct conductor *conductor, struct bursts *bursts,
                      struct trial_result *round, struct error *error)
{
	const struct load_config *config = conductor->config;
	const struct trial_order order = {.kind = TRIAL_BURST, .frames = config->burst_frames};
	uint64_t begin = now_ns();
	unsigned silent = 0;
	int status = 0;

	for (uint32_t i = 0; i < config->burst_rounds && status == 0 && !*conductor->interrupt;
	     i++) {
		bursts->out_of_time = i > 0 && config->burst_limit_ns > 0 &&
		                      now_ns() - begin >= config->burst_limit_ns;
		if (bursts->out_of_time)
			break;
		status = run_trial(conductor, "bursts", &order, round, error);
		if (status == 0) {
			bursts_add(bursts, round);
			status = count_silence(round, &silent, error);
		}
	}
	return status;
}

/* Rounds are short and many: the report has one trial of them all. */
static int run_bursts(struct conductor *conductor, struct error *error)
{
	const struct load_config *config = conductor->config;
	struct bursts *bursts = bursts_create(config->burst_rounds, config->peer == LOAD_PEER_SWAP);
	struct trial_result *round = calloc(1, sizeof(*round));
	int status = ERROR_MEMORY;

	if (bursts != NULL && round != NULL) {
		status = run_rounds(conductor, bursts, round, error);
		bursts_summarize(bursts, &conductor->result->burst);
		struct named_trial *trial = NULL;
		if (bursts->sum.sent > 0)
			trial = add_trial(conductor->result, "bursts");
		if (trial != NULL)
			trial->result = bursts->sum;
	} else {
		(void)error_set(error, status, "out of memory");
	}
	bursts_destroy(bursts);
	free(round);
	return status;
}

static int run_mode(struct conductor *conductor, struct error *error)
{
	switch (conductor->config->run) {
	case LOAD_RUN_RATE:
		return run_rate(conductor, "rate", error);
	case LOAD_RUN_SOAK:
		return run_rate(conductor, "soak", error);
	case LOAD_RUN_SEARCH:
		return run_search(conductor, error);
	case LOAD_RUN_RAMP:
		return run_ramp(conductor, error);
	case LOAD_RUN_BURST:
		return run_bursts(conductor, error);
	}
	return error_set(error, ERROR_ARGUMENT, "no such way of running");
}

/* So that the loop comes back often enough to see that a trial is over. */
static void on_tick(evutil_socket_t unused, short what, void *context)
{
	(void)unused;
	(void)what;
	(void)context;
}

int conductor_run(struct conductor *conductor, struct error *error)
{
	struct timeval tick = {.tv_usec = TICK_US};
	struct event *timer = event_new(conductor->base, -1, EV_PERSIST, on_tick, NULL);
	int status;

	conductor->series = series_create();
	if (timer == NULL || conductor->series == NULL || event_add(timer, &tick) != 0) {
		status = error_set(error, ERROR_MEMORY, "out of memory");
	} else {
		status = run_mode(conductor, error);
		progress_leave(conductor->progress);
	}
	if (*conductor->interrupt)
		conductor->result->interrupted = true;
	if (timer != NULL)
		event_free(timer);
	series_destroy(conductor->series);
	conductor->series = NULL;
	return status;
}
