/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What packets in flight notice of 100,000 sessions that the slow path installs as fast as it can, and takes away again. A worker
 * reflects at about half of its maximum on lcore 1; lcore 0 is the slow path. Phases, in each of which all packets are counted:
 *
 * - before, after: the slow path sleeps;
 * - elsewhere: it installs as many sessions in a registry that the worker does not know: the same work, allocations and memory traffic,
 *   so what this does to the turnaround is the machine's doing (shared caches, page tables, a host's other guests), not the table's;
 * - during: it installs them in the worker's registry;
 * - stop: it stops them all, as one Stop-Sessions does, in one turn of its event loop;
 * - withdraw: it withdraws them all in one turn, as when the connection ends, and gives their memory back bit by bit, as the appliance's
 *   timer does.
 *
 * Every mode by turns, alone; a quick run has the one that targets name. Each round has a new registry, so that its memory is new to the process. What was lost "before" was lost by the machine; "waited" says for
 * how long in each phase the kernel had the worker wait for its CPU, which is 0 where the CPU is the worker's alone.
 */
#include <rte_launch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_core.h"
#include "core_share.h"
#include "cpu_wait.h"
#include "options.h"
#include "patience.h"
#include "scheduled_port.h"

#define INSTALLED       100000u
#define INSTALLED_SMOKE 500u
#define REQUESTS        (1u << 18)
#define REQUESTS_QUICK  (1u << 16)
#define REQUESTS_SMOKE  (1u << 10)
#define RATE_PACKETS    8192u
#define QUIET_US        100000u
#define QUIET_SMOKE_US  2000u
/** Between two looks at what can be freed, as the appliance's timer does while there is more. */
#define RECLAIM_US      1000u
#define WORKER_LCORE    1u
#define STOPPED_SECONDS 2u
#define HALF            2u
/** Seconds a mode, for rounds that somebody else on the worker's core disturbed. */
#define PATIENCE       15.0
#define PATIENCE_QUICK 2.0
/** Of the machine's own doing: this p99 against the one before makes a round a disturbed one. */
#define DISTURBED 1.5
/** The queue is full after about as long: a round in which the worker waited for longer is measured again, but not for ever. */
#define WAITED_US_MAX 200
#define REPEATS_MAX   6u

enum phase { BEFORE, ELSEWHERE, DURING, AFTER, STOP, WITHDRAW, PHASES };

static const char *const phase_names[PHASES] = {"before", "elsewhere", "during",
                                                "after",  "stop",      "withdraw"};

struct install_bench {
	struct options options;
	unsigned installed;
	uint32_t request_count;
	double tsc_hz; /**< measured once: it takes a while */
	unsigned quiet_us;
	struct world_settings settings;
	struct scheduled_port *port;
	struct request_ring requests;
	struct bench_core core;
	struct world *elsewhere;
	struct observation seen[PHASES];
	double rates[2]; /**< of installing, of withdrawing */
	double turns
	        [2]; /**< microseconds of the slow path that stopping all took, and withdrawing all */
	double waited_us[PHASES];
	double waiting_since_us;
	pid_t worker_thread;     /**< the lcore's; written by it before anything else */
	struct observation rest; /**< of packets before the first phase and after the last */
	struct record turnaround[PHASES][QUANTILES];
	struct record sojourn[PHASES][QUANTILES];
	struct record packets[PHASES];
	struct record lost[PHASES];
	struct record waited[PHASES];
	struct record install_rate;
	struct record withdraw_rate;
	struct record turn[2];
	struct patience patience;
};

static struct install_bench bench;

static void record_mode(struct record *record, const char *group, const char *unit)
{
	record_init(record, group, unit);
	record_text(record, "mode", mode_name(bench.settings.mode));
}

static void record_phase(struct record *record, const char *group, const char *unit,
                         enum phase phase, const char *field, const char *value)
{
	record_mode(record, group, unit);
	record_text(record, "phase", phase_names[phase]);
	record_text(record, field, value);
}

