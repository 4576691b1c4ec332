/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics.h"

#include <stdlib.h>
#include <time.h>

#include "control/control_status.h"
#include "key/charon_provider.h"

#define NS_PER_SECOND    1e9
#define METRIC_NAME_SIZE 80u

static void write_one(struct metric_writer *writer, const char *name, const char *unit,
                      const char *help, double value)
{
	metric_family(writer, METRIC_GAUGE, name, unit, help);
	metric_double(writer, NULL, value);
}

static void write_build(struct metric_writer *writer, const struct status_source *source)
{
	const struct metric_label labels[] = {
	        {"version", SPECULAR_VERSION}, {"suite", source->suite}, {NULL, NULL}};

	metric_family(writer, METRIC_INFO, "specular_build", "",
	              "the appliance's version, and what opens and seals test packets");
	metric_info(writer, labels);
}

static double seconds_of(uint64_t ntp)
{
	struct timespec time = ntp_to_timespec(ntp);

	return (double)time.tv_sec + (double)time.tv_nsec / NS_PER_SECOND;
}

static void write_state(struct metric_writer *writer, const struct status_source *source)
{
	static const char *const names[] = {
	        [APPLIANCE_RUNNING] = "running", [APPLIANCE_DRAINING] = "draining"};

	write_one(writer, "specular_start_time_seconds", "seconds",
	          "when the appliance was ready, since 1970", seconds_of(source->started));
	write_one(writer, "specular_configuration_loaded_time_seconds", "seconds",
	          "when the configuration was read, since 1970", seconds_of(source->loaded));
	metric_family(writer, METRIC_GAUGE, "specular_state", "",
	              "1 for the state that the appliance is in");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct metric_label labels[] = {{"state", names[i]}, {NULL, NULL}};
		metric_unsigned(writer, labels, source->state == i);
	}
}

static void write_clock(struct metric_writer *writer, const struct status_source *source)
{
	struct clock_timestamp now = tsc_clock_read(source->clock, tsc_now());

	write_one(writer, "specular_clock_synchronized", "",
	          "1 while the kernel says that its clock is synchronized",
	          error_estimate_synchronized(now.error_estimate));
	write_one(writer, "specular_clock_error_seconds", "seconds",
	          "the estimate of a timestamp's error that replies carry",
	          (double)error_estimate_to_ns(now.error_estimate) / NS_PER_SECOND);
}

/** One gauge by state. */
static void write_states(struct metric_writer *writer, const char *const *states,
                         const unsigned *counts, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		const struct metric_label labels[] = {{"state", states[i]}, {NULL, NULL}};
		metric_unsigned(writer, labels, counts[i]);
	}
}

static void write_sessions(struct metric_writer *writer, const struct status_source *source)
{
	static const char *const sessions[] = {"accepted", "started", "stopped"};
	static const char *const connections[] = {"open", "half_open"};
	const struct config_control *control = &source->config->control;
	struct control_counts counts = control_counts(source->control);
	unsigned installed = session_registry_count(source->sessions);
	unsigned known = counts.sessions_started + counts.sessions_stopped;
	const unsigned session_counts[] = {installed > known ? installed - known : 0,
	                                   counts.sessions_started, counts.sessions_stopped};
	const unsigned connection_counts[] = {counts.connections - counts.half_open,
	                                      counts.half_open};

	metric_family(writer, METRIC_GAUGE, "specular_sessions", "sessions",
	              "test sessions: accepted, started, or stopped and within their Timeout");
	write_states(writer, sessions, session_counts, 3);
	write_one(writer, "specular_sessions_limit", "",
	          "test sessions that the configuration allows",
	          (double)control->unauthenticated.sessions + control->keyed.sessions);
	metric_family(writer, METRIC_GAUGE, "specular_connections", "connections",
	              "control connections: set up, or with the set-up in progress");
	write_states(writer, connections, connection_counts, 2);
}

static void write_control(struct metric_writer *writer, const struct status_source *source)
{
	char name[METRIC_NAME_SIZE];

	for (unsigned i = 0; i < CONTROL_COUNTER_COUNT; i++) {
		const struct counter_description *description = &control_counter_descriptions[i];
		(void)snprintf(name, sizeof(name), "specular_%s", description->name);
		metric_family(writer, METRIC_COUNTER, name, "", description->meaning);
		metric_unsigned(writer, NULL, counter_read(&source->counters->values[i]));
	}
}

static void write_ike(struct metric_writer *writer, const struct status_source *source)
{
	if (source->config->ikev2.provider != PROVIDER_CHARON || source->ike_provider == NULL)
		return;
	write_one(writer, "specular_ike_connected", "",
	          "1 while the IKE daemon answers, and what it has is known",
	          charon_provider_is_connected(source->ike_provider));
	write_one(writer, "specular_ike_sas", "", "IKE SAs that are known",
	          charon_provider_count(source->ike_provider));
}

char *metrics_text(const struct status_source *source, bool open_metrics, size_t *size)
{
	char *text = NULL;
	struct metric_writer writer = {.out = open_memstream(&text, size),
	                               .open_metrics = open_metrics};

	if (writer.out == NULL)
		return NULL;
	write_build(&writer, source);
	write_state(&writer, source);
	write_clock(&writer, source);
	metrics_cores(&writer, source);
	write_sessions(&writer, source);
	write_control(&writer, source);
	write_ike(&writer, source);
	metrics_ports(&writer, source);
	metric_end(&writer);
	if (fclose(writer.out) == 0)
		return text;
	free(text);
	return NULL;
}
