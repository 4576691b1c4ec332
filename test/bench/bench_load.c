/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * TSC cycles a packet of specular-load's lcore: to send one (a buffer, building, sealing, the port) and to judge its reply (the port, opening, all
 * measures, the buffer). On a port made of rings; the reflector answers in between, unmeasured. A round's value is the median of its
 * bursts.
 */
#include <stdio.h>
#include <stdlib.h>

#include "alternate.h"
#include "bench_core.h"
#include "cycles.h"
#include "departure.h"
#include "intake.h"
#include "load_core.h"
#include "options.h"

#define PACKETS       32768u
#define PACKETS_SMOKE 2048u
#define BURSTS_MAX    (PACKETS)
#define CASES_MAX     16u
#define PATIENCE      5.0

enum stage { SEND, JUDGE, STAGES };

struct load_case {
	struct load_core *core;
	struct load_case *measured; /**< that of SEND, which measures both at once */
	enum stage stage;
	unsigned packets;
	double value;
};

static struct load_case cases[CASES_MAX];
static unsigned case_count;
static struct alternation alternation;

static double measure(void *context)
{
	static uint64_t samples[STAGES][BURSTS_MAX];
	struct load_case *asked = context;
	struct lcore *lcore = &asked->core->lcore;
	unsigned bursts = asked->packets / lcore->send_burst;
	uint64_t overhead = cycles_overhead();

	if (asked->stage == JUDGE)
		return asked->value;
	/* A quarter of them unmeasured. */
	for (unsigned i = 0; i < bursts + bursts / 4; i++) {
		unsigned sample = i < bursts / 4 ? 0 : i - bursts / 4;

		load_core_due(asked->core);
		uint64_t begin = cycles_now();
		(void)departure_send(lcore);
		uint64_t sent = cycles_now();
		load_core_answer(asked->core);
		uint64_t answered = cycles_now();
		(void)intake_port(lcore);
		uint64_t judged = cycles_now();
		samples[SEND][sample] = cycles_between(begin, sent, overhead);
		samples[JUDGE][sample] = cycles_between(answered, judged, overhead);
	}
	if (!load_core_is_right(asked->core)) {
		(void)fprintf(stderr, "bench_load: replies were not right\n");
		exit(1);
	}
	asked[JUDGE].value = cycles_quantile(samples[JUDGE], bursts, 0.5) / lcore->send_burst;
	return cycles_quantile(samples[SEND], bursts, 0.5) / lcore->send_burst;
}

static void add_case(const struct options *options, const struct suite_choice *suite,
                     enum test_mode mode)
{
	static const char *const names[STAGES] = {"send", "judge"};
	const struct world_settings settings = {
	        .kind = suite->kind,
	        .mode = mode,
	        .family = options->family != 0 ? options->family : USUAL_FAMILY,
	        .sessions = options->sessions != 0 ? options->sessions : USUAL_SESSIONS,
	        .cores = 1};
	uint16_t payload = (uint16_t)(options->payload != 0 ? options->payload : USUAL_PAYLOAD);
	unsigned burst = options->burst != 0 ? options->burst : USUAL_BURST;
	struct load_core *core;
	struct error error;

	if (load_core_create(&settings, payload, burst, &core, &error) != 0) {
		(void)fprintf(stderr, "bench_load: %s\n", error.text);
		exit(1);
	}
	for (unsigned stage = 0; stage < STAGES; stage++) {
		struct load_case *added = &cases[case_count++];
		struct measurement *measurement = alternation_add(&alternation, measure, added);
		struct record *record = &measurement->record;

		*added = (struct load_case){.core = core,
		                            .stage = (enum stage)stage,
		                            .packets = options->smoke ? PACKETS_SMOKE : PACKETS};
		record_init(record, "load", "tsc-cycles/packet");
		record_text(record, "suite", mode == TEST_UNAUTHENTICATED ? "none" : suite->name);
		record_text(record, "mode", mode_name(mode));
		record_number(record, "family", settings.family);
		record_number(record, "payload", payload);
		record_number(record, "sessions", settings.sessions);
		record_number(record, "burst", burst);
		record_text(record, "stage", names[stage]);
	}
}

static void add_cases(const struct options *options)
{
	const struct suite_choice *suites;
	unsigned count = suite_choices(&suites);

	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		if (!options_want_mode(options, mode))
			continue;
		for (unsigned i = 0; i < count && i < (mode == TEST_UNAUTHENTICATED ? 1 : 2); i++) {
			if (suites[i].kind != SUITE_OPENSSL &&
			    (mode == TEST_UNAUTHENTICATED ||
			     options_want_suite(options, suites[i].name)))
				add_case(options, &suites[i], (enum test_mode)mode);
		}
	}
}

int main(int argc, char **argv)
{
	struct options options;
	struct error error;
	int code = options_read(&options, argc, argv);

	if (code != 0)
		return code - 1;
	if (bench_eal_start(0, &error) != 0 || load_core_port(&error) != 0) {
		(void)fprintf(stderr, "bench_load: %s\n", error.text);
		return EXIT_FAILURE;
	}
	add_cases(&options);
	alternation.patience.seconds = options.smoke ? 0 : PATIENCE;
	alternation_run(&alternation, options.rounds);
	alternation_print(&alternation);
	for (unsigned i = 0; i < case_count; i += STAGES)
		load_core_destroy(cases[i].core);
	return EXIT_SUCCESS;
}
