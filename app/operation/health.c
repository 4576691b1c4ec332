/* SPDX-License-Identifier: BSD-3-Clause */
#include "health.h"

#include <rte_ethdev.h>
#include <stdio.h>

/** True where there are ports, and none of them has a link. */
static bool lacks_link(const struct status_source *source)
{
	unsigned count = 0;

	for (unsigned i = 0; i < source->config->port_count; i++) {
		struct rte_eth_link link = {0};
		if (!source->ports[i].started)
			continue;
		count++;
		if (rte_eth_link_get_nowait(source->ports[i].id, &link) == 0 &&
		    link.link_status == RTE_ETH_LINK_UP)
			return false;
	}
	return count > 0;
}

bool health_check(const struct status_source *source, char text[HEALTH_TEXT_SIZE])
{
	unsigned stuck = source->watchdog != NULL ? watchdog_stuck_count(source->watchdog) : 0;
	bool well = false;

	if (source->state == APPLIANCE_DRAINING)
		(void)snprintf(text, HEALTH_TEXT_SIZE, "draining: no new sessions");
	else if (stuck > 0)
		(void)snprintf(text, HEALTH_TEXT_SIZE, "stuck: %u of %u polling lcores", stuck,
		               source->worker_count);
	else if (lacks_link(source))
		(void)snprintf(text, HEALTH_TEXT_SIZE, "no link: on no port");
	else
		well = snprintf(text, HEALTH_TEXT_SIZE, "ok") > 0;
	return well;
}
