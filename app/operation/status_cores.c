/* SPDX-License-Identifier: BSD-3-Clause */
/** The command cores: what each polling lcore does. */
#include "status_commands.h"

#define NS_PER_SECOND 1e9

static void write_core(const struct status_source *source, unsigned core, struct json_writer *json)
{
	const struct worker *worker = source->workers[core];
	const uint64_t *values = worker->reflector.counters->values;
	uint64_t busy = counter_read(&worker->busy_polls);
	uint64_t polls = counter_read(&worker->polls);

	json_open(json, NULL, '{');
	json_unsigned(json, "core", core);
	json_unsigned(json, "cpu", source->config->eal.worker_cpus[core]);
	if (source->watchdog != NULL) {
		json_double(json, "heartbeat_age_seconds",
		            (double)watchdog_core_silent_ns(source->watchdog, core) /
		                    NS_PER_SECOND);
		json_bool(json, "stuck", watchdog_core_is_stuck(source->watchdog, core));
	}
	json_unsigned(json, "polls", polls);
	json_unsigned(json, "busy_polls", busy);
	json_unsigned(json, "received", counter_read(&values[DATAPATH_RECEIVED]));
	json_unsigned(json, "reflected", counter_read(&values[DATAPATH_REFLECTED]));
	json_close(json, '}');
}

int status_cores(struct operation *operation, const struct operation_request *request,
                 struct json_writer *json, struct error *error)
{
	const struct status_source *source = operation_source(operation);

	(void)request;
	(void)error;
	json_open(json, "cores", '[');
	for (unsigned core = 0; core < source->worker_count; core++)
		write_core(source, core, json);
	json_close(json, ']');
	return 0;
}
