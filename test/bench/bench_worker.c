/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The appliance's polling lcore, worker_run, on DPDK ports in this process, every mode with keys that this process chose: packets for
 * each second of the lcore's CPU, from net_pcap's infinite_rx and over memif. Beside it plain loops that swap addresses and nothing
 * else, on the same ports: what the ports allow. They take turns, round by round.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alternate.h"
#include "capture_port.h"
#include "dpdk_port.h"
#include "forwarder.h"
#include "memif_pair.h"
#include "options.h"

#define US_PER_SECOND   1e6
#define WARM_UP_SECONDS 0.03
#define SECONDS         0.1
#define SECONDS_QUICK   0.05
#define SECONDS_SMOKE   0.005
#define PASS_SECONDS    0.02
/** Seconds a table, for what somebody else on the polling core disturbs. */
#define PATIENCE       10.0
#define PATIENCE_QUICK 0.5
/** A lcore that has not had its seconds of CPU within so many passes never will. */
#define PASSES_MAX     3000u
#define SMOKE_SESSIONS 32u
#define LANES_MAX      (MODE_COUNT + 2u)
#define SESSION_COUNTS 3u

/** One forwarder on its source. */
struct lane {
	struct forwarder forwarder;
	const struct memif_pair *pair; /**< NULL: the port brings its packets itself */
	struct memif_requests *requests;
	double seconds;
};

/** What is measured side by side: the worker in each mode, and loops. */
struct bench {
	const struct options *options;
	const char *source;
	unsigned sessions;
	uint16_t payload;
	struct suite_choice suite;
	struct world *worlds[MODE_COUNT];
	struct traffic *traffics[MODE_COUNT];
	struct capture_port captures[MODE_COUNT];
	struct memif_pair pair;
	struct memif_requests requests[MODE_COUNT];
	struct lane lanes[LANES_MAX];
	unsigned lane_count;
	struct alternation alternation;
};

static void give_up(const char *text)
{
	(void)fprintf(stderr, "bench_worker: %s\n", text);
	exit(1);
}

static void require(int status, const struct error *error)
{
	if (status != 0)
		give_up(error->text);
}

static void pass(struct lane *lane, double seconds)
{
	if (lane->pair == NULL)
		(void)usleep((useconds_t)(seconds * US_PER_SECOND));
	else if (!memif_pair_send(lane->pair, lane->requests, seconds))
		give_up("memif: a packet did not come back, or came from elsewhere");
}

/** Packets a second of the lcore's CPU. */
static double lane_measure(void *context)
{
	struct lane *lane = context;
	struct forwarder *forwarder = &lane->forwarder;

	forwarder_start(forwarder);
	pass(lane, WARM_UP_SECONDS);
	uint64_t sent = forwarder_sent(forwarder);
	double seconds = forwarder_seconds(forwarder);
	double until = seconds + lane->seconds;
	unsigned passes = 0;
	while (forwarder_seconds(forwarder) < until && passes++ < PASSES_MAX)
		pass(lane, PASS_SECONDS);
	sent = forwarder_sent(forwarder) - sent;
	seconds = forwarder_seconds(forwarder) - seconds;
	forwarder_stop(forwarder);
	if (sent == 0 || !forwarder_lost_nothing(forwarder))
		give_up("a valid packet was not reflected");
	return (double)sent / seconds;
}

static void add_lane(struct bench *bench, enum forwarder_kind kind, enum test_mode mode)
{
	bool memif = bench->captures[mode].name[0] == '\0';
	bool reflects = kind == FORWARDER_REFLECT;
	struct lane *lane = &bench->lanes[bench->lane_count++];
	struct error error;

	require(forwarder_create(kind, memif ? bench->pair.polled : bench->captures[mode].id,
	                         bench->traffics[mode], &lane->forwarder, &error),
	        &error);
	lane->pair = memif ? &bench->pair : NULL;
	lane->requests = &bench->requests[mode];
	lane->seconds = bench->options->smoke   ? SECONDS_SMOKE
	                : bench->options->quick ? SECONDS_QUICK
	                                        : SECONDS;
	struct record *record = &alternation_add(&bench->alternation, lane_measure, lane)->record;
	record_init(record, "process", "packets/s");
	record_text(record, "program", forwarder_program(&lane->forwarder));
	record_text(record, "forward", forwarder_forward(&lane->forwarder));
	record_text(record, "source", bench->source);
	record_text(record, "mode", reflects ? mode_name(mode) : "any");
	record_text(record, "suite",
	            reflects && mode != TEST_UNAUTHENTICATED ? bench->suite.name : "none");
	record_number(record, "payload", bench->payload);
	record_number(record, "sessions", bench->sessions);
}

