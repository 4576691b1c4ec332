/* SPDX-License-Identifier: BSD-3-Clause */
#include "report_json_trial.h"

#include "report_words.h"

void report_json_limits(struct json_writer *json, unsigned limits)
{
	static const struct {
		enum trial_limit limit;
		const char *name;
	} all[] = {{TRIAL_LIMIT_SCHEDULE, "schedule"},
	           {TRIAL_LIMIT_TRANSMIT, "transmit"},
	           {TRIAL_LIMIT_BUFFERS, "buffers"},
	           {TRIAL_LIMIT_RECEIVE, "receive"},
	           {TRIAL_LIMIT_LINK, "link"}};

	json_open(json, "limits", '[');
	json->flat = json->depth;
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (limits & (unsigned)all[i].limit)
			json_string(json, NULL, all[i].name);
	}
	json_close(json, ']');
	json->flat = 0;
}

static void percentiles(struct json_writer *json, const struct histogram *histogram)
{
	static const struct {
		const char *name;
		uint32_t parts;
	} all[] = {{"p50", 500000},  {"p90", 900000},   {"p99", 990000},
	           {"p999", 999000}, {"p9999", 999900}, {"p99999", 999990}};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		json_unsigned(json, all[i].name, histogram_percentile(histogram, all[i].parts));
}

