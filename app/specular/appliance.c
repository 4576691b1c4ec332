/* SPDX-License-Identifier: BSD-3-Clause */
#include "appliance.h"

#include <event2/event.h>
#include <time.h>

#include "audit.h"
#include "base/log.h"
#include "crypto/key_derivation.h"
#include "device_check.h"
#include "events.h"
#include "flow_rules.h"
#include "key/charon_provider.h"
#include "key_files.h"
#include "operate.h"
#include "operator.h"
#include "privilege_drop.h"
#include "privileges.h"
#include "report.h"
#include "service_manager.h"
#include "suite_choice.h"
#include "watchdog.h"

/** So long the kernel may take to send what closing the control connections makes. */
#define LAST_FRAMES_MS 50

int appliance_load_keys(struct appliance *appliance, struct config *config, struct error *error)
{
	appliance->config = config;
	return key_files_load(config, &appliance->psk_provider, &appliance->ike_provider, error);
}

void appliance_forget_keys(struct appliance *appliance)
{
	key_provider_destroy(appliance->psk_provider);
	key_provider_destroy(appliance->ike_provider);
	appliance->psk_provider = NULL;
	appliance->ike_provider = NULL;
}

static int prepare_privileges(struct appliance *appliance, struct error *error)
{
	return privilege_drop_prepare(appliance->config, error);
}

static int drop_privileges(struct appliance *appliance, struct error *error)
{
	return privilege_drop(appliance->config, error);
}

static int start_crypto(struct appliance *appliance, struct error *error)
{
	int status = key_derivation_self_test(error);

	if (status == 0)
		status = suite_choose(appliance->config, &appliance->suite_kind, error);
	return status != 0 ? status : suite_create(appliance->suite_kind, &appliance->suite, error);
}

static void stop_crypto(struct appliance *appliance)
{
	suite_destroy(appliance->suite);
}

static int start_clock(struct appliance *appliance, struct error *error)
{
	struct clock_sample sample = clock_sample_take();

	(void)error;
	appliance->tsc_hz = tsc_frequency_hz();
	tsc_clock_init(&appliance->clock, appliance->tsc_hz, &sample);
	return 0;
}

