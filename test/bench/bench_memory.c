/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Resident memory that installed sessions take, tables included: what the process grew by from before the registry of N sessions was
 * made until N sessions were published and started, divided by N. Each case in a process of its own, so that none is given memory
 * that another one left. What cores compute ahead of time is not among it: it belongs to their reflectors.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "patience.h"
#include "record.h"
#include "world.h"

#define CASES_MAX 48u
#define CORES_MAX 2u
/** Memory is no matter of chance. */
#define ROUNDS_MAX 2u

/** What grew, in octets. */
struct growth {
	double registry; /**< an empty registry with its tables */
	double all;      /**< with its sessions */
};

struct memory_case {
	struct world_settings settings;
	struct record registry;
	struct record all;
};

static struct memory_case cases[CASES_MAX];
static unsigned case_count;

/**
 * Resident octets that are nobody else's (no code), huge pages included, as the kernel finds them in the page tables: its quick counters
 * are behind by up to 64 pages.
 */
static double resident(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	unsigned long kilobytes, sum = 0;
	char line[128];

	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Anonymous: %lu kB", &kilobytes) == 1 ||
		    sscanf(line, "Shared_Hugetlb: %lu kB", &kilobytes) == 1 ||
		    sscanf(line, "Private_Hugetlb: %lu kB", &kilobytes) == 1)
			sum += kilobytes;
	}
	(void)fclose(file);
	return (double)sum * 1024;
}

static int install(const struct world_settings *settings, struct session_registry *registry,
                   struct error *error)
{
	for (unsigned index = 0; index < settings->sessions; index++) {
		struct session_parameters parameters;
		struct session *session;

		world_parameters(settings, index, &parameters);
		int result = session_publish(registry, &parameters, &session, error);
		if (result != 0)
			return result;
		session_start(registry, session);
	}
	return 0;
}

static int measure_here(const struct world_settings *settings, struct growth *growth,
                        struct error *error)
{
	struct session_registry *registry;
	struct suite *suite;

	int result = suite_create(settings->kind, &suite, error);
	if (result != 0)
		return result;
	/* What is free in the heap would be given to the sessions and not be seen. */
	(void)malloc_trim(0);
	double before = resident();
	result = session_registry_create(settings->cores, settings->sessions, suite, &registry,
	                                 error);
	if (result == 0) {
		growth->registry = resident() - before;
		result = install(settings, registry, error);
		growth->all = resident() - before;
		session_registry_destroy(registry);
	}
	suite_destroy(suite);
	return result;
}

/** In a child. 0, or -1 with the reason printed. */
static int measure(const struct world_settings *settings, struct growth *growth)
{
	int ends[2], status = 0;

	if (pipe(ends) != 0)
		return -1;
	pid_t child = fork();
	if (child == 0) {
		struct error error = {""};

		if (measure_here(settings, growth, &error) != 0) {
			(void)fprintf(stderr, "bench_memory: %s\n", error.text);
			_exit(EXIT_FAILURE);
		}
		_exit(write(ends[1], growth, sizeof(*growth)) == (ssize_t)sizeof(*growth)
		              ? EXIT_SUCCESS
		              : EXIT_FAILURE);
	}
	(void)close(ends[1]);
	ssize_t got = child > 0 ? read(ends[0], growth, sizeof(*growth)) : -1;
	(void)close(ends[0]);
	if (child > 0)
		(void)waitpid(child, &status, 0);
	return got == (ssize_t)sizeof(*growth) && status == 0 ? 0 : -1;
}

static void describe(struct record *record, const struct world_settings *settings,
                     const char *suite, const char *what)
{
	record_init(record, "memory", "octets/session");
	record_text(record, "mode", mode_name(settings->mode));
	record_text(record, "suite", suite);
	record_number(record, "sessions", settings->sessions);
	record_number(record, "cores", settings->cores);
	record_text(record, "what", what);
}

static void add_case(const struct world_settings *settings, const char *suite)
{
	if (!world_fits(settings->sessions * settings->cores)) {
		(void)fprintf(stderr, "bench_memory: no room for %u sessions: left out\n",
		              settings->sessions);
		return;
	}
	if (case_count == CASES_MAX)
		abort();
	struct memory_case *added = &cases[case_count++];
	added->settings = *settings;
	describe(&added->registry, settings, suite, "empty registry");
	describe(&added->all, settings, suite, "all");
}

static void add_cases(const struct options *options, unsigned sessions, unsigned cores)
{
	const struct suite_choice *suites;
	unsigned suite_count = suite_choices(&suites);
	struct world_settings settings = {.kind = suites[0].kind,
	                                  .mode = TEST_UNAUTHENTICATED,
	                                  .family = USUAL_FAMILY,
	                                  .sessions = sessions,
	                                  .cores = cores};

	if (options_want_mode(options, TEST_UNAUTHENTICATED))
		add_case(&settings, "none");
	for (unsigned mode = TEST_AUTHENTICATED; mode < MODE_COUNT; mode++) {
		settings.mode = (enum test_mode)mode;
		for (unsigned i = 0; i < suite_count && options_want_mode(options, settings.mode);
		     i++) {
			settings.kind = suites[i].kind;
			/* OpenSSL's contexts are heap objects without bound: nobody installs many. */
			if (settings.kind != SUITE_OPENSSL &&
			    options_want_suite(options, suites[i].name))
				add_case(&settings, suites[i].name);
		}
	}
}

static void choose(const struct options *options)
{
	static const unsigned sizes[] = {1024, 100000, 1048576};
	unsigned count = options->smoke ? 1 : options->quick ? 2 : 3;

	if (options->sessions != 0) {
		for (unsigned cores = 1; cores <= CORES_MAX; cores++)
			add_cases(options, options->sessions, cores);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		add_cases(options, sizes[i], 1);
		if (!options->quick || i + 1 == count)
			add_cases(options, sizes[i], 2);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	int code = options_read(&options, argc, argv);

	if (code != 0)
		return code - 1;
	choose(&options);
	for (unsigned round = 0;
	     round < options.rounds && round < ROUNDS_MAX && patience_for_round(round); round++) {
		for (unsigned i = 0; i < case_count; i++) {
			struct growth growth = {0};

			if (measure(&cases[i].settings, &growth) != 0)
				return EXIT_FAILURE;
			record_round(&cases[i].registry,
			             growth.registry / cases[i].settings.sessions);
			record_round(&cases[i].all, growth.all / cases[i].settings.sessions);
		}
	}
	for (unsigned i = 0; i < case_count; i++) {
		record_print(&cases[i].registry, stdout);
		record_print(&cases[i].all, stdout);
	}
	return EXIT_SUCCESS;
}
