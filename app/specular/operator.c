/* SPDX-License-Identifier: BSD-3-Clause */
#include "operator.h"

#include <inttypes.h>
#include <stdio.h>

#include "audit.h"
#include "base/log.h"
#include "drain.h"

#define DETAIL_SIZE 32u

int operator_start(struct appliance *appliance, struct error *error)
{
	return drain_create(appliance->base, appliance->sessions, appliance->control,
	                    &appliance->drain, error);
}

void operator_stop(struct appliance *appliance)
{
	drain_destroy(appliance->drain);
	appliance->drain = NULL;
}

/** What has been replaced is shown. */
static void refresh_status(struct appliance *appliance)
{
	struct status_source *status = &appliance->status;

	appliance->loaded = tsc_clock_read(&appliance->clock, tsc_now()).ntp;
	status->loaded = appliance->loaded;
	status->psk_provider = appliance->psk_provider;
	status->ike_provider = appliance->ike_provider;
	status->audit = appliance->audit;
}

static int reload(struct appliance *appliance, struct reload_outcome *outcome, struct error *error)
{
	const struct reload_target target = {
	        .base = appliance->base,
	        .config = appliance->config,
	        .psk_provider = &appliance->psk_provider,
	        .ike_provider = &appliance->ike_provider,
	        .audit = &appliance->audit,
	        .control = appliance->control,
	        .counters = &appliance->counters,
	        .watchdog = appliance->watchdog,
	        .sessions_most = appliance->sessions_most,
	        .log_level_given = appliance->log_level_given,
	};
	int status = reload_run(&target, outcome, error);

	if (status == 0)
		refresh_status(appliance);
	return status;
}

int operator_reload(struct appliance *appliance, const struct operation_peer *who,
                    struct reload_outcome *outcome, struct error *error)
{
	int status;

	if (drain_has_begun(appliance->drain)) {
		status = error_set(error, ERROR_UNAVAILABLE, "the appliance is about to end");
		log_event(LOG_LEVEL_ERROR, "reload-refused", "%s", error->text);
	} else {
		status = reload(appliance, outcome, error);
	}
	audit_operator(appliance->audit, who, "reload", appliance->config->path, status == 0);
	return status;
}

void operator_drain(struct appliance *appliance, const struct operation_peer *who, uint32_t seconds)
{
	char detail[DETAIL_SIZE];

	(void)snprintf(detail, sizeof(detail), "deadline %" PRIu32 " s", seconds);
	audit_operator(appliance->audit, who, "drain", detail, true);
	appliance->status.state = APPLIANCE_DRAINING;
	drain_begin(appliance->drain, seconds);
}

bool operator_drains_at_signal(struct appliance *appliance)
{
	uint32_t seconds = appliance->config->operation.drain_deadline;

	if (seconds == 0 || drain_has_begun(appliance->drain))
		return false;
	operator_drain(appliance, NULL, seconds);
	return true;
}
