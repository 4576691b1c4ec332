/* SPDX-License-Identifier: BSD-3-Clause */
#include "datapath_case.h"

#include <stdlib.h>

#include "cycles.h"
#include "reflect/stages.h"

#define BURSTS_MAX 4096u

static const char *const stage_names[STAGE_COUNT] = {
        [STAGE_PARSE] = "parse", [STAGE_LOOKUP] = "lookup", [STAGE_OPEN] = "open",
        [STAGE_BUILD] = "build", [STAGE_SEAL] = "seal",     [STAGE_STAMP] = "stamp",
};

const char *stage_name(enum stage stage)
{
	return stage_names[stage];
}

void datapath_case_describe(const struct datapath_case *datapath, struct record *record)
{
	const struct world_settings *settings = &datapath->traffic->world->settings;

	record_text(record, "suite", datapath->suite);
	record_text(record, "mode", mode_name(settings->mode));
	record_number(record, "family", settings->family);
	record_number(record, "payload", datapath->payload);
	record_number(record, "sessions", settings->sessions);
	record_number(record, "burst", datapath->burst);
	if (datapath->features != NULL)
		record_text(record, "features", datapath->features);
}

static void give_up(const char *text)
{
	(void)fprintf(stderr, "bench: %s\n", text);
	exit(1);
}

void datapath_case_check(const struct datapath_case *datapath)
{
	struct error error;

	traffic_prepare(datapath->traffic, datapath->burst, datapath->payload);
	traffic_reflect(datapath->traffic);
	if (traffic_check(datapath->traffic, &error) != 0)
		give_up(error.text);
}

static unsigned burst_count(const struct datapath_case *datapath)
{
	unsigned bursts = datapath->packets / datapath->burst;

	return bursts == 0 ? 1 : bursts > BURSTS_MAX ? BURSTS_MAX : bursts;
}

static void require_reflected(const struct traffic *traffic)
{
	if (traffic_reflected(traffic) != traffic->count)
		give_up("a valid request was not reflected");
}

double datapath_case_measure(void *context)
{
	static _Thread_local uint64_t samples[BURSTS_MAX];
	const struct datapath_case *datapath = context;
	struct traffic *traffic = datapath->traffic;
	unsigned bursts = burst_count(datapath);
	unsigned warm_up = datapath->warm_up / datapath->burst;
	uint64_t overhead = cycles_overhead();

	traffic_plan(traffic, datapath->payload);
	for (unsigned i = 0; i < warm_up + bursts; i++) {
		traffic_prepare(traffic, datapath->burst, datapath->payload);
		uint64_t begin = cycles_now();
		traffic_reflect(traffic);
		uint64_t end = cycles_now();
		require_reflected(traffic);
		if (i >= warm_up)
			samples[i - warm_up] = cycles_between(begin, end, overhead);
	}
	return cycles_quantile(samples, bursts, 0.5) / datapath->burst;
}

/** One burst as reflect_burst does it, and the TSC before and after each stage. */
static void run_stages(struct traffic *traffic, uint64_t tsc[STAGE_COUNT + 1])
{
	struct burst burst;

	burst.reflector = &traffic->reflector;
	burst.arrival = &traffic->arrival;
	tsc[STAGE_PARSE] = cycles_now();
	stage_parse(&burst, traffic->frames, traffic->count);
	tsc[STAGE_LOOKUP] = cycles_now();
	stage_lookup(&burst);
	tsc[STAGE_OPEN] = cycles_now();
	stage_open(&burst);
	tsc[STAGE_BUILD] = cycles_now();
	stage_build(&burst);
	tsc[STAGE_SEAL] = cycles_now();
	stage_seal(&burst);
	tsc[STAGE_STAMP] = cycles_now();
	stage_stamp(&burst);
	tsc[STAGE_COUNT] = cycles_now();
}

void stages_case_measure(struct stages_case *stages)
{
	static uint64_t samples[STAGE_COUNT][BURSTS_MAX];
	const struct datapath_case *datapath = &stages->datapath;
	unsigned bursts = burst_count(datapath);
	unsigned warm_up = datapath->warm_up / datapath->burst;
	uint64_t overhead = cycles_overhead();
	uint64_t tsc[STAGE_COUNT + 1];

	traffic_plan(datapath->traffic, datapath->payload);
	for (unsigned i = 0; i < warm_up + bursts; i++) {
		traffic_prepare(datapath->traffic, datapath->burst, datapath->payload);
		run_stages(datapath->traffic, tsc);
		require_reflected(datapath->traffic);
		for (unsigned stage = 0; i >= warm_up && stage < STAGE_COUNT; stage++)
			samples[stage][i - warm_up] =
			        cycles_between(tsc[stage], tsc[stage + 1], overhead);
	}
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		stages->cycles[stage] =
		        cycles_quantile(samples[stage], bursts, 0.5) / datapath->burst;
}
