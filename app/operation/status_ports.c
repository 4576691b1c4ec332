/* SPDX-License-Identifier: BSD-3-Clause */
/** The command ports: each DPDK port, its link and what its driver counted. */
#include <stdio.h>

#include <rte_ethdev.h>

#include "status_commands.h"

#define PREFIX_TEXT_SIZE (ADDRESS_TEXT_SIZE + 4)

static void write_addresses(const struct config_prefix *addresses, unsigned count,
                            struct json_writer *json)
{
	char address[ADDRESS_TEXT_SIZE], text[PREFIX_TEXT_SIZE];

	json_open(json, "addresses", '[');
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(text, sizeof(text), "%s/%u",
		               address_format(&addresses[i].address, address),
		               (unsigned)addresses[i].length);
		json_string(json, NULL, text);
	}
	json_close(json, ']');
}

static void write_vlans(const struct config_port *config, struct json_writer *json)
{
	json_open(json, "vlans", '[');
	for (unsigned i = 0; i < config->vlan_count; i++) {
		const struct config_vlan *vlan = &config->vlans[i];

		json_open(json, NULL, '{');
		json_unsigned(json, "vlan", vlan->id);
		json_unsigned(json, "outer_vlan", vlan->outer_id);
		write_addresses(vlan->addresses, vlan->address_count, json);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_link(const struct port *port, struct json_writer *json)
{
	struct rte_eth_link link = {0};
	bool known = rte_eth_link_get_nowait(port->id, &link) == 0;
	bool has_speed = known && link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN;

	json_open(json, "link", '{');
	json_bool(json, "up", known && link.link_status == RTE_ETH_LINK_UP);
	if (has_speed)
		json_unsigned(json, "speed_mbps", link.link_speed);
	else
		json_null(json, "speed_mbps");
	json_bool(json, "full_duplex", known && link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX);
	json_close(json, '}');
}

static void write_statistics(const struct port *port, struct json_writer *json)
{
	struct rte_eth_stats stats;

	if (rte_eth_stats_get(port->id, &stats) != 0) {
		json_null(json, "statistics");
		return;
	}
	json_open(json, "statistics", '{');
	json_unsigned(json, "received_packets", stats.ipackets);
	json_unsigned(json, "received_octets", stats.ibytes);
	json_unsigned(json, "transmitted_packets", stats.opackets);
	json_unsigned(json, "transmitted_octets", stats.obytes);
	json_unsigned(json, "missed_packets", stats.imissed);
	json_unsigned(json, "receive_errors", stats.ierrors);
	json_unsigned(json, "transmit_errors", stats.oerrors);
	json_unsigned(json, "no_buffer", stats.rx_nombuf);
	json_close(json, '}');
}

static void write_port(const struct port *port, unsigned index, struct json_writer *json)
{
	struct rte_eth_dev_info info = {0};
	char mac[RTE_ETHER_ADDR_FMT_SIZE];

	rte_ether_format_addr(mac, sizeof(mac), &port->mac);
	json_open(json, NULL, '{');
	json_unsigned(json, "port", index);
	json_string(json, "name", port->config->name);
	json_string(json, "device", port->config->device);
	json_string(json, "driver",
	            rte_eth_dev_info_get(port->id, &info) == 0 ? info.driver_name : NULL);
	json_string(json, "mac", mac);
	json_unsigned(json, "mtu", port->mtu);
	write_link(port, json);
	json_unsigned(json, "queues", port->queues);
	write_addresses(port->config->addresses, port->config->address_count, json);
	write_vlans(port->config, json);
	write_statistics(port, json);
	json_string(json, "timestamps", port->nic_clock.readable ? "nic" : "tsc");
	json_close(json, '}');
}

int status_ports(struct operation *operation, const struct operation_request *request,
                 struct json_writer *json, struct error *error)
{
	const struct status_source *source = operation_source(operation);

	(void)request;
	(void)error;
	json_open(json, "ports", '[');
	for (unsigned i = 0; i < source->config->port_count; i++) {
		if (source->ports[i].started)
			write_port(&source->ports[i], i, json);
	}
	json_close(json, ']');
	return 0;
}
