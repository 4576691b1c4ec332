/* SPDX-License-Identifier: BSD-3-Clause */
#include "datapath_block.h"

#include <stdlib.h>
#include <string.h>

#define MOST               1048576u /**< sessions */
#define STAGES_MAX         8u
#define PACKETS            8192u
#define PACKETS_QUICK      4096u
#define PACKETS_SMOKE      128u
#define BARE_PACKETS_SHARE 2u /**< crypto alone needs fewer */
/** Of what a round measures, as much runs before it. */
#define WARM_UP_SHARE 4u
/** But every session once, or as many as fill the nearer caches, where a target asks what many sessions cost. */
#define WARM_UP_MAX 65536u
/** Seconds that a block may wait for a core of its own. */
#define PATIENCE       15.0
#define PATIENCE_QUICK 2.0

static const unsigned matrix_sessions[] = {1, 32, USUAL_SESSIONS, 65536, MOST};
/** The curve's further points: with those of the matrix, the powers of four. */
static const unsigned curve_sessions[] = {4, 16, 64, 256, 4096, 16384, 262144};
static const unsigned all_bursts[] = {1, 8, USUAL_BURST, 64};
static const unsigned all_payloads[] = {USUAL_PAYLOAD, 1400};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void give_up(const struct error *error)
{
	(void)fprintf(stderr, "bench: %s\n", error->text);
	exit(1);
}

bool block_wants(const struct options *options, unsigned value, unsigned asked, unsigned usual)
{
	if (options->one)
		return value == (asked != 0 ? asked : usual);
	return options->quick ? value == usual : true;
}

unsigned block_round_packets(const struct options *options)
{
	return options->smoke ? PACKETS_SMOKE : options->quick ? PACKETS_QUICK : PACKETS;
}

static void print_note(unsigned sessions)
{
	struct record record;

	record_init(&record, "note", "");
	record_text(&record, "missing", "datapath");
	record_number(&record, "sessions", sessions);
	record_text(&record, "reason", "not enough memory available");
	record_print(&record, stdout);
}

/** What few sessions have beside their mode. */
struct features {
	const char *name;
	bool ptp_timestamps;
	bool monitoring;
};

static const struct features usual_features = {.name = NULL};
static const struct features all_features[] = {
        {"ptp", true, false}, {"dscp-ecn", false, true}, {"ptp, dscp-ecn", true, true}};

