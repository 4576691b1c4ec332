/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Turnaround of worker_run: from the end of the rx burst that found a packet to the beginning of the tx burst that has its reply. One
 * core and 1,024 sessions, each of which gets its packets at regular intervals. Packets alone ("lone"), with gaps long enough for all that
 * a core does when it has nothing to do, and at 10, 50 and 90 % of the rate that the same round reached. Lone packets that a stall of the
 * machine made one burst were not alone and are left out of the turnaround; their sojourn counts.
 *
 * Groups: "latency" (turnaround), "sojourn" (from the arrival on, so with the wait for the core), "rate" (the maximum), "lone" (of a
 * packet alone, reflect_burst without the worker around it), and "stalls": what a loop on this CPU that does nothing but read the TSC saw
 * of interruptions; no tail shorter than these is the reflector's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_core.h"
#include "cpu_wait.h"
#include "options.h"
#include "patience.h"
#include "scheduled_port.h"

#define CASES_MAX 12u
#define LOADS     4u
#define LONE      0u
/** Packets of a case before it is the next one's turn, and turns in a round. */
#define SLICE        2048u
#define SLICE_SMOKE  512u
#define SLICES       8u
#define SLICES_QUICK 4u
/** Passes through all sessions before a slice. */
#define WARM_UP_PASSES 1u
#define WARM_UP_MAX    65536u
/** TSC ticks between lone packets: a few microseconds, and as many again by chance. */
#define LONE_GAP_LEAST 5000u
#define LONE_GAP_MEAN  10000u
/** Of a slice: a longer wait for the CPU is a tail of its own. */
#define WAITED_US_MAX 100
/** Slices that are repeated for that, a round. */
#define REPEATS_A_ROUND 16u
/** Until one packet of a slice was alone. */
#define TRIES_MAX 1000u
/** Seconds in all, for slices that somebody else on the core disturbed. */
#define PATIENCE         20.0
#define PATIENCE_QUICK   2.0
#define LONE_BUFFER_SIZE 512u
/** The loop that does nothing: a gap above this was no reading of the TSC. */
#define STALL_LEAST 500u
#define STALL_TICKS UINT64_C(100000000)

struct load {
	const char *name;
	unsigned percent; /**< of the maximum; 0: lone */
};

static const struct load loads[LOADS] = {{"lone", 0}, {"10", 10}, {"50", 50}, {"90", 90}};

struct latency_case {
	struct bench_core core;
	struct record rate;
	struct record turnaround[LOADS][QUANTILES];
	struct record sojourn[LOADS][QUANTILES];
	struct record reflect[QUANTILES];
	double ticks_per_packet;         /**< the maximum rate of this round */
	struct histogram turnaround_sum; /**< of the slices so far */
	struct histogram sojourn_sum;
};

struct latency_bench {
	struct options options;
	struct scheduled_port *port;
	struct request_ring requests;
	struct observation seen;
	uint32_t slice; /**< packets */
	unsigned slices;
	uint32_t warm_up;
	struct latency_case cases[CASES_MAX];
	unsigned case_count;
	unsigned repeats;   /**< that are left */
	unsigned disturbed; /**< slices that waited for their CPU */
	struct patience patience;
	struct record stalls[2];
};

static struct latency_bench bench;

static void describe(struct record *record, const char *group, const char *unit,
                     const struct world_settings *settings, const char *suite, const char *ahead)
{
	record_init(record, group, unit);
	record_text(record, "mode", mode_name(settings->mode));
	record_text(record, "suite", suite);
	record_text(record, "ahead", ahead);
	record_number(record, "sessions", settings->sessions);
}

static void describe_quantiles(struct record records[QUANTILES], const char *group,
                               const struct world_settings *settings, const char *suite,
                               const char *ahead, const char *load)
{
	for (unsigned i = 0; i < QUANTILES; i++) {
		describe(&records[i], group, "tsc-cycles", settings, suite, ahead);
		record_text(&records[i], "load", load);
		record_text(&records[i], "quantile", quantile_names[i]);
	}
}

static int case_add(const struct world_settings *settings, const char *suite, bool ahead,
                    struct error *error)
{
	struct latency_case *added = &bench.cases[bench.case_count];
	const char *ahead_name = ahead ? "on" : "off";

