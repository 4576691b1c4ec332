/* SPDX-License-Identifier: BSD-3-Clause */
/** The command status: the appliance at a glance. */
#include <unistd.h>

#include "control/control_status.h"
#include "status_commands.h"
#include "status_text.h"

static const char *const state_names[] = {
        [APPLIANCE_RUNNING] = "running", [APPLIANCE_DRAINING] = "draining"};

static void write_configuration(const struct status_source *source, struct json_writer *json)
{
	json_open(json, "configuration", '{');
	json_string(json, "path", source->config->path);
	status_time(json, "loaded", source->loaded);
	json_close(json, '}');
}

static void write_clock(const struct status_source *source, struct json_writer *json)
{
	struct clock_timestamp now = tsc_clock_read(source->clock, tsc_now());

	json_open(json, "clock", '{');
	json_bool(json, "synchronized", error_estimate_synchronized(now.error_estimate));
	json_string(json, "source", "tsc");
	json_unsigned(json, "error_ns", error_estimate_to_ns(now.error_estimate));
	json_close(json, '}');
}

static void write_control(const struct status_source *source, struct json_writer *json)
{
	const struct config_control *control = &source->config->control;
	struct control_counts counts = control_counts(source->control);

	json_open(json, "sessions", '{');
	json_unsigned(json, "installed", session_registry_count(source->sessions));
	json_unsigned(json, "started", counts.sessions_started);
	json_unsigned(json, "stopped", counts.sessions_stopped);
	json_unsigned(json, "limit",
	              (uint64_t)control->unauthenticated.sessions + control->keyed.sessions);
	json_close(json, '}');
	json_open(json, "connections", '{');
	json_unsigned(json, "open", counts.connections - counts.half_open);
	json_unsigned(json, "half_open", counts.half_open);
	json_close(json, '}');
}

static void write_packets(const struct status_source *source, struct json_writer *json)
{
	uint64_t dropped = 0;

	for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++) {
		if (datapath_counter_is_drop((enum datapath_counter)i))
			dropped += status_datapath(source, (enum datapath_counter)i);
	}
	json_open(json, "packets", '{');
	json_unsigned(json, "received", status_datapath(source, DATAPATH_RECEIVED));
	json_unsigned(json, "reflected", status_datapath(source, DATAPATH_REFLECTED));
	json_unsigned(json, "exception", status_datapath(source, DATAPATH_EXCEPTION));
	json_unsigned(json, "dropped", dropped);
	json_close(json, '}');
}

static void write_cores(const struct status_source *source, struct json_writer *json)
{
	unsigned stuck = source->watchdog != NULL ? watchdog_stuck_count(source->watchdog) : 0;

	json_open(json, "cores", '{');
	json_unsigned(json, "count", source->worker_count);
	json_unsigned(json, "stuck", stuck);
	json_close(json, '}');
	json_open(json, "stuck", '[');
	for (unsigned core = 0; stuck > 0 && core < source->worker_count; core++) {
		if (watchdog_core_is_stuck(source->watchdog, core))
			json_unsigned(json, NULL, core);
	}
	json_close(json, ']');
}

int status_summary(struct operation *operation, const struct operation_request *request,
                   struct json_writer *json, struct error *error)
{
	const struct status_source *source = operation_source(operation);

	(void)request;
	(void)error;
	json_string(json, "version", SPECULAR_VERSION);
	json_signed(json, "pid", getpid());
	status_time(json, "started", source->started);
	status_seconds(json, "uptime_seconds", tsc_now() - source->started_tsc, source->tsc_hz);
	json_string(json, "state", state_names[source->state]);
	write_configuration(source, json);
	json_string(json, "suite", source->suite);
	json_bool(json, "hugepages", source->hugepages);
	write_clock(source, json);
	status_modes(json, "modes", source->config->control.modes);
	write_control(source, json);
	write_packets(source, json);
	write_cores(source, json);
	return 0;
}
