/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Session set-ups that the appliance's slow path does in a second of its CPU: TCP connect, set-up, one session requested, started and
 * stopped, close. The appliance is the real program on loopback; the client's CPU does not count, several connections are made
 * at once.
 *
 * "cached": the token key of KeyID and Salt has been derived before. "fresh": each set-up needs a PBKDF2 of its own (for comparison).
 * "mass-stop": very many sessions that end at once, and for how long nobody else is served. "installed": beside so many sessions that others hold; 0 is measured beside it, to compare.
 */
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "appliance_process.h"
#include "control_load.h"
#include "core_share.h"
#include "crypto/key_derivation.h"
#include "mass_stop.h"
#include "patience.h"
#include "record.h"
#include "wire/control_message.h"

/** So long after a round the appliance has closed, withdrawn and freed what belongs to it. */
#define SETTLE_MS 120u
/** What one connection can have is not enough. */
#define MASS_CONNECTIONS 2u
#define MASS_STOP_ROUNDS 3u

struct extent {
	unsigned rounds;
	unsigned set_ups; /**< of a round */
	unsigned fresh;   /**< set-ups of a round that each need a key derived */
	unsigned holders; /**< connections that hold sessions */
	unsigned held;    /**< sessions of each */
	unsigned mass;    /**< sessions that end at once, of two connections */
	double patience; /**< seconds for rounds that somebody else on the slow path's core disturbed */
};

static const struct extent full = {7, 1000, 64, 100, 1000, 100000, 20};
static const struct extent quick = {3, 250, 32, 20, 1000, 0, 2};
static const struct extent smoke = {1, 20, 4, 2, 50, 200, 0};

enum keys { KEYS_NONE, KEYS_PSK, KEYS_IKEV2 };
static const char *const key_names[] = {"none", "psk", "ikev2"};

