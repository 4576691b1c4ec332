/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "base/json_writer.h"
#include "report_json_trial.h"
#include "report_words.h"
#include "reports.h"

#define SCHEMA "specular-load/1"

static const char *text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void environment(struct json_writer *json, const struct run_environment *environment)
{
	json_open(json, "environment", '{');
	json_string(json, "host", text_or_null(environment->host));
	json_string(json, "kernel", text_or_null(environment->kernel));
	json_string(json, "cpu", text_or_null(environment->cpu));
	json_unsigned(json, "cpus", environment->cpus);
	json_unsigned(json, "tsc_hz", environment->tsc_hz);
	json_string(json, "dpdk", text_or_null(environment->dpdk));
	json_string(json, "driver", text_or_null(environment->driver));
	json_string(json, "device", text_or_null(environment->device));
	json_string(json, "crypto", text_or_null(environment->crypto));
	json_string(json, "timestamps", text_or_null(environment->timestamps));
	json_bool(json, "hugepages", environment->hugepages);
	json_bool(json, "lossless_link", environment->lossless_link);
	if (environment->link_rate > 0)
		json_unsigned(json, "link_rate", environment->link_rate);
	else
		json_null(json, "link_rate");
	json_string(json, "reflector", text_or_null(environment->reflector));
	json_close(json, '}');
}

static void group(struct json_writer *json, const struct run_result *result,
                  const struct load_group *group)
{
	char address[ADDRESS_TEXT_SIZE];

	json_open(json, NULL, '{');
	json_string(json, "name", group->name);
	json_unsigned(json, "sessions", group->count);
	json_string(json, "mode", words_mode(result, group));
	json_string(json, "reflector",
	            group->reflector.family == 0 ? NULL
	                                         : address_format(&group->reflector, address));
	json_unsigned(json, "vlan", group->vlan);
	json_unsigned(json, "outer_vlan", group->outer_vlan);
	json_unsigned(json, "dscp", group->dscp);
	json_unsigned(json, "ttl", group->ttl);
	json_bool(json, "symmetrical_size", group->symmetrical);
	json_bool(json, "zero_padding", group->zero_padding);
	json_string(json, "reply_padding", group->reply_padding_any ? "any" : "reused");
	json_open(json, "sizes", '[');
	json->flat = json->depth;
	for (unsigned i = 0; i < group->size_count; i++)
		json_unsigned(json, NULL, group->sizes[i]);
	json_close(json, ']');
	json->flat = 0;
	json_unsigned(json, "share", group->share);
	json_close(json, '}');
}

static void asked_of_mode(struct json_writer *json, const struct load_config *config)
{
	if (config->run == LOAD_RUN_SEARCH) {
		json_unsigned(json, "ndr_loss_ppm", config->ndr_loss);
		json_unsigned(json, "pdr_loss_ppm", config->pdr_loss);
		json_unsigned(json, "precision_ppm", config->precision);
		json_unsigned(json, "confirm_ns", config->confirm_ns);
		json_unsigned(json, "retries", config->search_retries);
		json_unsigned(json, "time_limit_ns", config->search_limit_ns);
	}
	if (config->run == LOAD_RUN_RAMP) {
		json_unsigned(json, "ramp_from", config->ramp_from);
		json_unsigned(json, "ramp_to", config->ramp_to);
		json_unsigned(json, "ramp_step", config->ramp_step);
	}
	if (config->run == LOAD_RUN_BURST) {
		json_unsigned(json, "burst_frames", config->burst_frames);
		json_unsigned(json, "burst_rounds", config->burst_rounds);
		json_unsigned(json, "time_limit_ns", config->burst_limit_ns);
	}
}

