/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * TSC cycles a packet of the real burst function, fed from memory: for numbers of sessions, sizes of bursts, modes, suites,
 * payloads and families; and the share of each stage. Sessions come in random order; a request is written just before its burst,
 * so that it is cache-hot as after a NIC's DDIO. A round's value is the median of its bursts.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alternate.h"
#include "clock/tsc_clock.h"
#include "datapath_case.h"

#define WORLDS_MAX 64u
#define MANY       65536u
#define MOST       1048576u

#define PACKETS       8192u
#define PACKETS_QUICK 4096u
#define PACKETS_SMOKE 128u

static const unsigned all_sessions[] = {1, 32, USUAL_SESSIONS, MANY, MOST};
static const unsigned all_bursts[] = {1, 8, USUAL_BURST, 64};
static const unsigned all_payloads[] = {USUAL_PAYLOAD, 1400};
static const unsigned all_families[] = {USUAL_FAMILY, 6};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** A world and its traffic. */
struct place {
	struct world *world;
	struct traffic *traffic;
};

/** All cases of one mode and family, which are measured alternately. */
struct block {
	const struct options *options;
	enum test_mode mode;
	unsigned family;
	struct place places[WORLDS_MAX];
	unsigned place_count;
	struct datapath_case cases[ALTERNATE_MAX];
	struct alternation alternation;
};

static void give_up(const struct error *error)
{
	(void)fprintf(stderr, "bench: %s\n", error->text);
	exit(1);
}

static unsigned round_packets(const struct options *options)
{
	return options->smoke ? PACKETS_SMOKE : options->quick ? PACKETS_QUICK : PACKETS;
}

static void print_note(const char *what, unsigned sessions, const char *reason)
{
	struct record record;

	record_init(&record, "note", "");
	record_text(&record, "missing", what);
	record_number(&record, "sessions", sessions);
	record_text(&record, "reason", reason);
	record_print(&record, stdout);
}

/** A world of the block's mode and family, or NULL with a note when there is no memory for it. */
static struct traffic *block_traffic(struct block *block, const struct suite_choice *suite,
                                     unsigned sessions)
{
	const struct world_settings settings = {.kind = suite->kind,
	                                        .mode = block->mode,
	                                        .family = block->family,
	                                        .sessions = sessions,
	                                        .cores = 1};
	struct place *place = &block->places[block->place_count];
	struct error error;

	if (!world_fits(sessions)) {
		print_note("datapath", sessions, "not enough memory available");
		return NULL;
	}
	if (block->place_count == WORLDS_MAX)
		abort();
	if (world_create(&settings, &place->world, &error) != 0 ||
	    traffic_create(place->world, 0, &place->traffic, &error) != 0)
		give_up(&error);
	block->place_count++;
	return place->traffic;
}

static const char *suite_shown(const struct block *block, const struct suite_choice *suite)
{
	return block->mode == TEST_UNAUTHENTICATED ? "none" : suite->name;
}

static void block_add(struct block *block, struct traffic *traffic,
                      const struct suite_choice *suite, unsigned burst, unsigned payload)
{
	struct datapath_case *added = &block->cases[block->alternation.count];

	*added = (struct datapath_case){.traffic = traffic,
	                                .suite = suite_shown(block, suite),
	                                .burst = burst,
	                                .payload = (uint16_t)payload,
	                                .packets = round_packets(block->options)};
	datapath_case_check(added);
	struct measurement *measurement =
	        alternation_add(&block->alternation, datapath_case_measure, added);
	record_init(&measurement->record, "datapath", "tsc-cycles/packet");
	datapath_case_describe(added, &measurement->record);
}

/** True when a value of a dimension belongs to the run: all in a full one, else the one that was asked for or the usual one. */
static bool wanted(const struct options *options, unsigned value, unsigned asked, unsigned usual)
{
	if (options->one)
		return value == (asked != 0 ? asked : usual);
	return options->quick || options->smoke ? value == usual : true;
}

static void block_add_world(struct block *block, const struct suite_choice *suite,
                            unsigned sessions)
{
	const struct options *options = block->options;
	struct traffic *traffic = block_traffic(block, suite, sessions);

	if (traffic == NULL)
		return;
	if (options->one || suite->kind == SUITE_OPENSSL) {
		block_add(block, traffic, suite, options->burst != 0 ? options->burst : USUAL_BURST,
		          options->payload != 0 ? options->payload : USUAL_PAYLOAD);
		return;
	}
	for (unsigned payload = 0; payload < COUNT_OF(all_payloads); payload++) {
		if (!wanted(options, all_payloads[payload], 0, USUAL_PAYLOAD))
			continue;
		for (unsigned burst = 0; burst < COUNT_OF(all_bursts); burst++) {
			if (wanted(options, all_bursts[burst], 0, USUAL_BURST))
				block_add(block, traffic, suite, all_bursts[burst],
				          all_payloads[payload]);
		}
	}
}