	if (bench.case_count == CASES_MAX)
		abort();
	int result =
	        bench_core_create(&added->core, settings, ahead ? settings->sessions : 0, error);
	if (result != 0)
		return result;
	bench.case_count++;
	describe(&added->rate, "rate", "tsc-cycles/packet", settings, suite, ahead_name);
	for (unsigned load = 0; load < LOADS; load++) {
		describe_quantiles(added->turnaround[load], "latency", settings, suite, ahead_name,
		                   loads[load].name);
		describe_quantiles(added->sojourn[load], "sojourn", settings, suite, ahead_name,
		                   loads[load].name);
	}
	describe_quantiles(added->reflect, "lone", settings, suite, ahead_name, loads[LONE].name);
	return 0;
}

static int cases_of_mode(struct world_settings *settings, struct error *error)
{
	const struct suite_choice *suites;
	unsigned suite_count = suite_choices(&suites);
	int result = 0;

	if (!options_want_mode(&bench.options, settings->mode))
		return 0;
	if (settings->mode == TEST_UNAUTHENTICATED) {
		settings->kind = suites[0].kind;
		return case_add(settings, "none", false, error);
	}
	for (unsigned i = 0; result == 0 && i < suite_count; i++) {
		settings->kind = suites[i].kind;
		if (settings->kind == SUITE_OPENSSL ||
		    !options_want_suite(&bench.options, suites[i].name))
			continue;
		if (i > 0 && bench.options.quick && bench.options.suite == NULL)
			break;
		if (settings->mode == TEST_AUTHENTICATED)
			result = case_add(settings, suites[i].name, true, error);
		if (result == 0)
			result = case_add(settings, suites[i].name, false, error);
	}
	return result;
}

static int cases_create(struct error *error)
{
	struct world_settings settings = {
	        .family = USUAL_FAMILY, .sessions = USUAL_SESSIONS, .cores = 1};
	int result = 0;

	if (bench.options.sessions != 0)
		settings.sessions = bench.options.sessions;
	else if (bench.options.smoke)
		settings.sessions = SLICE_SMOKE / 4;
	bench.warm_up = WARM_UP_PASSES * settings.sessions;
	if (bench.warm_up > WARM_UP_MAX)
		bench.warm_up = WARM_UP_MAX;
	bench.slice = bench.options.smoke ? SLICE_SMOKE : SLICE;
	bench.slices = bench.options.smoke ? 1 : bench.options.quick ? SLICES_QUICK : SLICES;
	for (unsigned mode = 0; result == 0 && mode < MODE_COUNT; mode++) {
		settings.mode = (enum test_mode)mode;
		result = cases_of_mode(&settings, error);
	}
	return result;
}

/** Lets the worker take so many packets; TSC ticks from the first to the last. */
static uint64_t run(struct latency_case *measured, uint32_t first, uint32_t packets,
                    uint64_t mean_gap, uint64_t least_gap)
{
	struct worker *worker = measured->core.worker;
	const struct schedule schedule = {.requests = &bench.requests,
	                                  .first = first,
	                                  .mean_gap = mean_gap,
	                                  .least_gap = least_gap,
	                                  .limit = packets,
	                                  .alone = least_gap > 0};

	observation_reset(&bench.seen);
	scheduled_port_observe(bench.port, &bench.seen);
	scheduled_port_attach(bench.port, worker, &schedule);
	worker->stop = false;
	uint64_t begin = tsc_now();
	(void)worker_run(worker);
	return tsc_now() - begin;
}

/** What a round adds up, slice by slice. */
typedef int (*slice_function)(struct latency_case *measured, const struct load *load,
                              struct error *error);

static int run_once(struct latency_case *measured, uint64_t mean_gap, uint64_t least_gap,
                    uint64_t *took, struct error *error)
{
	request_ring_fill(&bench.requests, measured->core.traffic, bench.warm_up + bench.slice);
	/* At the pace of the run, so that what is computed ahead of time is there as it will be. */
	(void)run(measured, 0, bench.warm_up, mean_gap, least_gap);
	*took = run(measured, bench.warm_up, bench.slice, mean_gap, least_gap);
	if (bench.seen.reflected + bench.seen.overflown != bench.slice)
		return error_set(error, ERROR_FORMAT, "%lu of %u packets were reflected",
		                 (unsigned long)bench.seen.reflected, bench.slice);
	return 0;
}

/** A slice that had to wait for its CPU says nothing of ours: it is repeated, but not for ever. */
static int run_waiting_for_nothing(struct latency_case *measured, uint64_t mean_gap,
                                   uint64_t least_gap, uint64_t *took, struct error *error)
{
	for (;;) {
		double waited = cpu_waited_us(gettid());
		int result = run_once(measured, mean_gap, least_gap, took, error);

		waited = cpu_waited_us(gettid()) - waited;
		if (result != 0 || waited <= WAITED_US_MAX)
			return result;
		bench.disturbed++;
		if (bench.repeats == 0 || !patience_has_time())
			return 0;
		bench.repeats--;
	}
}

