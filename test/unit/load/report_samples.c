/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/control_message.h"

#define NS_A_SECOND  1000000000u
#define MILLION      1e6
#define DRAWS        20000u
#define HOSTILE      "</title><script>alert('\"&\x1b[31m')</script>\xff \xc2\x9b ]]>"
#define SEARCH_NDR   9.84e6
#define SEARCH_PDR   10.21e6
#define SOAK_SECONDS 5400u
#define SOAK_STEP    9u
#define RATE_SECONDS 30u
#define RAMP_STEPS   10u
#define BURSTS       12u

const char *const report_sample_names[SAMPLE_COUNT] = {
        [SAMPLE_RATE] = "rate",       [SAMPLE_SEARCH] = "search", [SAMPLE_LIMITED] = "limited",
        [SAMPLE_SOAK] = "soak",       [SAMPLE_RAMP] = "ramp",     [SAMPLE_BURST] = "burst",
        [SAMPLE_HOSTILE] = "hostile", [SAMPLE_SILENT] = "silent", [SAMPLE_FAILED] = "failed",
        [SAMPLE_HUGE] = "huge"};

/** The same everywhere, whatever the C library draws. */
static double draw(void)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(state >> 11) + 1) / 9007199254740994.0;
}

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL)
		abort();
	return memory;
}

/** A floor, a queue, and now and then a burst in the way. */
static int64_t duration(double floor_us, double load)
{
	double us = floor_us - log(draw()) * floor_us * 0.15 / (1.02 - load);

	if (draw() < 0.003)
		us += -log(draw()) * floor_us * 4;
	if (draw() < 0.0002)
		us += 200 + 400 * draw();
	return (int64_t)(us * 1000);
}

static void fill_durations(struct load_measures *measures, double load)
{
	int64_t before = 0;

	for (unsigned i = 0; i < DRAWS; i++) {
		int64_t sent = duration(14, load), lag = draw() < 0.01 ? duration(6, load) : 200;
		int64_t turnaround = duration(3, load);
		histogram_add(&measures->distributions[LOAD_RTT], sent + lag);
		histogram_add(&measures->distributions[LOAD_RTT_SENT], sent);
		histogram_add(&measures->distributions[LOAD_RESPONSE], sent + lag + turnaround);
		histogram_add(&measures->distributions[LOAD_FORWARD], sent / 2 - 2100);
		histogram_add(&measures->distributions[LOAD_BACKWARD], sent / 2 + 1900);
		histogram_add(&measures->distributions[LOAD_TURNAROUND], turnaround);
		histogram_add(&measures->distributions[LOAD_DELAY_VARIATION],
		              sent > before ? sent - before : before - sent);
		before = sent;
	}
	measures->error_maximum_ns = 12200;
}

static void fill_trial(struct trial_result *trial, double rate, double seconds, double loss,
                       double load)
{
	struct load_measures *measures = &trial->measures;

	trial->order = (struct trial_order){.kind = TRIAL_PACED,
	                                    .rate = rate,
	                                    .sessions = 1000,
	                                    .warm_up_ns = NS_A_SECOND / 10,
	                                    .duration_ns = (uint64_t)(seconds * NS_A_SECOND)};
	trial->sent = (uint64_t)(rate * seconds);
	trial->duration_ns = trial->order.duration_ns;
	trial->lost = (uint64_t)((double)trial->sent * loss);
	trial->sent_rate = rate;
	trial->answered_rate = rate * (1 - loss);
	trial->lost_forward = trial->lost * 2 / 3;
	trial->lost_unknown = trial->lost > 20 ? 3 : 0;
	trial->lost_backward = trial->lost - trial->lost_forward - trial->lost_unknown;
	measures->scheduled = trial->sent;
	measures->sent = trial->sent;
	measures->answered = trial->sent - trial->lost;
	measures->received = measures->answered;
	measures->lag_maximum_ns = 41300;
	measures->polls = 8000000;
	measures->busy_polls = (uint64_t)(8e6 * load);
	fill_durations(measures, load);
}

static struct named_trial *add_trial(struct run_result *result, const char *name)
{
	struct named_trial *trials =
	        realloc(result->trials, (result->trial_count + 1) * sizeof(*trials));

	if (trials == NULL)
		abort();
	result->trials = trials;
	memset(&trials[result->trial_count], 0, sizeof(*trials));
	(void)snprintf(trials[result->trial_count].name, RESULT_TEXT_SIZE, "%s", name);
	return &trials[result->trial_count++];
}