/** A world of the block's mode and family, or NULL with a note when there is no memory for it. */
static struct traffic *world_add(struct block *block, const struct suite_choice *suite,
                                 unsigned sessions, const struct features *features)
{
	const struct world_settings settings = {.kind = suite->kind,
	                                        .mode = block->mode,
	                                        .family = block->family,
	                                        .sessions = sessions,
	                                        .cores = 1,
	                                        .ptp_timestamps = features->ptp_timestamps,
	                                        .monitoring = features->monitoring};
	struct place *place = &block->places[block->place_count];
	struct error error;

	if (!world_fits(sessions)) {
		print_note(sessions);
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

static bool is_usual(const struct block *block, const struct datapath_case *datapath)
{
	return datapath->burst == USUAL_BURST && datapath->payload == USUAL_PAYLOAD &&
	       block->family == USUAL_FAMILY;
}

/** Other cases have had the caches since a case's last round. */
static unsigned warm_up_packets(const struct block *block, const struct datapath_case *datapath)
{
	unsigned sessions = datapath->traffic->world->settings.sessions;
	unsigned pass = sessions < WARM_UP_MAX ? sessions : WARM_UP_MAX;
	unsigned share = datapath->packets / WARM_UP_SHARE;

	return is_usual(block, datapath) && pass > share ? pass : share;
}

static void case_add(struct block *block, struct traffic *traffic, const struct suite_choice *suite,
                     unsigned burst, unsigned payload, const struct features *features)
{
	struct datapath_case *added = &block->cases[block->case_count++];

	*added = (struct datapath_case){.traffic = traffic,
	                                .suite = suite_shown(block, suite),
	                                .features = features->name,
	                                .burst = burst,
	                                .payload = (uint16_t)payload,
	                                .packets = block_round_packets(block->options)};
	added->warm_up = warm_up_packets(block, added);
	datapath_case_check(added);
	struct measurement *measurement =
	        alternation_add(is_usual(block, added) ? &block->usual : &block->rest,
	                        datapath_case_measure, added);
	record_init(&measurement->record, features->name != NULL ? "features" : "datapath",
	            "tsc-cycles/packet");
	datapath_case_describe(added, &measurement->record);
}

/** Every burst and payload that the run wants of a world; only the usual ones with one_case. */
static void cases_add(struct block *block, const struct suite_choice *suite, unsigned sessions,
                      bool one_case)
{
	const struct options *options = block->options;
	struct traffic *traffic = world_add(block, suite, sessions, &usual_features);

	if (traffic == NULL)
		return;
	if (options->one || one_case) {
		case_add(block, traffic, suite, options->burst != 0 ? options->burst : USUAL_BURST,
		         options->payload != 0 ? options->payload : USUAL_PAYLOAD, &usual_features);
		return;
	}
	for (unsigned payload = 0; payload < COUNT_OF(all_payloads); payload++) {
		for (unsigned burst = 0; burst < COUNT_OF(all_bursts); burst++) {
			if (block_wants(options, all_payloads[payload], 0, USUAL_PAYLOAD) &&
			    block_wants(options, all_bursts[burst], 0, USUAL_BURST))
				case_add(block, traffic, suite, all_bursts[burst],
				         all_payloads[payload], &usual_features);
		}
	}
}

/** Whether the matrix has so many sessions for a suite; number 0 is the fastest. */
static bool matrix_has(const struct block *block, const struct suite_choice *suite, unsigned number,
                       unsigned sessions)
{
	const struct options *options = block->options;

	if (options->smoke && sessions > USUAL_SESSIONS) /* which take their time to be made */
		return false;
	if (suite->kind == SUITE_OPENSSL && number > 0)
		return sessions == USUAL_SESSIONS && block->family == USUAL_FAMILY;
	if (options->quick)
		return sessions == USUAL_SESSIONS || (number == 0 && sessions != 32);
	return number == 0 || sessions < MOST;
}

/** The usual case of sessions with PTP timestamps, with monitoring, and with both. */
static void features_add(struct block *block, const struct suite_choice *suite)
{
	for (unsigned i = 0; i < COUNT_OF(all_features); i++) {
		struct traffic *traffic = world_add(block, suite, USUAL_SESSIONS, &all_features[i]);

		if (traffic != NULL)
			case_add(block, traffic, suite, USUAL_BURST, USUAL_PAYLOAD,
			         &all_features[i]);
	}
}

static void suite_add(struct block *block, const struct suite_choice *suite, unsigned number)
{
	const struct options *options = block->options;
	bool openssl = suite->kind == SUITE_OPENSSL && number > 0;

	if (options->one) {
		cases_add(block, suite, options->sessions != 0 ? options->sessions : USUAL_SESSIONS,
		          true);
		return;
	}
	for (unsigned i = 0; i < COUNT_OF(matrix_sessions); i++) {
		if (matrix_has(block, suite, number, matrix_sessions[i]))
			cases_add(block, suite, matrix_sessions[i], openssl);
	}
	if (number > 0 || options->quick || block->family != USUAL_FAMILY)
		return;
	features_add(block, suite);
	for (unsigned i = 0; i < COUNT_OF(curve_sessions); i++) {
		if (!options->smoke || curve_sessions[i] <= USUAL_SESSIONS)
			cases_add(block, suite, curve_sessions[i], true);
	}
}

/** Bare ipsec-mb doing what the usual case asks of a suite. */
static void bare_add(struct block *block)
{
	struct error error;

	for (unsigned i = 0; i < BARE_IMB_COUNT; i++) {
		struct crypto_case *added = &block->bare[i];

		if (crypto_place_of_bare(&bare_imb[i], &block->bare_places[i], &error) != 0)
			give_up(&error);
		block->bare_count++;
		*added = (struct crypto_case){.place = block->bare_places[i],
		                              .mode = block->mode,
		                              .burst = USUAL_BURST,
		                              .packets = block_round_packets(block->options) /
		                                         BARE_PACKETS_SHARE};
		if (crypto_case_check(added, &error) != 0)
			give_up(&error);
		struct measurement *measurement =
		        alternation_add(&block->usual, crypto_case_measure, added);
		record_init(&measurement->record, "bare", "tsc-cycles/packet");
		record_text(&measurement->record, "how", bare_imb[i].how);
		record_text(&measurement->record, "mode", mode_name(block->mode));
		record_number(&measurement->record, "burst", USUAL_BURST);
	}
}

void block_fill(struct block *block, const struct options *options, enum test_mode mode,
                unsigned family)
{
	const struct suite_choice *suites;
	unsigned suite_count = suite_choices(&suites);

	if (mode == TEST_UNAUTHENTICATED)
		suite_count = 1; /* none: whichever kind of suite the core has */
	memset(block, 0, sizeof(*block));
	block->options = options;
	block->mode = mode;
	block->family = family;
	block->usual.patience.seconds = options->smoke   ? 0
	                                : options->quick ? PATIENCE_QUICK
	                                                 : PATIENCE;
	for (unsigned i = 0; i < suite_count; i++) {
		if (options_want_suite(options, suite_shown(block, &suites[i])))
			suite_add(block, &suites[i], i);
	}
	if (mode != TEST_UNAUTHENTICATED && family == USUAL_FAMILY &&
	    (!options->one || options_want_group(options, "bare")) && options->suite == NULL)
		bare_add(block);
}

void block_empty(struct block *block)
{
	for (unsigned i = 0; i < block->place_count; i++) {
		traffic_destroy(block->places[i].traffic);
		world_destroy(block->places[i].world);
	}
	for (unsigned i = 0; i < block->bare_count; i++)
		crypto_place_destroy(block->bare_places[i]);
}

static bool is_power_of_four(unsigned number)
{
	return (number & (number - 1)) == 0 && (number & 0x55555555u) != 0;
}

static bool is_of_matrix(unsigned sessions)
{
	for (unsigned i = 0; i < COUNT_OF(matrix_sessions); i++) {
		if (sessions == matrix_sessions[i])
			return true;
	}
	return false;
}

/** A case of the fastest suite is also a point of the curve. */
static void print_case(const struct block *block, const struct record *record,
                       const struct datapath_case *datapath)
{
	unsigned sessions = datapath->traffic->world->settings.sessions;

	if (datapath->features != NULL) {
		if (options_want_group(block->options, "features"))
			record_print(record, stdout);
		return;
	}
	if (options_want_group(block->options, "datapath") &&
	    (block->options->one || is_of_matrix(sessions)))
		record_print(record, stdout);
	if (options_want_group(block->options, "scale") && !block->options->one &&
	    is_usual(block, datapath) && is_power_of_four(sessions) &&
	    datapath->suite == block->cases[0].suite) {
		struct record point = *record;

		(void)snprintf(point.group, sizeof(point.group), "scale");
		record_print(&point, stdout);
	}
}

static void measure_and_print(const struct block *block, struct alternation *alternation)
{
	alternation_run(alternation, block->options->rounds);
	for (unsigned i = 0; i < alternation->count; i++) {
		const struct measurement *one = &alternation->measurements[i];

		if (one->measure == datapath_case_measure)
			print_case(block, &one->record, one->context);
		else if (options_want_group(block->options, "bare"))
			record_print(&one->record, stdout);
	}
}

/** The share of the usual cases' values that were measured on a core of our own. */
static void print_quiet(const struct block *block)
{
	const struct alternation *usual = &block->usual;
	struct record record;

	if (usual->patience.measured == 0)
		return;
	patience_record(&usual->patience, "datapath", &record);
	record_text(&record, "mode", mode_name(block->mode));
	record_number(&record, "family", block->family);
	record_print(&record, stdout);
}

void block_measure(struct block *block)
{
	measure_and_print(block, &block->usual);
	/* The others compare with nothing that a target names: what is left of the patience is enough. */
	block->rest.patience.seconds = block->usual.patience.seconds;
	measure_and_print(block, &block->rest);
	print_quiet(block);
}

void block_measure_stages(struct block *block)
{
	static struct stages_case stages[STAGES_MAX];
	static struct record records[STAGES_MAX][STAGE_COUNT];
	unsigned count = 0;

	for (unsigned i = 0; i < block->case_count && count < STAGES_MAX; i++) {
		const struct datapath_case *one = &block->cases[i];

		if (one->features != NULL)
			continue;
		if (!block->options->one &&
		    (!is_usual(block, one) ||
		     one->traffic->world->settings.sessions != USUAL_SESSIONS))
			continue;
		stages[count].datapath = *one;
		for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
			record_init(&records[count][stage], "stages", "tsc-cycles/packet");
			datapath_case_describe(one, &records[count][stage]);
			record_text(&records[count][stage], "stage", stage_name(stage));
		}
		count++;
	}
	for (unsigned round = 0; round < block->options->rounds && patience_for_round(round);
	     round++) {
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