static void records_init(void)
{
	for (unsigned i = 0; i < PHASES; i++) {
		enum phase phase = (enum phase)i;

		for (unsigned q = 0; q < QUANTILES; q++) {
			record_phase(&bench.turnaround[i][q], "install", "tsc-cycles", phase,
			             "quantile", quantile_names[q]);
			record_phase(&bench.sojourn[i][q], "install-sojourn", "tsc-cycles", phase,
			             "quantile", quantile_names[q]);
		}
		record_phase(&bench.packets[i], "install", "packets", phase, "what", "reflected");
		record_phase(&bench.lost[i], "install", "packets", phase, "what", "lost");
		record_phase(&bench.waited[i], "install", "us", phase, "what", "waited");
	}
	record_mode(&bench.install_rate, "install", "sessions/s");
	record_text(&bench.install_rate, "what", "rate");
	record_mode(&bench.withdraw_rate, "install", "sessions/s");
	record_text(&bench.withdraw_rate, "what", "withdraw rate");
	record_mode(&bench.turn[0], "install", "us");
	record_text(&bench.turn[0], "what", "stop turn");
	record_mode(&bench.turn[1], "install", "us");
	record_text(&bench.turn[1], "what", "withdraw turn");
}

static int worker_main(void *worker)
{
	__atomic_store_n(&bench.worker_thread, gettid(), __ATOMIC_RELAXED);
	return worker_run(worker);
}

static double worker_waited_us(void)
{
	return cpu_waited_us(__atomic_load_n(&bench.worker_thread, __ATOMIC_RELAXED));
}

static int worker_start(const struct schedule *schedule, struct error *error)
{
	struct worker *worker = bench.core.worker;

	scheduled_port_attach(bench.port, worker, schedule);
	worker->stop = false;
	if (rte_eal_remote_launch(worker_main, worker, WORKER_LCORE) != 0)
		return error_set(error, ERROR_SYSTEM, "lcore %u does not run", WORKER_LCORE);
	return 0;
}

/** TSC ticks between packets at half of the maximum. */
static int half_rate(uint64_t *mean_gap, struct error *error)
{
	const struct schedule schedule = {.requests = &bench.requests, .limit = RATE_PACKETS};

	for (unsigned pass = 0; pass < 2; pass++) {
		uint64_t begin = tsc_now();
		int result = worker_start(&schedule, error);

		if (result != 0)
			return result;
		(void)rte_eal_wait_lcore(WORKER_LCORE);
		*mean_gap = (tsc_now() - begin) * HALF / RATE_PACKETS;
	}
	return 0;
}

static double us_since(uint64_t begin)
{
	return (double)(tsc_now() - begin) * 1e6 / bench.tsc_hz;
}

static int install(struct world *world, double *rate, struct error *error)
{
	unsigned first = world->settings.sessions;
	uint64_t begin = tsc_now();
	int result = 0;

	for (unsigned i = 0; result == 0 && i < bench.installed; i++)
		result = world_publish(world, first + i, error);
	*rate = bench.installed * bench.tsc_hz / (double)(tsc_now() - begin);
	return result;
}

/** Packets are answered for some time yet: the withdrawal comes first. Microseconds. */
static double stop(struct world *world)
{
	unsigned first = world->settings.sessions;
	uint64_t begin = tsc_now();
	uint64_t until = begin + STOPPED_SECONDS * (uint64_t)bench.tsc_hz;

	for (unsigned i = 0; i < bench.installed; i++)
		session_stop(world->registry, world->sessions[first + i], until);
	return us_since(begin);
}

/** Until all memory is free; what waits for the worker's next quiescent state is asked for as the appliance does it. Sessions a second. */
static double withdraw(struct world *world, double *turn_us)
{
	unsigned first = world->settings.sessions;
	uint64_t begin = tsc_now();

	for (unsigned i = 0; i < bench.installed; i++)
		world_withdraw(world, first + i);
	*turn_us = us_since(begin);
	while (session_registry_reclaim(world->registry) > 0)
		(void)usleep(RECLAIM_US);
	return bench.installed * bench.tsc_hz / (double)(tsc_now() - begin);
}

static void enter(enum phase phase)
{
	bench.waiting_since_us = worker_waited_us();
	scheduled_port_observe(bench.port, &bench.seen[phase]);
}

/** What comes from now on belongs to no phase. */
static void leave(enum phase phase)
{
	scheduled_port_observe(bench.port, &bench.rest);
	bench.waited_us[phase] = worker_waited_us() - bench.waiting_since_us;
}

static int run_phases(struct error *error)
{
	double unused;

	(void)usleep(bench.quiet_us);
	enter(BEFORE);
	(void)usleep(bench.quiet_us);
	leave(BEFORE);
	enter(ELSEWHERE);
	int result = install(bench.elsewhere, &unused, error);
	leave(ELSEWHERE);
	if (result != 0)
		return result;
	(void)usleep(bench.quiet_us);
	enter(DURING);
	result = install(bench.core.world, &bench.rates[0], error);
	leave(DURING);
	if (result != 0)
		return result;
	enter(AFTER);
	(void)usleep(bench.quiet_us);
	leave(AFTER);
	enter(STOP);
	bench.turns[0] = stop(bench.core.world);
	leave(STOP);
	enter(WITHDRAW);
	bench.rates[1] = withdraw(bench.core.world, &bench.turns[1]);
	leave(WITHDRAW);
	return 0;
}