static void add_seconds(struct named_trial *trial, unsigned seconds, unsigned step, double rate)
{
	unsigned count = seconds / step;

	trial->seconds = allocate(count * sizeof(*trial->seconds));
	trial->second_count = count;
	for (unsigned i = 0; i < count; i++) {
		struct trial_second *second = &trial->seconds[i];
		double lost = i == count / 3 ? 0.02 : 0;
		second->length_ns = (uint64_t)step * NS_A_SECOND / (i + 1 == count ? 2 : 1);
		second->at_ns = (uint64_t)i * step * NS_A_SECOND + second->length_ns;
		second->sent = (uint64_t)(rate * (double)second->length_ns / NS_A_SECOND);
		second->answered = (uint64_t)((double)second->sent * (1 - lost));
		second->missed = i == count / 2 ? 2310 : 0;
		second->rtt_p50 = (uint64_t)(15000 + 500 * draw());
		second->rtt_p99 = (uint64_t)(24000 + 4000 * draw() + (lost > 0 ? 90000 : 0));
		second->rtt_maximum = second->rtt_p99 + (uint64_t)(20000 - 180000 * log(draw()));
	}
}

static struct load_config *make_config(void)
{
	struct load_config *config = allocate(sizeof(*config));
	struct load_thresholds *limits = &config->thresholds;
	struct load_group *group = &config->groups[0];

	memset(limits, 0xff, sizeof(*limits));
	limits->wrong_maximum = 0;
	config->group_count = 2;
	(void)snprintf(group->name, sizeof(group->name), "voice");
	group->count = 600;
	group->mode = MODE_AUTHENTICATED;
	group->reflector = (struct address){.family = 4, .octets = {192, 0, 2, 2}};
	group->dscp = 46;
	group->vlan = 100;
	group->sizes[0] = 112;
	group->size_count = 1;
	group->share = 3;
	group[1] = group[0];
	(void)snprintf(group[1].name, sizeof(group->name), "bulk");
	group[1].count = 400;
	group[1].mode = MODE_ENCRYPTED | MODE_IKEV2_DERIVED;
	group[1].imix = true;
	group[1].size_count = 3;
	group[1].sizes[1] = 548;
	group[1].sizes[2] = 1472;
	group[1].share = 1;
	group[1].dscp = 0;
	config->rate.packets = 2000000;
	config->duration_ns = UINT64_C(30) * NS_A_SECOND;
	config->warm_up_ns = NS_A_SECOND / 10;
	config->timeout_ns = NS_A_SECOND;
	config->late_slot_ns = NS_A_SECOND / 1000;
	config->send_burst = 32;
	config->pdr_loss = 5000;
	config->precision = 10000;
	config->confirm_ns = UINT64_C(10) * NS_A_SECOND;
	config->search_retries = 1;
	config->search_limit_ns = 3600 * UINT64_C(1000000000);
	config->ramp_from = 100;
	config->ramp_to = 1000;
	config->ramp_step = 100;
	config->burst_frames = 4096;
	config->burst_rounds = BURSTS;
	config->burst_limit_ns = config->search_limit_ns;
	return config;
}

static void describe(struct run_environment *environment)
{
	*environment = (struct run_environment){
	        .version = "specular-load 0.1.0",
	        .host = "bench-7",
	        .kernel = "Linux 6.1.0-32-amd64 x86_64",
	        .cpu = "Intel(R) Xeon(R) Gold 6430",
	        .cpus = 64,
	        .tsc_hz = 2100000000,
	        .dpdk = "DPDK 22.11.7",
	        .driver = "net_ice",
	        .device = "0000:17:00.0",
	        .crypto = "ipsec-mb 1.3 avx512, batches of 16",
	        .timestamps = "TSC disciplined to CLOCK_REALTIME, synchronized, error 12 us",
	        .hugepages = true,
	        .link_rate = UINT64_C(100000000000),
	        .config_path = "/etc/specular/load.yaml",
	        .config_sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	        .reflector = "192.0.2.2, control 192.0.2.2:862",
	        .started = {1790000000, 250000000},
	        .ended = {1790000042, 750000000}};
}

