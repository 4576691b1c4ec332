/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>

#include <rte_ethdev.h>

#include "base/log.h"
#include "key/charon_provider.h"

#define LINE_SIZE 900u

/* control.listen as a client would type it: an unspecified address stands for all of the ports' addresses of its family. */
static size_t append_listen(const struct config *config, const struct config_listen *listen,
                            char *text, size_t used)
{
	char endpoint[ENDPOINT_TEXT_SIZE];
	bool any = address_is_unspecified(&listen->address);
	struct endpoint at = {.address = listen->address, .port = listen->port};

	if (!any)
		return used + (size_t)snprintf(text + used, LINE_SIZE - used, " %s",
		                               endpoint_format(&at, endpoint));
	for (unsigned i = 0; i < config->port_count; i++) {
		for (unsigned k = 0; k < config->ports[i].address_count && used < LINE_SIZE; k++) {
			at.address = config->ports[i].addresses[k].address;
			if (at.address.family == listen->address.family)
				used += (size_t)snprintf(text + used, LINE_SIZE - used, " %s",
				                         endpoint_format(&at, endpoint));
		}
	}
	return used;
}

void report_started(const struct appliance *appliance)
{
	const struct config *config = appliance->config;
	char text[LINE_SIZE] = "";
	char port[PORT_TEXT_SIZE];
	size_t used = 0;

	for (unsigned i = 0; i < config->control.listen_count && used < LINE_SIZE; i++)
		used = append_listen(config, &config->control.listen[i], text, used);
	for (unsigned i = 0; i < config->port_count && used < LINE_SIZE; i++)
		used += (size_t)snprintf(text + used, LINE_SIZE - used, "; port %s",
		                         port_format(&appliance->ports[i], port));
	log_event(LOG_LEVEL_INFO, "started",
	          "specular %s; %s; hugepages %s; %u polling lcore%s; control%s", SPECULAR_VERSION,
	          suite_name(appliance->suite), appliance->eal.hugepages ? "yes" : "no",
	          appliance->workers.count, appliance->workers.count == 1 ? "" : "s", text);
	if (config->ikev2.provider == PROVIDER_CHARON)
		log_event(LOG_LEVEL_INFO, "ike-provider", "keys of IKE SAs from charon at %s",
		          config->ikev2.socket);
}

/* True when there was something to tell. */
static bool report(const struct counter_description *description, uint64_t value)
{
	if (value > 0)
		log_event(LOG_LEVEL_INFO, "counter", "%s %" PRIu64 " %s: %s", description->name,
		          value, description->unit, description->meaning);
	return value > 0;
}

/* What the driver lost before a polling lcore could see it, or could not send. */
static void report_port_losses(const struct port *port)
{
	struct rte_eth_stats stats;

	if (!port->started || rte_eth_stats_get(port->id, &stats) != 0)
		return;
	if (stats.imissed + stats.ierrors + stats.rx_nombuf + stats.oerrors > 0)
		log_event(LOG_LEVEL_INFO, "port-losses",
		          "port %s: %" PRIu64 " missed since the queues were full, %" PRIu64
		          " received with errors, %" PRIu64 " without a buffer, %" PRIu64
		          " not sent",
		          port->config->name, stats.imissed, stats.ierrors, stats.rx_nombuf,
		          stats.oerrors);
}

void report_counters(const struct appliance *appliance)
{
	unsigned told = 0;

	for (unsigned i = 0; i < appliance->config->port_count; i++)
		report_port_losses(&appliance->ports[i]);
	if (appliance->config->ikev2.provider == PROVIDER_CHARON)
		log_event(LOG_LEVEL_INFO, "ike-sas", "%u live IKE SAs known of charon",
		          charon_provider_count(appliance->ike_provider));

	for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++)
		told += report(&datapath_counter_descriptions[i],
		               worker_set_counter(&appliance->workers, (enum datapath_counter)i));
	for (unsigned i = 0; i < CONTROL_COUNTER_COUNT; i++)
		told += report(&control_counter_descriptions[i],
		               counter_read(&appliance->counters.values[i]));
	log_event(LOG_LEVEL_INFO, "counters", "%u of %u are not zero", told,
	          (unsigned)(DATAPATH_COUNTER_COUNT + CONTROL_COUNTER_COUNT));
}