static void make_world(struct bench *bench, enum test_mode mode)
{
	const struct world_settings settings = {
	        .kind = bench->suite.kind,
	        .mode = mode,
	        .family = USUAL_FAMILY,
	        .sessions = bench->sessions,
	        .cores = 1,
	};
	struct error error;

	require(world_create(&settings, &bench->worlds[mode], &error), &error);
	require(traffic_create(bench->worlds[mode], 0, &bench->traffics[mode], &error), &error);
}

/** Loops run on the packets of one mode; those of the others are of the same size. */
static void add_lanes(struct bench *bench)
{
	enum test_mode any = MODE_COUNT;

	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		if (bench->worlds[mode] == NULL)
			continue;
		add_lane(bench, FORWARDER_REFLECT, mode);
		any = any == MODE_COUNT ? mode : any;
	}
	if (any == MODE_COUNT)
		return;
	add_lane(bench, FORWARDER_5TSWAP, any);
	add_lane(bench, FORWARDER_MACSWAP, any);
}

static void empty(struct bench *bench)
{
	for (unsigned i = 0; i < bench->lane_count; i++)
		forwarder_destroy(&bench->lanes[i].forwarder);
	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		capture_port_close(&bench->captures[mode]);
		memif_requests_free(&bench->requests[mode]);
		traffic_destroy(bench->traffics[mode]);
		world_destroy(bench->worlds[mode]);
	}
	if (bench->pair.pool != NULL)
		memif_pair_close(&bench->pair);
}

static void measure(const struct options *options, const struct suite_choice *suite,
                    unsigned sessions, bool memif)
{
	static struct bench bench;
	struct record quiet;
	struct error error;

	memset(&bench, 0, sizeof(bench));
	bench.options = options;
	bench.source = memif ? "memif" : "net_pcap";
	bench.sessions = sessions;
	bench.payload = (uint16_t)(options->payload != 0 ? options->payload : USUAL_PAYLOAD);
	bench.suite = *suite;
	if (memif)
		require(memif_pair_open(&bench.pair, &error), &error);
	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		if (!options_want_mode(options, mode))
			continue;
		make_world(&bench, mode);
		require(memif ? memif_requests_make(&bench.requests[mode], &bench.pair,
		                                    bench.traffics[mode], bench.payload, &error)
		              : capture_port_open(&bench.captures[mode], mode, bench.traffics[mode],
		                                  bench.payload, &error),
		        &error);
	}
	add_lanes(&bench);
	bench.alternation.patience = (struct patience){
	        .seconds = options->smoke   ? 0
	                   : options->quick ? PATIENCE_QUICK
	                                    : PATIENCE,
	        .whole = forwarder_core_is_whole,
	};
	alternation_run(&bench.alternation, options->rounds);
	alternation_print(&bench.alternation);
	patience_record(&bench.alternation.patience, "worker", &quiet);
	record_text(&quiet, "source", bench.source);
	record_number(&quiet, "sessions", sessions);
	record_print(&quiet, stdout);
	empty(&bench);
}

static bool choose_suite(const struct options *options, struct suite_choice *chosen)
{
	const struct suite_choice *suites;
	unsigned count = suite_choices(&suites);

	for (unsigned i = 0; i < count; i++) {
		if (options_want_suite(options, suites[i].name)) {
			*chosen = suites[i];
			return true;
		}
	}
	return false;
}

int main(int argc, char **argv)
{
	static const unsigned every_count[SESSION_COUNTS] = {USUAL_SESSIONS, 1,
	                                                     CAPTURE_PACKETS_MAX};
	struct options options;
	struct suite_choice suite;
	struct error error;
	int end = options_read(&options, argc, argv);

	if (end != 0)
		return end - 1;
	if (!choose_suite(&options, &suite))
		give_up("this CPU has no such suite");
	if (options.sessions > CAPTURE_PACKETS_MAX)
		give_up("net_pcap can repeat 32768 packets: no more sessions than these");
	require(dpdk_start("bench_worker", &error), &error);
	unsigned usual = options.sessions != 0 ? options.sessions
	                 : options.smoke       ? SMOKE_SESSIONS
	                                       : USUAL_SESSIONS;
	bool every = options.sessions == 0 && !options.smoke && !options.quick;
	for (unsigned i = 0; i < (every ? SESSION_COUNTS : 1u); i++)
		measure(&options, &suite, every ? every_count[i] : usual, false);
	if (usual <= MEMIF_REQUESTS_MAX)
		measure(&options, &suite, usual, true);
	dpdk_stop();
	return 0;
}
