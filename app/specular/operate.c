/* SPDX-License-Identifier: BSD-3-Clause */
#include "operate.h"

#include "base/log.h"
#include "crypto/suite.h"
#include "operator.h"
#include "telemetry.h"

void operate_stop(struct appliance *appliance)
{
	telemetry_destroy();
	http_server_destroy(appliance->operation_http);
	socket_server_destroy(appliance->operation_socket);
	operation_destroy(appliance->operation);
	appliance->operation_http = NULL;
	appliance->operation_socket = NULL;
	appliance->operation = NULL;
}

/** Nobody asked for the preset socket: a warning will do. */
static int open_operation_socket(struct appliance *appliance, struct error *error)
{
	const struct config_operation *config = &appliance->config->operation;
	int status;

	if (config->socket[0] == '\0')
		return 0;
	status = socket_server_create(appliance->operation, config, &appliance->operation_socket,
	                              error);
	if (status == 0 || !config->socket_preset)
		return status;
	log_event(LOG_LEVEL_WARNING, "no-operation-socket", "%s", error->text);
	return 0;
}

int operate_start(struct appliance *appliance, struct error *error)
{
	const struct operation_environment environment = {
	        .base = appliance->base, .source = &appliance->status, .appliance = appliance};
	uint64_t now = tsc_now();

	appliance->loaded = tsc_clock_read(&appliance->clock, now).ntp;
	appliance->status = (struct status_source){
	        .config = appliance->config,
	        .loaded = appliance->loaded,
	        .state = APPLIANCE_RUNNING,
	        .started = appliance->loaded,
	        .started_tsc = now,
	        .suite = suite_name(appliance->suite),
	        .hugepages = appliance->eal.hugepages,
	        .tsc_hz = appliance->tsc_hz,
	        .clock = &appliance->clock,
	        .ports = appliance->ports,
	        .workers = appliance->workers.workers,
	        .worker_count = appliance->workers.count,
	        .sessions = appliance->sessions,
	        .control = appliance->control,
	        .counters = &appliance->counters,
	        .psk_provider = appliance->psk_provider,
	        .ike_provider = appliance->ike_provider,
	        .audit = appliance->audit,
	        .watchdog = appliance->watchdog,
	};
	int status = operation_create(&environment, &appliance->operation, error);

	if (status != 0)
		return status;
	(void)operation_register(appliance->operation, operator_commands);
	status = open_operation_socket(appliance, error);
	if (status == 0 && appliance->config->operation.socket[0] != '\0')
		status = telemetry_create(appliance->operation, error);
	if (status == 0 && appliance->config->operation.http.enabled)
		status =
		        http_server_create(appliance->operation, &appliance->config->operation.http,
		                           &appliance->operation_http, error);
	if (status != 0)
		operate_stop(appliance);
	return status;
}