static const struct measured {
	uint32_t mode;
	enum keys keys;
} cases[] = {
        {MODE_UNAUTHENTICATED, KEYS_NONE}, {MODE_MIXED, KEYS_PSK},
        {MODE_MIXED, KEYS_IKEV2},          {MODE_AUTHENTICATED, KEYS_PSK},
        {MODE_AUTHENTICATED, KEYS_IKEV2},  {MODE_ENCRYPTED, KEYS_PSK},
        {MODE_ENCRYPTED, KEYS_IKEV2},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

struct bench {
	struct extent extent;
	const char *program;
	struct appliance_process empty;      /**< without sessions but those that are measured */
	struct appliance_process full;       /**< with those of held connections */
	struct appliance_process *appliance; /**< the one that is measured now */
	unsigned addresses;                  /**< of clients, used so far */
	int *held;
	struct patience patience;
	struct error error;
};

static void psk(const void *context, unsigned number, uint8_t key_id[KEY_PROVIDER_ID_SIZE],
                struct shared_secret *secret)
{
	(void)context;
	(void)number;
	appliance_psk(0, key_id, secret);
}

/** A key of its own for each set-up of all rounds. */
static void fresh_psk(const void *context, unsigned number, uint8_t key_id[KEY_PROVIDER_ID_SIZE],
                      struct shared_secret *secret)
{
	appliance_psk(*(const unsigned *)context + number, key_id, secret);
}

static void sa(const void *context, unsigned number, uint8_t key_id[KEY_PROVIDER_ID_SIZE],
               struct shared_secret *secret)
{
	(void)context;
	(void)number;
	if (appliance_sa(key_id, secret) != 0)
		abort();
}

static void settle(void)
{
	const struct timespec time = {.tv_nsec = SETTLE_MS * 1000000L};

	(void)nanosleep(&time, NULL);
}

static struct control_load load_of(struct bench *bench, const struct measured *measured,
                                   unsigned connections)
{
	struct control_load load = {
	        .server = bench->appliance->control,
	        .receiver_port = APPLIANCE_PORT_LOWER,
	        .mode = measured->mode,
	        .key = psk,
	        .connections = connections,
	        .sessions = 1,
	        .first_address = bench->addresses,
	};

	bench->addresses += connections;
	(void)address_parse(APPLIANCE_ADDRESS, &load.receiver);
	if (measured->keys == KEYS_IKEV2) {
		load.mode |= MODE_IKEV2_DERIVED;
		load.key = sa;
	}
	return load;
}

/** Of the slow path's CPU, which is idle now. */
static bool slow_path_core_is_whole(void)
{
	unsigned main_cpu, worker_cpu;
	cpu_set_t all, one;

	appliance_cpus(&main_cpu, &worker_cpu);
	CPU_ZERO(&one);
	CPU_SET(main_cpu, &one);
	if (sched_getaffinity(0, sizeof(all), &all) != 0 ||
	    sched_setaffinity(0, sizeof(one), &one) != 0)
		return true;
	bool whole = core_share_is_whole();
	(void)sched_setaffinity(0, sizeof(all), &all);
	return whole;
}

/** Set-ups per CPU second of one run. */
static int measure_once(struct bench *bench, const struct control_load *load, double *rate)
{
	uint64_t before = appliance_process_cpu_ns(bench->appliance);
	int status = control_load_run(load, &bench->error);

	settle();
	*rate = load->connections * 1e9 /
	        (double)(appliance_process_cpu_ns(bench->appliance) - before);
	return status;
}

static int measure(struct bench *bench, const struct control_load *load, double *rate)
{
	int status;

	do {
		patience_before(&bench->patience);
		status = measure_once(bench, load, rate);
	} while (!patience_after(&bench->patience) && status == 0);
	return status;
}

static void name(struct record *record, const struct measured *measured, const char *derivation)
{
	record_init(record, "control", "set-ups/cpu-second");
	record_text(record, "mode", mode_name(measured->mode));
	record_text(record, "keys", key_names[measured->keys]);
	record_text(record, "derivation", derivation);
}

/** Round by round, every case once; the first round is not counted: it derives the keys that are cached. */
static int bench_cached(struct bench *bench)
{
	struct record records[CASES];
	int status = 0;

	for (unsigned i = 0; i < CASES; i++)
		name(&records[i], &cases[i], cases[i].keys == KEYS_NONE ? "none" : "cached");
	for (unsigned round = 0; round <= bench->extent.rounds && status == 0; round++) {
		if (round > 0 && !patience_for_round(round - 1))
			break;
		for (unsigned i = 0; i < CASES && status == 0; i++) {
			struct control_load load =
			        load_of(bench, &cases[i],
			                round == 0 ? CONTROL_LOAD_PARALLEL : bench->extent.set_ups);
			double rate;

			status = measure(bench, &load, &rate);
			if (round > 0)
				record_round(&records[i], rate);
		}
	}
	for (unsigned i = 0; i < CASES && status == 0; i++)
		record_print(&records[i], stdout);
	return status;
}

static int bench_fresh(struct bench *bench)
{
	static const struct measured measured = {MODE_AUTHENTICATED, KEYS_PSK};
	struct record record;
	int status = 0;

	name(&record, &measured, "fresh");
	record_number(&record, "count", APPLIANCE_PBKDF2_COUNT);
	for (unsigned round = 0;
	     round < bench->extent.rounds && patience_for_round(round) && status == 0; round++) {
		struct control_load load = load_of(bench, &measured, bench->extent.fresh);
		unsigned first_key = 1 + round * bench->extent.fresh;
		double rate;

		load.key = fresh_psk;
		load.key_context = &first_key;
		status = measure(bench, &load, &rate);
		record_round(&record, rate);
	}
	if (status == 0)
		record_print(&record, stdout);
	return status;
}

/** Started sessions on connections that stay. */
static int install(struct bench *bench)
{
	static const struct measured measured = {MODE_AUTHENTICATED, KEYS_PSK};
	struct control_load load = load_of(bench, &measured, bench->extent.holders);

	bench->held = calloc(bench->extent.holders, sizeof(*bench->held));
	if (bench->held == NULL)
		return error_set(&bench->error, ERROR_MEMORY, "out of memory");
	load.sessions = bench->extent.held;
	load.held = bench->held;
	return control_load_run(&load, &bench->error);
}

static void release(struct bench *bench)
{
	for (unsigned i = 0; bench->held != NULL && i < bench->extent.holders; i++) {
		if (bench->held[i] > 0)
			(void)close(bench->held[i]);
	}
	free(bench->held);
	bench->held = NULL;
}

/** The same cases beside installed sessions and without, turn by turn. */
static int compare_installed(struct bench *bench)
{
	static const struct measured measured[] = {{MODE_UNAUTHENTICATED, KEYS_NONE},
	                                           {MODE_AUTHENTICATED, KEYS_PSK}};
	unsigned long installed = (unsigned long)bench->extent.holders * bench->extent.held;
	struct record records[4];
	int status = 0;

	for (unsigned i = 0; i < 4; i++) {
		name(&records[i], &measured[i / 2], i / 2 == 0 ? "none" : "cached");
		record_number(&records[i], "installed", i % 2 == 0 ? 0 : installed);
	}
	for (unsigned round = 0;
	     round < bench->extent.rounds && patience_for_round(round) && status == 0; round++) {
		for (unsigned i = 0; i < 4 && status == 0; i++) {
			bench->appliance = i % 2 == 0 ? &bench->empty : &bench->full;
			struct control_load load =
			        load_of(bench, &measured[i / 2], bench->extent.set_ups);
			double rate;

			status = measure(bench, &load, &rate);
			record_round(&records[i], rate);
		}
	}
	for (unsigned i = 0; i < 4 && status == 0; i++)
		record_print(&records[i], stdout);
	return status;
}

static int bench_installed(struct bench *bench)
{
	unsigned sessions = bench->extent.holders * bench->extent.held + 4 * bench->extent.set_ups;
	int status =
	        appliance_process_start(&bench->full, bench->program, 1, sessions, &bench->error);
	int stopped;

	if (status != 0)
		return status;
	bench->appliance = &bench->full;
	status = install(bench);
	if (status == 0)
		status = compare_installed(bench);
	release(bench);
	stopped = appliance_process_stop(&bench->full, status == 0 ? &bench->error : NULL);
	return status != 0 ? status : stopped;
}

static void print_mass(const struct bench *bench, enum mass_stop_how how,
                       const struct mass_stop_times *times, unsigned rounds)
{
	struct record records[2];

	for (unsigned what = 0; what < 2; what++) {
		static const char *const whats[2] = {"usual answer", "longest answer"};

		record_init(&records[what], "mass-stop", "us");
		record_text(&records[what], "how", mass_stop_names[how]);
		record_number(&records[what], "sessions", bench->extent.mass);
		record_text(&records[what], "what", whats[what]);
	}
	for (unsigned round = 0; round < rounds; round++) {
		record_round(&records[0], times[round].usual_us);
		record_round(&records[1], times[round].stall_us);
	}
	for (unsigned what = 0; what < 2; what++)
		record_print(&records[what], stdout);
}

static int bench_mass_stop(struct bench *bench)
{
	struct mass_stop_times times[MASS_STOP_ROUNDS];
	unsigned rounds =
	        bench->extent.rounds < MASS_STOP_ROUNDS ? bench->extent.rounds : MASS_STOP_ROUNDS;

	for (unsigned how = 0; how < MASS_STOP_WAYS; how++) {
		for (unsigned round = 0; round < rounds; round++) {
			int status = mass_stop_measure(
			        bench->appliance, (enum mass_stop_how)how, MASS_CONNECTIONS,
			        bench->extent.mass / MASS_CONNECTIONS, bench->addresses,
			        &times[round], &bench->error);

			bench->addresses += MASS_CONNECTIONS;
			if (status != 0)
				return status;
			settle();
		}
		print_mass(bench, (enum mass_stop_how)how, times, rounds);
	}
	return 0;
}

/** With an appliance of its own: a PSK file's entries are all looked at for each KeyID. */
static int with_appliance(struct bench *bench, unsigned keys, unsigned sessions,
                          int (*measure_cases)(struct bench *bench))
{
	int status = appliance_process_start(&bench->empty, bench->program, keys, sessions,
	                                     &bench->error);
	int stopped;

	if (status != 0)
		return status;
	bench->appliance = &bench->empty;
	status = measure_cases(bench);
	stopped = appliance_process_stop(&bench->empty, status == 0 ? &bench->error : NULL);
	return status != 0 ? status : stopped;
}

static int bench_all(struct bench *bench)
{
	const struct extent *extent = &bench->extent;
	struct record quiet;

	bench->patience =
	        (struct patience){.seconds = extent->patience, .whole = slow_path_core_is_whole};
	int status = with_appliance(bench, 1, 4 * extent->set_ups, bench_cached);

	if (status == 0)
		status = with_appliance(bench, 1 + extent->rounds * extent->fresh,
		                        4 * extent->fresh, bench_fresh);
	if (status == 0)
		status = with_appliance(bench, 1, 4 * extent->set_ups, bench_installed);
	if (status == 0 && extent->mass > 0)
		status = with_appliance(bench, 1, extent->mass, bench_mass_stop);
	if (status == 0) {
		patience_record(&bench->patience, "control", &quiet);
		record_print(&quiet, stdout);
	}
	return status;
}

/** The program beside which this one was built. */
static int find_program(char *path, size_t size)
{
	char own[4096];
	ssize_t length = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *end;

	if (length < 0)
		return ERROR_SYSTEM;
	own[length] = '\0';
	for (unsigned up = 0; up < 3; up++) {
		end = strrchr(own, '/');
		if (end == NULL)
			return ERROR_SYSTEM;
		*end = '\0';
	}
	return snprintf(path, size, "%s/app/specular/specular", own) < (int)size ? 0 : ERROR_SYSTEM;
}

static sigset_t interrupts(void)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	return signals;
}