/** Nor does one whose core was shared. */
static int run_undisturbed(struct latency_case *measured, uint64_t mean_gap, uint64_t least_gap,
                           uint64_t *took, struct error *error)
{
	int result;

	do {
		patience_before(&bench.patience);
		result = run_waiting_for_nothing(measured, mean_gap, least_gap, took, error);
	} while (!patience_after(&bench.patience) && result == 0);
	return result;
}

static int rate_slice(struct latency_case *measured, const struct load *load, struct error *error)
{
	uint64_t took;
	int result = run_undisturbed(measured, 0, 0, &took, error);

	(void)load;
	measured->ticks_per_packet += (double)took / bench.slice / bench.slices;
	return result;
}

static int load_slice(struct latency_case *measured, const struct load *load, struct error *error)
{
	uint64_t mean = LONE_GAP_MEAN, least = LONE_GAP_LEAST, took;

	if (load->percent != 0) {
		mean = (uint64_t)(measured->ticks_per_packet * 100 / load->percent);
		least = 0;
	}
	/* A stall makes one burst of all lone packets of a slice: such a one has nothing to tell. */
	for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
		int result = run_undisturbed(measured, mean, least, &took, error);

		if (result != 0)
			return result;
		if (bench.seen.turnaround.count == 0)
			continue;
		histogram_merge(&measured->turnaround_sum, &bench.seen.turnaround);
		histogram_merge(&measured->sojourn_sum, &bench.seen.sojourn);
		return 0;
	}
	return error_set(error, ERROR_SYSTEM,
	                 "no packet of %u slices came alone: too busy a machine", TRIES_MAX);
}

/** The next request of the ring through reflect_burst, after the idle steps that a gap has room for. True when it was reflected. */
static bool reflect_one(struct latency_case *measured, uint32_t request, uint8_t *buffer)
{
	struct reflector *reflector = &measured->core.worker->reflector;
	struct reflect_frame frame = {
	        .octets = buffer, .length = bench.requests.length, .capacity = LONE_BUFFER_SIZE};
	struct reflect_arrival arrival = {.mtu = UINT16_MAX};

	memcpy(buffer, bench.requests.octets + (size_t)request * bench.requests.stride,
	       bench.requests.length);
	for (uint64_t begin = tsc_now(); tsc_now() - begin < LONE_GAP_LEAST;)
		(void)reflect_idle(reflector);
	uint64_t begin = tsc_now();
	arrival.receive_tsc = begin;
	arrival.receive_time = tsc_clock_read(reflector->clock, begin);
	reflect_burst(reflector, &arrival, &frame, 1);
	uint64_t took = tsc_now() - begin;
	if (request >= bench.warm_up)
		histogram_add(&bench.seen.turnaround, took, 1);
	return frame.verdict == VERDICT_REFLECT;
}

static int reflect_all(struct latency_case *measured, struct error *error)
{
	uint8_t buffer[LONE_BUFFER_SIZE] __attribute__((aligned(64)));

	observation_reset(&bench.seen);
	request_ring_fill(&bench.requests, measured->core.traffic, bench.warm_up + bench.slice);
	for (uint32_t i = 0; i < bench.warm_up + bench.slice; i++) {
		if (!reflect_one(measured, i, buffer))
			return error_set(error, ERROR_FORMAT, "a lone packet was not reflected");
	}
	return 0;
}

static int reflect_slice(struct latency_case *measured, const struct load *load,
                         struct error *error)
{
	int result;

	(void)load;
	do {
		patience_before(&bench.patience);
		result = reflect_all(measured, error);
	} while (!patience_after(&bench.patience) && result == 0);
	histogram_merge(&measured->turnaround_sum, &bench.seen.turnaround);
	return result;
}

/** All cases in turns of one slice each, so that none has a better time than the others. */
static int in_slices(slice_function function, const struct load *load, struct error *error)
{
	int result = 0;

	for (unsigned i = 0; i < bench.case_count; i++) {
		histogram_reset(&bench.cases[i].turnaround_sum);
		histogram_reset(&bench.cases[i].sojourn_sum);
	}
	for (unsigned slice = 0; slice < bench.slices; slice++) {
		for (unsigned i = 0; result == 0 && i < bench.case_count; i++)
			result = function(&bench.cases[i], load, error);
	}
	return result;
}