/** Whether the run has a world of this suite (0 the fastest) and so many sessions. */
static bool has_world(const struct block *block, unsigned suite, bool is_openssl, unsigned sessions)
{
	const struct options *options = block->options;

	if (is_openssl)
		return sessions == USUAL_SESSIONS && block->family == USUAL_FAMILY;
	if (options->smoke)
		return sessions == USUAL_SESSIONS;
	if (options->quick)
		return sessions == USUAL_SESSIONS || (suite == 0 && sessions > USUAL_SESSIONS);
	return suite == 0 || sessions < MOST;
}

static void block_fill(struct block *block)
{
	const struct options *options = block->options;
	const struct suite_choice *suites;
	unsigned suite_count = suite_choices(&suites);

	for (unsigned suite = 0; suite < suite_count; suite++) {
		if (block->mode == TEST_UNAUTHENTICATED && suite > 0)
			break;
		if (!options_want_suite(options, suite_shown(block, &suites[suite])))
			continue;
		if (options->one) {
			block_add_world(block, &suites[suite],
			                options->sessions != 0 ? options->sessions
			                                       : USUAL_SESSIONS);
			continue;
		}
		for (unsigned i = 0; i < COUNT_OF(all_sessions); i++) {
			if (has_world(block, suite, suites[suite].kind == SUITE_OPENSSL,
			              all_sessions[i]))
				block_add_world(block, &suites[suite], all_sessions[i]);
		}
	}
}

static void block_empty(struct block *block)
{
	for (unsigned i = 0; i < block->place_count; i++) {
		traffic_destroy(block->places[i].traffic);
		world_destroy(block->places[i].world);
	}
}

/** Each stage alone, for every suite of the block's mode: usual sessions, burst, payload unless something else was asked for. */
static void measure_stages(struct block *block)
{
	struct stages_case stages[ALTERNATE_MAX];
	struct record records[ALTERNATE_MAX][STAGE_COUNT];
	unsigned count = 0;

	for (unsigned i = 0; i < block->alternation.count; i++) {
		const struct datapath_case *one = &block->cases[i];
		unsigned sessions = one->traffic->world->settings.sessions;

		if (!block->options->one &&
		    (sessions != USUAL_SESSIONS || one->burst != USUAL_BURST ||
		     one->payload != USUAL_PAYLOAD || block->family != USUAL_FAMILY))
			continue;
		stages[count].datapath = *one;
		for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
			record_init(&records[count][stage], "stages", "tsc-cycles/packet");
			datapath_case_describe(one, &records[count][stage]);
			record_text(&records[count][stage], "stage", stage_name(stage));
		}
		count++;
	}
	for (unsigned round = 0; round < block->options->rounds; round++) {
		for (unsigned i = 0; i < count; i++) {
			stages_case_measure(&stages[i]);
			for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
				record_round(&records[i][stage], stages[i].cycles[stage]);
		}
	}
	for (unsigned i = 0; i < count; i++)
		for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
			record_print(&records[i][stage], stdout);
}

static void measure_block(const struct options *options, enum test_mode mode, unsigned family)
{
	static struct block block;

	memset(&block, 0, sizeof(block));
	block.options = options;
	block.mode = mode;
	block.family = family;
	block_fill(&block);
	if (options_want_group(options, "datapath")) {
		alternation_run(&block.alternation, options->rounds);
		alternation_print(&block.alternation);
	}
	if (options_want_group(options, "stages"))
		measure_stages(&block);
	block_empty(&block);
}

static void print_machine(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256], model[128] = "unknown";
	struct record record;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "model name : %127[^\n\"\\]", model) == 1)
			break;
	}
	if (file != NULL)
		(void)fclose(file);
	record_init(&record, "machine", "tsc-hz");
	record_text(&record, "cpu", model);
	record_number(&record, "cpus", (unsigned long)sysconf(_SC_NPROCESSORS_ONLN));
	record_round(&record, (double)tsc_frequency_hz());
	record_print(&record, stdout);
}

int main(int argc, char **argv)
{
	struct options options;
	int end = options_read(&options, argc, argv);

	if (end != 0)
		return end - 1;
	if (options_want_group(&options, "machine"))
		print_machine();
	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		for (unsigned family = 0; family < COUNT_OF(all_families); family++) {
			if (options_want_mode(&options, mode) &&
			    wanted(&options, all_families[family], options.family, USUAL_FAMILY))
				measure_block(&options, mode, all_families[family]);
		}
	}
	return 0;
}