/** Every packet that arrived was reflected or was counted as lost where it was lost. */
static int check_counts(struct error *error)
{
	uint64_t arrived = bench.rest.arrived;
	uint64_t accounted = bench.rest.reflected + observation_lost(&bench.rest);

	for (unsigned i = 0; i < PHASES; i++) {
		arrived += bench.seen[i].arrived;
		accounted += bench.seen[i].reflected + observation_lost(&bench.seen[i]);
	}
	if (arrived != accounted)
		return error_set(error, ERROR_FORMAT, "%lu packets arrived, %lu are accounted for",
		                 (unsigned long)arrived, (unsigned long)accounted);
	return 0;
}

static void record_all(void)
{
	for (unsigned i = 0; i < PHASES; i++) {
		histogram_round(&bench.seen[i].turnaround, bench.turnaround[i]);
		histogram_round(&bench.seen[i].sojourn, bench.sojourn[i]);
		record_round(&bench.packets[i], (double)bench.seen[i].reflected);
		record_round(&bench.lost[i], (double)observation_lost(&bench.seen[i]));
		record_round(&bench.waited[i], bench.waited_us[i]);
	}
	record_round(&bench.install_rate, bench.rates[0]);
	record_round(&bench.withdraw_rate, bench.rates[1]);
	for (unsigned i = 0; i < 2; i++)
		record_round(&bench.turn[i], bench.turns[i]);
}

/** By what is not the appliance's doing; says so. */
static bool was_disturbed(unsigned round)
{
	uint64_t before[QUANTILES], elsewhere[QUANTILES];
	bool waited = false;

	for (unsigned i = 0; i < PHASES; i++) {
		if (bench.waited_us[i] > WAITED_US_MAX)
			(void)fprintf(stderr,
			              "bench_install: round %u, %s: the worker waited %.0f us for "
			              "its CPU\n",
			              round + 1, phase_names[i], bench.waited_us[i]);
		waited = waited || bench.waited_us[i] > WAITED_US_MAX;
	}
	histogram_quantiles(&bench.seen[BEFORE].turnaround, before);
	histogram_quantiles(&bench.seen[ELSEWHERE].turnaround, elsewhere);
	if ((double)elsewhere[1] > DISTURBED * (double)before[1])
		(void)fprintf(stderr,
		              "bench_install: round %u: p99 %lu before, %lu while sessions were "
		              "installed elsewhere\n",
		              round + 1, (unsigned long)before[1], (unsigned long)elsewhere[1]);
	/* Nothing was done to the worker's registry then. */
	uint64_t lost =
	        observation_lost(&bench.seen[BEFORE]) + observation_lost(&bench.seen[ELSEWHERE]);
	if (lost > 0)
		(void)fprintf(
		        stderr,
		        "bench_install: round %u: the machine lost %lu packets before sessions "
		        "were installed\n",
		        round + 1, (unsigned long)lost);
	return waited || lost > 0;
}

static int run_worker(struct error *error)
{
	struct schedule schedule = {.requests = &bench.requests, .limit = UINT64_MAX};

	for (unsigned i = 0; i < PHASES; i++)
		observation_reset(&bench.seen[i]);
	observation_reset(&bench.rest);
	scheduled_port_observe(bench.port, &bench.rest);
	int result = half_rate(&schedule.mean_gap, error);
	if (result == 0)
		result = worker_start(&schedule, error);
	if (result != 0)
		return result;
	result = run_phases(error);
	scheduled_port_end(bench.port);
	(void)rte_eal_wait_lcore(WORKER_LCORE);
	return result == 0 ? check_counts(error) : result;
}

static int ask_core_share(void *unused)
{
	(void)unused;
	return core_share_is_whole() ? 1 : 0;
}

/** The worker's, which is idle now. */
static bool worker_core_is_whole(void)
{
	return rte_eal_remote_launch(ask_core_share, NULL, WORKER_LCORE) == 0 &&
	       rte_eal_wait_lcore(WORKER_LCORE) == 1;
}