/** An interrupt ends the appliances in order and removes their folders: no handler could. */
static void *await_interrupt(void *context)
{
	struct bench *bench = context;
	sigset_t signals = interrupts();
	int number;

	if (sigwait(&signals, &number) != 0)
		return NULL;
	if (bench->empty.folder[0] != '\0')
		(void)appliance_process_stop(&bench->empty, NULL);
	if (bench->full.folder[0] != '\0')
		(void)appliance_process_stop(&bench->full, NULL);
	_exit(128 + number);
}

static int start_awaiting(struct bench *bench)
{
	sigset_t signals = interrupts();
	pthread_t thread;

	if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0 ||
	    pthread_create(&thread, NULL, await_interrupt, bench) != 0)
		return error_set(&bench->error, ERROR_SYSTEM, "no thread that waits for signals");
	(void)pthread_detach(thread);
	return 0;
}

static int usage(FILE *to, int code)
{
	(void)fprintf(
	        to,
	        "usage: bench_control [--quick | --smoke] [--seconds S] [--specular PROGRAM]\n");
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"quick", no_argument, NULL, 'q'},
	                                        {"smoke", no_argument, NULL, 's'},
	                                        {"seconds", required_argument, NULL, 't'},
	                                        {"specular", required_argument, NULL, 'p'},
	                                        {"help", no_argument, NULL, 'h'},
	                                        {NULL, 0, NULL, 0}};
	struct bench bench = {.held = NULL};
	char program[4096 + 32];
	int option;

	bench.extent = full;
	bench.program = program;
	if (find_program(program, sizeof(program)) != 0)
		return EXIT_FAILURE;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'q':
			bench.extent = quick;
			break;
		case 's':
			bench.extent = smoke;
			break;
		case 'p':
			bench.program = optarg;
			break;
		case 't':
			if (patience_limit_read(optarg))
				break;
			return usage(stderr, 2);
		default:
			return option == 'h' ? usage(stdout, EXIT_SUCCESS) : usage(stderr, 2);
		}
	}
	if (start_awaiting(&bench) != 0 || bench_all(&bench) != 0) {
		(void)fprintf(stderr, "bench_control: %s\n", bench.error.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
