/* SPDX-License-Identifier: BSD-3-Clause */
/** Metrics of the DPDK ports: the link, and what the driver counted. */
#include <rte_ethdev.h>
#include <string.h>

#include "metrics.h"

#define OCTETS_PER_MEGABIT 125000.0

/** What is known of a port at one moment. */
struct port_look {
	const char *name;
	struct rte_eth_link link;
	struct rte_eth_stats statistics;
	bool counted;
};

static const struct family {
	const char *name;
	const char *unit;
	const char *help;
	size_t offset; /**< in struct rte_eth_stats */
} families[] = {
        {"specular_port_received_packets", "packets", "frames that the driver received",
         offsetof(struct rte_eth_stats, ipackets)},
        {"specular_port_received_bytes", "bytes", "octets that the driver received",
         offsetof(struct rte_eth_stats, ibytes)},
        {"specular_port_transmitted_packets", "packets", "frames that the driver transmitted",
         offsetof(struct rte_eth_stats, opackets)},
        {"specular_port_transmitted_bytes", "bytes", "octets that the driver transmitted",
         offsetof(struct rte_eth_stats, obytes)},
        {"specular_port_missed_packets", "packets",
         "frames lost because no core took them from the receive queue in time",
         offsetof(struct rte_eth_stats, imissed)},
        {"specular_port_receive_errors", "", "received frames that were broken",
         offsetof(struct rte_eth_stats, ierrors)},
        {"specular_port_transmit_errors", "", "frames that could not be transmitted",
         offsetof(struct rte_eth_stats, oerrors)},
        {"specular_port_no_buffer", "", "receptions that found no free buffer",
         offsetof(struct rte_eth_stats, rx_nombuf)},
};

static unsigned look_at_ports(const struct status_source *source,
                              struct port_look looks[CONFIG_PORTS_MAX])
{
	unsigned count = 0;

	for (unsigned i = 0; i < source->config->port_count; i++) {
		const struct port *port = &source->ports[i];
		struct port_look *look = &looks[count];
		if (!port->started)
			continue;
		*look = (struct port_look){.name = port->config->name};
		(void)rte_eth_link_get_nowait(port->id, &look->link);
		look->counted = rte_eth_stats_get(port->id, &look->statistics) == 0;
		count++;
	}
	return count;
}

static void write_links(struct metric_writer *writer, const struct port_look *looks, unsigned count)
{
	metric_family(writer, METRIC_GAUGE, "specular_port_up", "", "1 while the port has a link");
	for (unsigned i = 0; i < count; i++) {
		const struct metric_label labels[] = {{"port", looks[i].name}, {NULL, NULL}};
		metric_unsigned(writer, labels, looks[i].link.link_status == RTE_ETH_LINK_UP);
	}
	metric_family(writer, METRIC_GAUGE, "specular_port_speed_bytes", "bytes",
	              "the link's speed in octets a second; no sample: not known");
	for (unsigned i = 0; i < count; i++) {
		const struct metric_label labels[] = {{"port", looks[i].name}, {NULL, NULL}};
		if (looks[i].link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
			metric_double(writer, labels,
			              looks[i].link.link_speed * OCTETS_PER_MEGABIT);
	}
}

static void write_family(struct metric_writer *writer, const struct family *family,
                         const struct port_look *looks, unsigned count)
{
	uint64_t value;

	metric_family(writer, METRIC_COUNTER, family->name, family->unit, family->help);
	for (unsigned i = 0; i < count; i++) {
		const struct metric_label labels[] = {{"port", looks[i].name}, {NULL, NULL}};
		if (!looks[i].counted)
			continue;
		memcpy(&value, (const char *)&looks[i].statistics + family->offset, sizeof(value));
		metric_unsigned(writer, labels, value);
	}
}

void metrics_ports(struct metric_writer *writer, const struct status_source *source)
{
	struct port_look looks[CONFIG_PORTS_MAX];
	unsigned count = look_at_ports(source, looks);

	if (count == 0)
		return;
	write_links(writer, looks, count);
	for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		write_family(writer, &families[i], looks, count);
}