static int measure_once(struct error *error)
{
	int result =
	        bench_core_create(&bench.core, &bench.settings, bench.settings.sessions, error);

	if (result != 0)
		return result;
	result = world_create(&bench.settings, &bench.elsewhere, error);
	if (result == 0) {
		request_ring_fill(&bench.requests, bench.core.traffic, bench.requests.count);
		result = run_worker(error);
	}
	world_destroy(bench.elsewhere);
	bench_core_destroy(&bench.core);
	return result;
}

static int measure_round(unsigned round, unsigned *repeats, struct error *error)
{
	for (;;) {
		int result;

		do {
			patience_before(&bench.patience);
			result = measure_once(error);
		} while (!patience_after(&bench.patience) && result == 0);
		if (result != 0)
			return result;
		if (!was_disturbed(round) || *repeats == 0 || bench.options.smoke ||
		    !patience_has_time())
			break;
		*repeats -= 1;
	}
	record_all();
	return 0;
}

static int prepare(struct error *error)
{
	const struct suite_choice *suites;

	(void)suite_choices(&suites);
	bench.tsc_hz = (double)tsc_frequency_hz();
	bench.installed = bench.options.smoke ? INSTALLED_SMOKE : INSTALLED;
	bench.quiet_us = bench.options.smoke ? QUIET_SMOKE_US : QUIET_US;
	bench.request_count = bench.options.smoke   ? REQUESTS_SMOKE
	                      : bench.options.quick ? REQUESTS_QUICK
	                                            : REQUESTS;
	bench.settings = (struct world_settings){.kind = suites[0].kind,
	                                         .family = USUAL_FAMILY,
	                                         .sessions = USUAL_SESSIONS,
	                                         .cores = 1,
	                                         .room = bench.installed};
	int result = bench_eal_start(1, error);
	if (result != 0)
		return result;
	bench.port = scheduled_port_create();
	if (bench.port == NULL)
		return error_set(error, ERROR_SYSTEM, "no port");
	return request_ring_create(&bench.requests, bench.request_count, error);
}

static void print_all(void)
{
	struct record quiet;

	for (unsigned i = 0; i < PHASES; i++) {
		for (unsigned q = 0; q < QUANTILES; q++)
			record_print(&bench.turnaround[i][q], stdout);
		record_print(&bench.packets[i], stdout);
		record_print(&bench.lost[i], stdout);
		record_print(&bench.waited[i], stdout);
	}
	for (unsigned i = 0; i < PHASES; i++) {
		for (unsigned q = 0; q < QUANTILES; q++)
			record_print(&bench.sojourn[i][q], stdout);
	}
	record_print(&bench.install_rate, stdout);
	record_print(&bench.withdraw_rate, stdout);
	record_print(&bench.turn[0], stdout);
	record_print(&bench.turn[1], stdout);
	patience_record(&bench.patience, "install", &quiet);
	record_text(&quiet, "mode", mode_name(bench.settings.mode));
	record_print(&quiet, stdout);
}

/** Rounds of the mode that targets name; of another one fewer. */
static unsigned rounds_of(enum test_mode mode)
{
	const struct options *options = &bench.options;

	if (!options_want_mode(options, mode))
		return 0;
	if (mode == TEST_AUTHENTICATED || options->one || options->smoke)
		return options->rounds;
	return options->quick ? 0 : options->rounds / 2;
}

static int measure_mode(enum test_mode mode, unsigned rounds, struct error *error)
{
	unsigned repeats = REPEATS_MAX;
	int result = 0;

	bench.settings.mode = mode;
	bench.patience = (struct patience){
	        .seconds = bench.options.smoke   ? 0
	                   : bench.options.quick ? PATIENCE_QUICK
	                                         : PATIENCE,
	        .whole = worker_core_is_whole,
	};
	records_init();
	for (unsigned round = 0; result == 0 && round < rounds && patience_for_round(round);
	     round++)
		result = measure_round(round, &repeats, error);
	if (result == 0)
		print_all();
	return result;
}

int main(int argc, char **argv)
{
	struct error error = {""};
	int code = options_read(&bench.options, argc, argv);

	if (code != 0)
		return code - 1;
	int result = prepare(&error);
	for (unsigned mode = 0; result == 0 && mode < MODE_COUNT; mode++) {
		unsigned rounds = rounds_of((enum test_mode)mode);

		if (rounds > 0)
			result = measure_mode((enum test_mode)mode, rounds, &error);
	}
	if (result != 0)
		(void)fprintf(stderr, "bench_install: %s\n", error.text);
	request_ring_destroy(&bench.requests);
	return result == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