static void asked(struct json_writer *json, const struct run_result *result)
{
	const struct load_config *config = result->config;

	json_open(json, "asked", '{');
	json_string(json, "peer", config->peer == LOAD_PEER_SWAP ? "swap" : "twamp");
	if (config->rate.parts > 0)
		json_unsigned(json, "rate_ppm_of_link", config->rate.parts);
	else
		json_unsigned(json, "rate", config->rate.packets);
	json_unsigned(json, "duration_ns", config->duration_ns);
	json_unsigned(json, "warm_up_ns", config->warm_up_ns);
	json_unsigned(json, "timeout_ns", config->timeout_ns);
	json_unsigned(json, "late_slot_ns", config->late_slot_ns);
	json_unsigned(json, "send_burst", config->send_burst);
	if (config->clock_error_ns > 0)
		json_unsigned(json, "clock_error_ns", config->clock_error_ns);
	else
		json_null(json, "clock_error_ns");
	asked_of_mode(json, config);
	json_open(json, "groups", '[');
	for (unsigned i = 0; i < config->group_count; i++)
		group(json, result, &config->groups[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void bound(struct json_writer *json, const char *name, const struct search_bound *bound)
{
	json_open(json, name, '{');
	json_bool(json, "found", bound->found);
	if (bound->found)
		json_double(json, "rate", bound->rate);
	else
		json_null(json, "rate");
	if (bound->upper > 0)
		json_double(json, "upper", bound->upper);
	else
		json_null(json, "upper");
	json_bool(json, "confirmed", bound->confirmed);
	json_bool(json, "load_limited", bound->load_limited);
	json_bool(json, "back_pressure", bound->back_pressure);
	json_bool(json, "maximum_reached", bound->maximum_reached);
	json_close(json, '}');
}

static void search(struct json_writer *json, const struct run_result *result)
{
	static const char *const cuts[] = {[SEARCH_WHOLE] = NULL,
	                                   [SEARCH_OUT_OF_TIME] = "time",
	                                   [SEARCH_OUT_OF_TRIALS] = "trials"};
	const struct search_result *search = &result->search;

	if (!result->searched) {
		json_null(json, "search");
		return;
	}
	json_open(json, "search", '{');
	bound(json, "ndr", &search->ndr);
	bound(json, "pdr", &search->pdr);
	json_bool(json, "interrupted", search->interrupted);
	json_string(json, "cut_short", cuts[search->cut]);
	json_open(json, "trials", '[');
	for (unsigned i = 0; i < search->trial_count; i++) {
		const struct search_trial *trial = &search->trials[i];
		json_open(json, NULL, '{');
		json_double(json, "rate", trial->rate);
		json_double(json, "offered", trial->offered);
		json_double(json, "loss_ppm", trial->loss);
		json_unsigned(json, "duration_ns", trial->duration_ns);
		report_json_limits(json, trial->limits);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void burst(struct json_writer *json, const struct run_result *result)
{
	const struct burst_summary *burst = &result->burst;

	if (result->config->run != LOAD_RUN_BURST) {
		json_null(json, "burst");
		return;
	}
	json_open(json, "burst", '{');
	json_bool(json, "valid", burst->valid);
	json_unsigned(json, "rounds", burst->rounds);
	if (burst->valid) {
		json_double(json, "rate_median", burst->rate_median);
		json_double(json, "rate_p10", burst->rate_p10);
		json_double(json, "rate_p90", burst->rate_p90);
		json_double(json, "rate_best", burst->rate_best);
	}
	json_string(json, "cut_short", burst->out_of_time ? "time" : NULL);
	json_unsigned(json, "lost", burst->lost);
	json_open(json, "rates", '[');
	json->flat = json->depth;
	for (unsigned k = 0; k < burst->each_count; k++) {
		if (burst->each[k] > 0)
			json_double(json, NULL, burst->each[k]);
		else
			json_null(json, NULL);
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void evidence(struct json_writer *json, const struct run_result *result)
{
	json_string(json, "evidence_file", text_or_null(result->evidence_path));
	json_open(json, "evidence", '[');
	for (unsigned i = 0; i < result->evidence_count; i++) {
		const struct run_evidence *evidence = &result->evidence[i];
		json_open(json, NULL, '{');
		json_string(json, "fault", load_fault_descriptions[evidence->fault].name);
		json_unsigned(json, "received_ntp", evidence->received_ntp);
		if (evidence->session == UINT32_MAX)
			json_null(json, "session");
		else
			json_unsigned(json, "session", evidence->session);
		json_string(json, "what", evidence->what);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void checks(struct json_writer *json, const struct run_result *result)
{
	struct run_check checks[RUN_CHECKS_MAX];
	unsigned count = run_judge(result, checks);

	json_open(json, "checks", '[');
	for (unsigned i = 0; i < count; i++) {
		json_open(json, NULL, '{');
		json_string(json, "name", checks[i].name);
		json_string(json, "limit", checks[i].limit);
		json_string(json, "value", checks[i].value);
		json_bool(json, "met", checks[i].met);
		json_bool(json, "load_limited", checks[i].load_limited);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void head(struct json_writer *json, const struct run_result *result)
{
	static const char *const verdicts[] = {
	        [RUN_PASSED] = "passed", [RUN_MISSED] = "missed", [RUN_FAILED] = "failed"};
	const struct run_environment *ran_on = &result->environment;

	json_string(json, "schema", SCHEMA);
	json_string(json, "version", ran_on->version);
	json_string(json, "verdict", verdicts[run_verdict(result)]);
	json_string(json, "error", text_or_null(result->failure));
	json_bool(json, "interrupted", result->interrupted);
	json_string(json, "run", words_run(result->config->run));
	json_string(json, "started", words_time(&ran_on->started).text);
	json_string(json, "ended", words_time(&ran_on->ended).text);
	json_string(json, "config", text_or_null(ran_on->config_path));
	json_string(json, "config_sha256", text_or_null(ran_on->config_sha256));
}

void report_json(FILE *out, const struct run_result *result)
{
	struct json_writer json = {.out = out};

	json_open(&json, NULL, '{');
	head(&json, result);
	environment(&json, &result->environment);
	asked(&json, result);
	json_unsigned(&json, "sessions", result->sessions);
	search(&json, result);
	burst(&json, result);
	json_open(&json, "trials", '[');
	for (unsigned i = 0; i < result->trial_count; i++)
		report_json_trial(&json, &result->trials[i]);
	json_close(&json, ']');
	evidence(&json, result);
	checks(&json, result);
	json_unsigned(&json, "resident_first_kib", result->resident_first_kib);
	json_unsigned(&json, "resident_last_kib", result->resident_last_kib);
	json_close(&json, '}');
}