static void measure_stalls(void)
{
	uint64_t begin = tsc_now(), last = begin, longest = 0, lost = 0;
	uint64_t ticks = bench.options.smoke ? STALL_TICKS / 100 : STALL_TICKS;

	while (last - begin < ticks) {
		uint64_t now = tsc_now();

		if (now - last > longest)
			longest = now - last;
		if (now - last > STALL_LEAST)
			lost += now - last;
		last = now;
	}
	record_round(&bench.stalls[0], (double)longest);
	record_round(&bench.stalls[1], (double)lost / (double)ticks * 1e6);
}

static int measure_loads(struct error *error)
{
	for (unsigned load = 0; load < LOADS; load++) {
		int result = in_slices(load_slice, &loads[load], error);

		if (result != 0)
			return result;
		for (unsigned i = 0; i < bench.case_count; i++) {
			struct latency_case *measured = &bench.cases[i];

			histogram_round(&measured->turnaround_sum, measured->turnaround[load]);
			histogram_round(&measured->sojourn_sum, measured->sojourn[load]);
		}
	}
	return 0;
}

static int measure_round(struct error *error)
{
	measure_stalls();
	for (unsigned i = 0; i < bench.case_count; i++)
		bench.cases[i].ticks_per_packet = 0;
	int result = in_slices(rate_slice, NULL, error);
	for (unsigned i = 0; i < bench.case_count; i++)
		record_round(&bench.cases[i].rate, bench.cases[i].ticks_per_packet);
	if (result == 0)
		result = measure_loads(error);
	if (result == 0)
		result = in_slices(reflect_slice, NULL, error);
	for (unsigned i = 0; i < bench.case_count; i++)
		histogram_round(&bench.cases[i].turnaround_sum, bench.cases[i].reflect);
	return result;
}

static void print_quantiles(const struct record records[QUANTILES])
{
	for (unsigned i = 0; i < QUANTILES; i++)
		record_print(&records[i], stdout);
}

static void print_all(void)
{
	struct record quiet;

	for (unsigned i = 0; i < bench.case_count; i++) {
		const struct latency_case *measured = &bench.cases[i];

		record_print(&measured->rate, stdout);
		for (unsigned load = 0; load < LOADS; load++)
			print_quantiles(measured->turnaround[load]);
		for (unsigned load = 0; load < LOADS; load++)
			print_quantiles(measured->sojourn[load]);
		print_quantiles(measured->reflect);
	}
	record_print(&bench.stalls[0], stdout);
	record_print(&bench.stalls[1], stdout);
	patience_record(&bench.patience, "latency", &quiet);
	record_print(&quiet, stdout);
}

static int prepare(struct error *error)
{
	uint32_t room = 1;

	record_init(&bench.stalls[0], "stalls", "tsc-cycles");
	record_text(&bench.stalls[0], "what", "longest");
	record_init(&bench.stalls[1], "stalls", "ppm");
	record_text(&bench.stalls[1], "what", "share of the time");
	int result = bench_eal_start(0, error);
	if (result != 0)
		return result;
	bench.port = scheduled_port_create();
	if (bench.port == NULL)
		return error_set(error, ERROR_SYSTEM, "no port");
	result = cases_create(error);
	while (room < bench.slice + bench.warm_up)
		room *= 2;
	return result != 0 ? result : request_ring_create(&bench.requests, room, error);
}

static unsigned repeats_a_round(void)
{
	return bench.options.smoke ? 0 : REPEATS_A_ROUND;
}

int main(int argc, char **argv)
{
	struct error error = {""};
	int code = options_read(&bench.options, argc, argv);

	if (code != 0)
		return code - 1;
	int result = prepare(&error);
	bench.repeats = bench.options.rounds * repeats_a_round();
	bench.patience.seconds = bench.options.smoke   ? 0
	                         : bench.options.quick ? PATIENCE_QUICK
	                                               : PATIENCE;
	for (unsigned round = 0;
	     result == 0 && round < bench.options.rounds && patience_for_round(round); round++)
		result = measure_round(&error);
	if (bench.disturbed > 0)
		(void)fprintf(
		        stderr, "bench_latency: %u slices waited for their CPU; %u were repeated\n",
		        bench.disturbed, bench.options.rounds * repeats_a_round() - bench.repeats);
	if (result == 0)
		print_all();
	else
		(void)fprintf(stderr, "bench_latency: %s\n", error.text);
	for (unsigned i = 0; i < bench.case_count; i++)
		bench_core_destroy(&bench.cases[i].core);
	request_ring_destroy(&bench.requests);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