static void fill_search(struct run_result *result)
{
	static const double rates[] = {14e6,   10.4e6, 9.9e6,  8.1e6,  9.0e6,  9.45e6, 9.68e6,
	                               9.79e6, 9.84e6, 9.84e6, 10.1e6, 10.2e6, 10.3e6, 10.21e6};
	struct search_result *search = &result->search;

	result->searched = true;
	for (unsigned i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct search_trial *trial = &search->trials[search->trial_count++];
		trial->rate = rates[i];
		trial->offered = rates[i] > 12e6 ? 12.9e6 : rates[i];
		trial->limits = rates[i] > 12e6 ? TRIAL_LIMIT_TRANSMIT : 0;
		trial->loss = rates[i] <= SEARCH_NDR ? 0
		                                     : (1 - SEARCH_NDR / trial->offered) * MILLION /
		                                               (rates[i] > SEARCH_PDR ? 1 : 8);
		trial->duration_ns = i == 9 ? UINT64_C(10) * NS_A_SECOND : NS_A_SECOND;
	}
	search->ndr = (struct search_bound){
	        .found = true, .rate = SEARCH_NDR, .upper = 9.9e6, .confirmed = true};
	search->pdr = (struct search_bound){.found = true, .rate = SEARCH_PDR, .upper = 10.3e6};
	fill_trial(&add_trial(result, "latency at 10% of PDR")->result, SEARCH_PDR / 10, 10, 0,
	           0.1);
	fill_trial(&add_trial(result, "latency at 50% of PDR")->result, SEARCH_PDR / 2, 10, 0, 0.5);
	fill_trial(&add_trial(result, "latency at 90% of PDR")->result, SEARCH_PDR * 0.9, 10, 3e-7,
	           0.93);
}

static void fill_limited(struct run_result *result)
{
	struct search_result *search = &result->search;

	result->searched = true;
	search->trial_count = 1;
	search->trials[0] =
	        (struct search_trial){.rate = 20e6,
	                              .offered = 3e6,
	                              .duration_ns = NS_A_SECOND,
	                              .limits = TRIAL_LIMIT_SCHEDULE | TRIAL_LIMIT_BUFFERS};
	search->ndr = (struct search_bound){.found = true,
	                                    .rate = 3e6,
	                                    .load_limited = true,
	                                    .limits = TRIAL_LIMIT_SCHEDULE | TRIAL_LIMIT_BUFFERS};
	search->pdr = search->ndr;
}

static void fill_ramp(struct run_result *result)
{
	for (unsigned i = 1; i <= RAMP_STEPS; i++) {
		char name[RESULT_TEXT_SIZE];
		(void)snprintf(name, sizeof(name), "ramp %u sessions", i * 100);
		struct named_trial *trial = add_trial(result, name);
		fill_trial(&trial->result, 2 * MILLION, 5, i > 8 ? (i - 8) * 0.0004 : 0,
		           0.3 + 0.06 * i);
		trial->result.order.sessions = i * 100;
	}
}

static void fill_bursts(struct run_result *result)
{
	struct named_trial *trial = add_trial(result, "bursts");

	fill_trial(&trial->result, 12e6, BURSTS * 4096 / 12e6, 0, 0.8);
	trial->result.order = (struct trial_order){.kind = TRIAL_BURST, .frames = 4096};
	trial->result.burst = (struct trial_burst){.sent = BURSTS * 4096,
	                                           .received = BURSTS * 4096,
	                                           .send_ns = BURSTS * 290000,
	                                           .arrival_ns = BURSTS * 410000,
	                                           .return_ns = BURSTS * 402000,
	                                           .reflector_ns = BURSTS * 401000};
	result->burst = (struct burst_summary){.valid = true,
	                                       .rounds = BURSTS,
	                                       .rate_median = 10.08e6,
	                                       .rate_p10 = 9.87e6,
	                                       .rate_p90 = 10.29e6,
	                                       .rate_best = 10.33e6};
	result->burst.each = calloc(BURSTS + 1, sizeof(double));
	result->burst.each_count = BURSTS + 1;
	for (unsigned i = 0; i < BURSTS && result->burst.each != NULL; i++)
		result->burst.each[i] = 9.87e6 + i * 5 % BURSTS * 42e3;
}

static void fill_hostile(struct run_result *result)
{
	struct named_trial *trial = add_trial(result, "rate " HOSTILE);
	struct load_measures *measures = &trial->result.measures;

	fill_trial(&trial->result, MILLION, 10, 0.001, 0.4);
	trial->result.limits = TRIAL_LIMIT_SCHEDULE;
	(void)snprintf(result->environment.host, RESULT_TEXT_SIZE, HOSTILE);
	(void)snprintf(result->environment.config_path, RESULT_TEXT_SIZE, "/tmp/" HOSTILE);
	(void)snprintf(result->evidence_path, RESULT_TEXT_SIZE, "evidence.pcap" HOSTILE);
	for (unsigned fault = 0; fault < LOAD_FAULT_COUNT; fault++) {
		struct run_evidence *evidence = &result->evidence[result->evidence_count++];
		measures->faults[fault] = 10 + fault;
		evidence->fault = (enum load_fault)fault;
		evidence->session = fault == LOAD_FAULT_FOREIGN ? UINT32_MAX : fault;
		(void)snprintf(evidence->what, sizeof(evidence->what),
		               "session %u (198.51.100.1:20003 to 192.0.2.2:20003), sender "
		               "sequence 41: " HOSTILE,
		               fault);
	}
	measures->duplicates = 41;
	measures->duplicates_forward = 7;
	measures->reordered = 12;
	measures->reordered_forward = 2;
	measures->reordering_extent = 5;
	measures->unsynchronized = 17;
	measures->missed = 1234;
	memset(trial->name + RESULT_TEXT_SIZE - 64, 0, 64);
}

