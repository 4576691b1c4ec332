/* SPDX-License-Identifier: BSD-3-Clause */
#include "lcores.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "alternate.h"
#include "clock/tsc_clock.h"
#include "cycles.h"
#include "datapath_block.h"

struct lcore {
	pthread_t thread;
	pthread_barrier_t *barrier;
	unsigned cpu;
	struct datapath_case datapath;
	double cycles; /**< a packet */
};

struct lcores {
	struct world *world;
	struct lcore *lcores; /**< as many as CPUs */
	unsigned count;       /**< that run */
	unsigned
	        first; /**< of them: each round another, for CPUs of a shared machine are not equally fast */
};

static void give_up(const char *text)
{
	(void)fprintf(stderr, "bench: %s\n", text);
	exit(1);
}

/** The numbers of CPUs that this process may run on; returns how many, LCORES_MAX at most. */
static unsigned usable_cpus(unsigned cpus[LCORES_MAX])
{
	unsigned count = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		give_up("sched_getaffinity fails");
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && count < LCORES_MAX; cpu++) {
		if (CPU_ISSET(cpu, &set))
			cpus[count++] = cpu;
	}
	return count;
}

static void *lcore_run(void *argument)
{
	struct lcore *lcore = argument;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(lcore->cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		give_up("an lcore does not get its CPU");
	(void)pthread_barrier_wait(lcore->barrier);
	lcore->cycles = datapath_case_measure(&lcore->datapath);
	return NULL;
}

static struct lcore *lcore_of(const struct lcores *lcores, unsigned i)
{
	return &lcores->lcores[(lcores->first + i) % lcores->world->settings.cores];
}

/** Packets a second of all together: all begin at once and have the same to do. */
static double lcores_round(void *context)
{
	struct lcores *lcores = context;
	double hz = (double)tsc_frequency_hz();
	pthread_barrier_t barrier;
	double rate = 0;

	if (pthread_barrier_init(&barrier, NULL, lcores->count) != 0)
		give_up("no barrier");
	for (unsigned i = 0; i < lcores->count; i++) {
		struct lcore *lcore = lcore_of(lcores, i);

		lcore->barrier = &barrier;
		if (pthread_create(&lcore->thread, NULL, lcore_run, lcore) != 0)
			give_up("no thread");
	}
	for (unsigned i = 0; i < lcores->count; i++) {
		struct lcore *lcore = lcore_of(lcores, i);

		(void)pthread_join(lcore->thread, NULL);
		rate += hz / lcore->cycles;
	}
	lcores->first++;
	(void)pthread_barrier_destroy(&barrier);
	return rate;
}

static void lcores_fill(const struct options *options, struct world *world, struct lcore *lcores,
                        const char *suite)
{
	unsigned cpus[LCORES_MAX];
	struct error error;

	(void)usable_cpus(cpus);
	for (unsigned i = 0; i < world->settings.cores; i++) {
		struct lcore *lcore = &lcores[i];

		lcore->cpu = cpus[i];
		lcore->datapath = (struct datapath_case){.suite = suite,
		                                         .burst = USUAL_BURST,
		                                         .payload = USUAL_PAYLOAD,
		                                         .packets = block_round_packets(options)};
		if (traffic_create(world, i, &lcore->datapath.traffic, &error) != 0)
			give_up(error.text);
		datapath_case_check(&lcore->datapath);
	}
}

void lcores_measure(const struct options *options, enum test_mode mode)
{
	static struct alternation alternation;
	const struct suite_choice *suites;
	struct lcore lcores[LCORES_MAX];
	struct lcores runs[LCORES_MAX];
	unsigned cpus[LCORES_MAX];
	struct world_settings settings = {.mode = mode,
	                                  .family = USUAL_FAMILY,
	                                  .sessions = USUAL_SESSIONS,
	                                  .cores = usable_cpus(cpus)};
	struct world *world;
	struct error error;
	unsigned run = 0;

	(void)suite_choices(&suites);
	(void)cycles_overhead(); /* before there are threads */
	settings.kind = suites[0].kind;
	if (world_create(&settings, &world, &error) != 0)
		give_up(error.text);
	lcores_fill(options, world, lcores, mode == TEST_UNAUTHENTICATED ? "none" : suites[0].name);
	alternation.count = 0;
	for (unsigned count = 1; count <= settings.cores; count *= 2, run++) {
		runs[run] = (struct lcores){.world = world, .lcores = lcores, .count = count};
		struct measurement *added = alternation_add(&alternation, lcores_round, &runs[run]);
		record_init(&added->record, "scale", "packets/s");
		datapath_case_describe(&lcores[0].datapath, &added->record);
		record_number(&added->record, "lcores", count);
	}
	alternation_run(&alternation, options->rounds);
	alternation_print(&alternation);
	for (unsigned i = 0; i < settings.cores; i++)
		traffic_destroy(lcores[i].datapath.traffic);
	world_destroy(world);
}