static int start_base(struct appliance *appliance, struct error *error)
{
	struct event_config *config = event_config_new();

	if (config != NULL) {
		/* The exception path's timer is finer than epoll's milliseconds. */
		(void)event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
		appliance->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	return appliance->base != NULL ? 0 : error_set(error, ERROR_MEMORY, "libevent");
}

static void stop_base(struct appliance *appliance)
{
	event_base_free(appliance->base);
}

/* Only a daemon's keys need the loop; those of files are there already. */
static int start_ike(struct appliance *appliance, struct error *error)
{
	if (appliance->config->ikev2.provider != PROVIDER_CHARON)
		return 0;
	return charon_provider_create(appliance->base, &appliance->config->ikev2,
	                              &appliance->ike_provider, error);
}

static void stop_ike(struct appliance *appliance)
{
	key_provider_destroy(appliance->ike_provider);
	appliance->ike_provider = NULL;
}

static int start_eal(struct appliance *appliance, struct error *error)
{
	const struct config *config = appliance->config;
	int status = privileges_check(config, error);

	for (unsigned i = 0; i < config->port_count && status == 0; i++)
		status = device_check(&config->ports[i], PCI_SYSFS, error);
	return status != 0 ? status : eal_start(config, &appliance->eal, error);
}

static void stop_eal(struct appliance *appliance)
{
	eal_stop(&appliance->eal);
}

static void close_ports(struct appliance *appliance)
{
	for (unsigned i = appliance->config->port_count; i-- > 0;)
		port_close(&appliance->ports[i]);
}

static int open_ports(struct appliance *appliance, struct error *error)
{
	const struct config *config = appliance->config;

	for (unsigned i = 0; i < config->port_count; i++) {
		int status = port_open(&config->ports[i], config->eal.worker_count, 0,
		                       &appliance->ports[i], error);
		if (status != 0) {
			close_ports(appliance);
			return status;
		}
	}
	return 0;
}

static int start_exception(struct appliance *appliance, struct error *error)
{
	return exception_create(appliance->base, appliance->ports, appliance->config->port_count,
	                        &appliance->counters, &appliance->exception, error);
}

static void stop_exception(struct appliance *appliance)
{
	exception_destroy(appliance->exception);
}

static int start_sessions(struct appliance *appliance, struct error *error)
{
	const struct config_control *control = &appliance->config->control;

	appliance->sessions_most = control->unauthenticated.sessions + control->keyed.sessions;
	return session_registry_create(appliance->config->eal.worker_count,
	                               appliance->sessions_most, appliance->suite,
	                               &appliance->sessions, error);
}

static void stop_sessions(struct appliance *appliance)
{
	session_registry_destroy(appliance->sessions);
}

static int make_workers(struct appliance *appliance, struct error *error)
{
	const struct worker_environment environment = {
	        .config = appliance->config,
	        .ports = appliance->ports,
	        .exception = appliance->exception,
	        .sessions = appliance->sessions,
	        .suite_kind = appliance->suite_kind,
	        .clock = &appliance->clock,
	        .tsc_hz = appliance->tsc_hz,
	};

	return worker_set_create(&environment, &appliance->workers, error);
}

static void free_workers(struct appliance *appliance)
{
	report_counters(appliance);
	worker_set_destroy(&appliance->workers);
}

static void stop_ports(struct appliance *appliance)
{
	for (unsigned i = appliance->config->port_count; i-- > 0;) {
		struct port *port = &appliance->ports[i];
		if (port->started && port->config->exception == EXCEPTION_BIFURCATED)
			flow_rules_remove(port);
		port_stop(port);
	}
}

static int start_ports(struct appliance *appliance, struct error *error)
{
	for (unsigned i = 0; i < appliance->config->port_count; i++) {
		struct port *port = &appliance->ports[i];
		int status = port_start(port, error);
		if (status == 0 && port->config->exception == EXCEPTION_BIFURCATED)
			status = flow_rules_install(port, &appliance->config->test, error);
		if (status != 0) {
			stop_ports(appliance);
			return status;
		}
	}
	return 0;
}

static int launch_workers(struct appliance *appliance, struct error *error)
{
	return worker_set_launch(&appliance->workers, error);
}

static void stop_workers(struct appliance *appliance)
{
	worker_set_stop(&appliance->workers);
}

static int start_audit(struct appliance *appliance, struct error *error)
{
	return audit_create(appliance->config, &appliance->counters, &appliance->audit, error);
}

static void stop_audit(struct appliance *appliance)
{
	audit_destroy(appliance->audit);
	appliance->audit = NULL;
}

static void stop_control(struct appliance *appliance)
{
	const struct timeval linger = {.tv_usec = 1000 * LAST_FRAMES_MS};

	control_server_destroy(appliance->control);
	/* A stream whose callback was due is only freed by the loop; and the kernel's FINs have to go through a TAP and the workers. */
	(void)event_base_loopexit(appliance->base, &linger);
	(void)event_base_dispatch(appliance->base);
}

static int start_control(struct appliance *appliance, struct error *error)
{
	const struct control_environment environment = {
	        .base = appliance->base,
	        .config = appliance->config,
	        .sessions = appliance->sessions,
	        .psk_provider = appliance->psk_provider,
	        .ike_provider = appliance->ike_provider,
	        .clock = &appliance->clock,
	        .tsc_hz = appliance->tsc_hz,
	        .counters = &appliance->counters,
	        .audit = audit_observer(appliance->audit),
	};
	int status = control_server_create(&environment, &appliance->control, error);

	if (status != 0)
		return status;
	status = control_server_listen(appliance->control, error);
	if (status != 0)
		stop_control(appliance);
	return status;
}

static int start_watchdog(struct appliance *appliance, struct error *error)
{
	const struct watchdog_environment environment = {
	        .base = appliance->base,
	        .config = appliance->config,
	        .workers = appliance->workers.workers,
	        .worker_count = appliance->workers.count,
	        .sessions = appliance->sessions,
	};

	return watchdog_create(&environment, &appliance->watchdog, error);
}

static void stop_watchdog(struct appliance *appliance)
{
	watchdog_destroy(appliance->watchdog);
}

/*
 * In this order up, in reverse order down; a stage that fails has cleaned up after itself. Workers are made from started ports: only
 * then is it known whether a NIC's clock can be read.
 */
static const struct stage {
	const char *name;
	int (*start)(struct appliance *appliance, struct error *error);
	void (*stop)(struct appliance *appliance); /* may be NULL */
} stages[] = {
        {"privileges", prepare_privileges, NULL},
        {"cryptography", start_crypto, stop_crypto},
        {"clock", start_clock, NULL},
        {"event loop", start_base, stop_base},
        {"IKE daemon", start_ike, stop_ike},
        {"EAL", start_eal, stop_eal},
        {"ports", open_ports, close_ports},
        {"exception path", start_exception, stop_exception},
        {"sessions", start_sessions, stop_sessions},
        {"port start", start_ports, stop_ports},
        {"workers", make_workers, free_workers},
        {"polling", launch_workers, stop_workers},
        {"watchdog", start_watchdog, stop_watchdog},
        {"audit trail", start_audit, stop_audit},
        {"control", start_control, stop_control},
        {"operator", operator_start, operator_stop},
        {"operation", operate_start, operate_stop},
        {"dropping privileges", drop_privileges, NULL},
        {"timers and signals", events_start, events_stop},
};

#define STAGE_COUNT (sizeof(stages) / sizeof(stages[0]))

int appliance_run(struct appliance *appliance, struct error *error)
{
	size_t started;
	int status = 0;

	for (started = 0; started < STAGE_COUNT; started++) {
		log_event(LOG_LEVEL_DEBUG, "start", "%s", stages[started].name);
		status = stages[started].start(appliance, error);
		if (status != 0)
			break;
	}
	if (status == 0) {
		report_started(appliance);
		service_manager_ready();
		(void)event_base_dispatch(appliance->base);
	}
	while (started-- > 0) {
		log_event(LOG_LEVEL_DEBUG, "stop", "%s", stages[started].name);
		if (stages[started].stop != NULL)
			stages[started].stop(appliance);
	}
	if (status == 0)
		log_event(LOG_LEVEL_INFO, "stopped", "specular %s", SPECULAR_VERSION);
	return status;
}
