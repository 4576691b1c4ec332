/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "base/error.h"
#include "document.h"
#include "show.h"
#include "table.h"

static void add_link(struct table *table, const json_t *port)
{
	uint64_t speed = document_count(port, "link.speed_mbps");

	if (!json_is_true(document_at(port, "link.up")))
		table_cell(table, "DOWN");
	else if (speed > 0)
		table_cell(table, "up, %" PRIu64 " Mbit/s%s", speed,
		           json_is_false(document_at(port, "link.full_duplex")) ? ", half duplex"
		                                                                : "");
	else
		table_cell(table, "up");
}

static void add_port(struct table *table, const json_t *port)
{
	table_member(table, port, "port");
	table_member(table, port, "name");
	table_member(table, port, "driver");
	add_link(table, port);
	table_member(table, port, "mac");
	table_member(table, port, "mtu");
	table_member(table, port, "queues");
	table_member(table, port, "timestamps");
	table_list(table, port, "addresses");
}

static void add_statistics(struct table *table, const json_t *port)
{
	table_member(table, port, "port");
	table_member(table, port, "statistics.received_packets");
	table_quantity(table, port, "statistics.received_octets", quantity_octets);
	table_member(table, port, "statistics.transmitted_packets");
	table_quantity(table, port, "statistics.transmitted_octets", quantity_octets);
	table_member(table, port, "statistics.missed_packets");
	table_member(table, port, "statistics.no_buffer");
	table_member(table, port, "statistics.receive_errors");
	table_member(table, port, "statistics.transmit_errors");
}

static size_t add_vlans(struct table *table, const json_t *port)
{
	const json_t *vlan;
	size_t index, count = 0;

	json_array_foreach (document_at(port, "vlans"), index, vlan) {
		table_member(table, port, "port");
		table_member(table, vlan, "vlan");
		table_member(table, vlan, "outer_vlan");
		table_list(table, vlan, "addresses");
		count++;
	}
	return count;
}

int show_ports(const json_t *document, bool all, FILE *out)
{
	struct table *ports =
	        table_create(">PORT NAME DRIVER LINK MAC >MTU >QUEUES TIMESTAMPS ADDRESSES");
	struct table *vlans = table_create(">PORT >VLAN >OUTER_VLAN ADDRESSES");
	struct table *statistics =
	        table_create(">PORT >RECEIVED >OCTETS >TRANSMITTED >OCTETS >MISSED "
	                     ">NO_BUFFER >RX_ERRORS >TX_ERRORS");
	const json_t *port;
	size_t index, vlan_count = 0;
	int status;

	(void)all;
	json_array_foreach (document_at(document, "ports"), index, port) {
		add_port(ports, port);
		add_statistics(statistics, port);
		vlan_count += add_vlans(vlans, port);
	}
	status = table_print(ports, out);
	if (status == 0 && vlan_count > 0) {
		(void)fputc('\n', out);
		status = table_print(vlans, out);
	}
	if (status == 0) {
		(void)fputc('\n', out);
		status = table_print(statistics, out);
	}
	table_destroy(ports);
	table_destroy(vlans);
	table_destroy(statistics);
	return status;
}
