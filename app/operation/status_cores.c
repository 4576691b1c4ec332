/* SPDX-License-Identifier: BSD-3-Clause */
/** The command cores: what each polling lcore does. */
#include "core_load.h"
#include "reflect/ahead.h"
#include "status_commands.h"

#define NS_PER_SECOND 1e9

static void write_burst_sizes(const struct worker *worker, struct json_writer *json)
{
	json_open(json, "burst_sizes", '[');
	for (unsigned size = 1; size <= WORKER_BURST; size++) {
		uint64_t count = counter_read(&worker->statistics.burst_sizes[size]);

		if (count == 0)
			continue;
		json_open(json, NULL, '{');
		json_unsigned(json, "size", size);
		json_unsigned(json, "count", count);
		json_close(json, '}');
	}
	json_close(json, ']');
}

/** The end of the bucket within which a share of all replies ends; 0 when there are none. */
static uint64_t quantile(const uint64_t counts[TURNAROUND_BUCKETS], uint64_t total, double share)
{
	uint64_t wanted = (uint64_t)((double)total * share), seen = 0;

	for (unsigned i = 0; i < TURNAROUND_BUCKETS; i++) {
		seen += counts[i];
		if (counts[i] > 0 && seen > wanted)
			return turnaround_bucket_end(i);
	}
	for (unsigned i = TURNAROUND_BUCKETS; i-- > 0;) {
		if (counts[i] > 0)
			return turnaround_bucket_end(i);
	}
	return 0;
}

static uint64_t to_ns(uint64_t ticks, uint64_t tsc_hz)
{
	return (uint64_t)((unsigned __int128)ticks * (uint64_t)NS_PER_SECOND / tsc_hz);
}

static void write_turnaround(const struct worker *worker, uint64_t tsc_hz, struct json_writer *json)
{
	uint64_t counts[TURNAROUND_BUCKETS], total = 0;

	for (unsigned i = 0; i < TURNAROUND_BUCKETS; i++) {
		counts[i] = counter_read(&worker->statistics.turnaround[i]);
		total += counts[i];
	}
	json_open(json, "turnaround_ns", '{');
	json_unsigned(json, "p50", to_ns(quantile(counts, total, 0.5), tsc_hz));
	json_unsigned(json, "p99", to_ns(quantile(counts, total, 0.99), tsc_hz));
	json_unsigned(json, "p99_9", to_ns(quantile(counts, total, 0.999), tsc_hz));
	json_unsigned(json, "max", to_ns(quantile(counts, total, 1.0), tsc_hz));
	json_open(json, "buckets", '[');
	for (unsigned i = 0; i < TURNAROUND_BUCKETS; i++) {
		if (counts[i] == 0)
			continue;
		json_open(json, NULL, '{');
		json_unsigned(json, "le_ns", to_ns(turnaround_bucket_end(i), tsc_hz));
		json_unsigned(json, "count", counts[i]);
		json_close(json, '}');
	}
	json_close(json, ']');
	json_close(json, '}');
}

static void write_ahead(const struct ahead_pool *pool, struct json_writer *json)
{
	if (pool == NULL) {
		json_null(json, "ahead");
		return;
	}
	const struct ahead_statistics *statistics = ahead_pool_statistics(pool);
	json_open(json, "ahead", '{');
	json_unsigned(json, "opened", counter_read(&statistics->opened));
	json_unsigned(json, "sealed", counter_read(&statistics->sealed));
	json_unsigned(json, "computed", counter_read(&statistics->computed));
	json_unsigned(json, "taken", counter_read(&statistics->taken));
	json_unsigned(json, "wiped", counter_read(&statistics->wiped));
	json_close(json, '}');
}

static void write_known(struct json_writer *json, const char *name, double value)
{
	if (value < 0)
		json_null(json, name);
	else
		json_double(json, name, value);
}

static void write_heartbeat(const struct watchdog *watchdog, unsigned core,
                            struct json_writer *json)
{
	if (watchdog == NULL)
		return;
	json_double(json, "heartbeat_age_seconds",
	            (double)watchdog_core_silent_ns(watchdog, core) / NS_PER_SECOND);
	json_bool(json, "stuck", watchdog_core_is_stuck(watchdog, core));
}

static void write_core(const struct status_source *source, const struct core_load *load,
                       unsigned core, struct json_writer *json)
{
	const struct worker *worker = source->workers[core];
	const uint64_t *values = worker->reflector.counters->values;

	json_open(json, NULL, '{');
	json_unsigned(json, "core", core);
	json_unsigned(json, "cpu", source->config->eal.worker_cpus[core]);
	write_heartbeat(source->watchdog, core, json);
	json_unsigned(json, "polls", counter_read(&worker->polls));
	json_unsigned(json, "busy_polls", counter_read(&worker->busy_polls));
	json_unsigned(json, "busy_cycles", counter_read(&worker->statistics.busy_ticks));
	write_known(json, "busy_share", core_load_share(load, core));
	write_known(json, "cycles_per_packet", core_load_cycles_per_packet(load, core));
	json_unsigned(json, "received", counter_read(&values[DATAPATH_RECEIVED]));
	json_unsigned(json, "reflected", counter_read(&values[DATAPATH_REFLECTED]));
	write_burst_sizes(worker, json);
	write_turnaround(worker, source->tsc_hz, json);
	write_ahead(worker->reflector.ahead, json);
	json_close(json, '}');
}

int status_core_range(const struct status_source *source, const struct operation_request *request,
                      unsigned *first, unsigned *end, struct error *error)
{
	uint64_t core = UINT64_MAX;
	int status = operation_unsigned(request, "core", 0, source->worker_count - 1, &core, error);

	*first = core == UINT64_MAX ? 0 : (unsigned)core;
	*end = core == UINT64_MAX ? source->worker_count : *first + 1;
	return status;
}

int status_cores(struct operation *operation, const struct operation_request *request,
                 struct json_writer *json, struct error *error)
{
	const struct status_source *source = operation_source(operation);

	unsigned first, end;
	int status = status_core_range(source, request, &first, &end, error);

	if (status != 0)
		return status;
	json_unsigned(json, "tsc_hz", source->tsc_hz);
	json_open(json, "cores", '[');
	for (unsigned core = first; core < end; core++)
		write_core(source, operation_core_load(operation), core, json);
	json_close(json, ']');
	return 0;
}