static void histogram(struct json_writer *json, const char *name, const struct histogram *histogram)
{
	json_open(json, name, '{');
	json_unsigned(json, "count", histogram->count);
	json_unsigned(json, "negative", histogram->negative);
	if (histogram->count > 0) {
		json_unsigned_wide(json, "sum", histogram_sum(histogram));
		json_unsigned(json, "min", histogram->minimum);
		json_unsigned(json, "mean", histogram_mean(histogram));
		percentiles(json, histogram);
		json_unsigned(json, "max", histogram->maximum);
	}
	json_open(json, "buckets", '[');
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (histogram->buckets[i] == 0)
			continue;
		json_open(json, NULL, '[');
		json->flat = json->depth;
		json_unsigned(json, NULL, histogram_bucket_low(i));
		json_unsigned(json, NULL, histogram_bucket_high(i));
		json_unsigned(json, NULL, histogram->buckets[i]);
		json_close(json, ']');
		json->flat = 0;
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void order(struct json_writer *json, const struct trial_order *order)
{
	json_open(json, "order", '{');
	json_string(json, "kind", order->kind == TRIAL_BURST ? "burst" : "paced");
	if (order->kind == TRIAL_BURST) {
		json_unsigned(json, "frames", order->frames);
	} else {
		json_double(json, "rate", order->rate);
		json_unsigned(json, "warm_up_ns", order->warm_up_ns);
		json_unsigned(json, "duration_ns", order->duration_ns);
	}
	json_unsigned(json, "sessions", order->sessions);
	json_close(json, '}');
}

static void packets(struct json_writer *json, const struct trial_result *trial)
{
	const struct load_measures *measures = &trial->measures;

	json_unsigned(json, "sent", trial->sent);
	json_unsigned(json, "duration_ns", trial->duration_ns);
	json_double(json, "sent_rate", trial->sent_rate);
	json_double(json, "answered_rate", trial->answered_rate);
	json_unsigned(json, "answered", measures->answered);
	json_unsigned(json, "lost", trial->lost);
	json_double(json, "loss_ppm", trial_loss(trial));
	json_unsigned(json, "lost_forward", trial->lost_forward);
	json_unsigned(json, "lost_backward", trial->lost_backward);
	json_unsigned(json, "lost_unknown", trial->lost_unknown);
	json_unsigned(json, "late", measures->late);
	json_unsigned(json, "duplicates", measures->duplicates);
	json_unsigned(json, "duplicates_forward", measures->duplicates_forward);
	json_unsigned(json, "reordered", measures->reordered);
	json_unsigned(json, "reordered_forward", measures->reordered_forward);
	json_unsigned(json, "reordering_extent", measures->reordering_extent);
	json_unsigned(json, "wrong", load_measures_wrong(measures));
	json_open(json, "faults", '{');
	for (unsigned i = 0; i < LOAD_FAULT_COUNT; i++)
		json_unsigned(json, load_fault_descriptions[i].name, measures->faults[i]);
	json_close(json, '}');
}

static void load(struct json_writer *json, const struct trial_result *trial)
{
	const struct load_measures *measures = &trial->measures;

	json_open(json, "load", '{');
	json_bool(json, "offered", trial_offered(trial));
	report_json_limits(json, trial->limits);
	json_unsigned(json, "scheduled", measures->scheduled);
	json_unsigned(json, "missed", measures->missed);
	json_unsigned(json, "transmit_full", measures->transmit_full);
	json_unsigned(json, "held_back_ns", measures->held_back_ns);
	json_unsigned(json, "no_buffer", measures->no_buffer);
	json_unsigned(json, "link_down_ns", trial->link_down_ns);
	json_unsigned(json, "lag_max_ns", measures->lag_maximum_ns);
	json_unsigned(json, "nap_max_ns", measures->nap_maximum_ns);
	json_unsigned(json, "polls", measures->polls);
	json_unsigned(json, "busy_polls", measures->busy_polls);
	json_unsigned(json, "received", measures->received);
	json_unsigned(json, "stale", measures->stale);
	json_unsigned(json, "warm_up", measures->warm_up);
	json_unsigned(json, "handed_over", measures->handed_over);
	json_unsigned(json, "other", measures->other);
	json_close(json, '}');
}

static void burst(struct json_writer *json, const struct trial_burst *burst)
{
	json_open(json, "burst", '{');
	json_unsigned(json, "sent", burst->sent);
	json_unsigned(json, "received", burst->received);
	json_unsigned(json, "send_ns", burst->send_ns);
	json_unsigned(json, "arrival_ns", burst->arrival_ns);
	json_unsigned(json, "return_ns", burst->return_ns);
	if (burst->reflector_ns > 0)
		json_unsigned(json, "reflector_ns", burst->reflector_ns);
	else
		json_null(json, "reflector_ns");
	json_close(json, '}');
}

static void second(struct json_writer *json, const struct trial_second *second)
{
	json_open(json, NULL, '{');
	json->flat = json->depth;
	json_unsigned(json, "at_ns", second->at_ns);
	json_unsigned(json, "length_ns", second->length_ns);
	json_unsigned(json, "sent", second->sent);
	json_unsigned(json, "answered", second->answered);
	json_unsigned(json, "missed", second->missed);
	json_unsigned(json, "wrong", second->wrong);
	json_unsigned(json, "reordered", second->reordered);
	json_unsigned(json, "duplicates", second->duplicates);
	json_unsigned(json, "rtt_p50", second->rtt_p50);
	json_unsigned(json, "rtt_p99", second->rtt_p99);
	json_unsigned(json, "rtt_max", second->rtt_maximum);
	json_close(json, '}');
	json->flat = 0;
}

void report_json_trial(struct json_writer *json, const struct named_trial *named)
{
	const struct trial_result *trial = &named->result;

	json_open(json, NULL, '{');
	json_string(json, "name", named->name);
	order(json, &trial->order);
	json_bool(json, "interrupted", trial->interrupted);
	packets(json, trial);
	load(json, trial);
	if (trial->order.kind == TRIAL_BURST)
		burst(json, &trial->burst);
	json_unsigned(json, "error_max_ns", trial->measures.error_maximum_ns);
	json_unsigned(json, "unsynchronized", trial->measures.unsynchronized);
	json_open(json, "histograms_ns", '{');
	for (unsigned i = 0; i < LOAD_DISTRIBUTION_COUNT; i++)
		histogram(json, words_distributions[i].name, &trial->measures.distributions[i]);
	json_close(json, '}');
	json_open(json, "seconds", '[');
	for (unsigned i = 0; i < named->second_count; i++)
		second(json, &named->seconds[i]);
	json_close(json, ']');
	json_close(json, '}');
}