static void fill_huge(struct run_result *result)
{
	struct named_trial *trial = add_trial(result, "rate");
	struct histogram *rtt = &trial->result.measures.distributions[LOAD_RTT];

	fill_trial(&trial->result, 1e12, 1, 0.5, 0.99);
	trial->result.sent = UINT64_MAX;
	trial->result.lost = UINT64_MAX;
	trial->result.answered_rate = INFINITY;
	trial->result.sent_rate = NAN;
	histogram_add(rtt, INT64_MAX);
	histogram_add(rtt, -1);
	result->environment.ended.tv_sec = INT64_C(253402300799);
}

static void fill_soak(struct run_result *result, unsigned seconds, const char *name)
{
	struct named_trial *trial = add_trial(result, name);

	fill_trial(&trial->result, 2 * MILLION, seconds, 0.02 / seconds, 0.5);
	add_seconds(trial, seconds, seconds > RATE_SECONDS ? SOAK_STEP : 1, 2 * MILLION);
	result->resident_first_kib = seconds > RATE_SECONDS ? 182044 : 0;
	result->resident_last_kib = seconds > RATE_SECONDS ? 182044 : 0;
}

static void fill_sample(enum report_sample sample, struct run_result *result,
                        struct load_config *config)
{
	static const enum load_run runs[SAMPLE_COUNT] = {[SAMPLE_SEARCH] = LOAD_RUN_SEARCH,
	                                                 [SAMPLE_LIMITED] = LOAD_RUN_SEARCH,
	                                                 [SAMPLE_SOAK] = LOAD_RUN_SOAK,
	                                                 [SAMPLE_RAMP] = LOAD_RUN_RAMP,
	                                                 [SAMPLE_BURST] = LOAD_RUN_BURST};

	config->run = runs[sample];
	switch (sample) {
	case SAMPLE_RATE:
		config->thresholds.loss_maximum = 0;
		config->thresholds.rtt_p99_maximum = 100000;
		config->thresholds.reordered_maximum = 0;
		fill_soak(result, RATE_SECONDS, "rate");
		break;
	case SAMPLE_SEARCH:
		config->thresholds.ndr_minimum = 9000000;
		config->thresholds.pdr_minimum = 11000000;
		fill_search(result);
		break;
	case SAMPLE_LIMITED:
		config->thresholds.ndr_minimum = 5000000;
		fill_limited(result);
		break;
	case SAMPLE_SOAK:
		fill_soak(result, SOAK_SECONDS, "soak");
		break;
	case SAMPLE_RAMP:
		config->thresholds.loss_maximum = 500;
		fill_ramp(result);
		break;
	case SAMPLE_BURST:
		config->thresholds.burst_rate_minimum = 10000000;
		fill_bursts(result);
		break;
	case SAMPLE_HOSTILE:
		config->thresholds.loss_maximum = 0;
		fill_hostile(result);
		break;
	case SAMPLE_SILENT:
		config->thresholds.loss_maximum = 0;
		config->thresholds.rtt_maximum = 1000000;
		fill_trial(&add_trial(result, "rate")->result, MILLION, 10, 1, 0.3);
		memset(result->trials->result.measures.distributions, 0,
		       sizeof(result->trials->result.measures.distributions));
		break;
	case SAMPLE_FAILED:
		result->sessions = 0;
		(void)snprintf(result->failure, sizeof(result->failure),
		               "control 192.0.2.2:862: connection refused <\"&'>");
		break;
	case SAMPLE_HUGE:
		fill_huge(result);
		break;
	case SAMPLE_COUNT:
		break;
	}
}

struct run_result *report_sample_make(enum report_sample sample, const char *folder)
{
	struct run_result *result = allocate(sizeof(*result));
	struct load_config *config = make_config();

	(void)snprintf(config->report_folder, sizeof(config->report_folder), "%s", folder);
	result->config = config;
	result->sessions = 1000;
	describe(&result->environment);
	fill_sample(sample, result, config);
	return result;
}

void report_sample_free(struct run_result *result)
{
	run_result_free(result);
	free((void *)(uintptr_t)result->config);
	free(result);
}
