/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow_rules.h"

#include <string.h>

#include <rte_byteorder.h>
#include <rte_ethdev.h>
#include <rte_flow.h>

#include "port_range.h"

#define VLAN_TCI_ID_MASK 0x0fffu
#define PATTERN_MAX      6u /* Ethernet, two VLAN tags, IP, UDP, end */

/* The pieces of one rule; items point into it. */
struct rule {
	struct rte_flow_item_vlan vlans[2];
	struct rte_flow_item_vlan vlan_mask;
	struct rte_flow_item_ipv4 ipv4;
	struct rte_flow_item_ipv4 ipv4_mask;
	struct rte_flow_item_ipv6 ipv6;
	struct rte_flow_item_ipv6 ipv6_mask;
	struct rte_flow_item_udp udp;
	struct rte_flow_item_udp udp_mask;
	struct rte_flow_item items[PATTERN_MAX];
	unsigned item_count;
};

static int refused(const struct config_port *config, const char *what, int status,
                   const struct rte_flow_error *flow, struct error *error)
{
	return error_set(error, ERROR_UNAVAILABLE,
	                 "port %s: exception: bifurcated needs flow rules, but the driver refused "
	                 "%s: %s (%s); use exception: tap",
	                 config->name, what, strerror(-status),
	                 flow->message != NULL ? flow->message : "no reason given");
}

int flow_rules_isolate(uint16_t port_id, const struct config_port *config, struct error *error)
{
	struct rte_flow_error flow = {0};
	int status = rte_flow_isolate(port_id, 1, &flow);

	return status == 0 ? 0 : refused(config, "isolated mode", status, &flow, error);
}

static void add_item(struct rule *rule, enum rte_flow_item_type type, const void *spec,
                     const void *mask)
{
	rule->items[rule->item_count++] =
	        (struct rte_flow_item){.type = type, .spec = spec, .mask = mask};
}

static void add_vlan(struct rule *rule, unsigned index, uint16_t id)
{
	rule->vlans[index].tci = rte_cpu_to_be_16(id);
	rule->vlan_mask.tci = rte_cpu_to_be_16(VLAN_TCI_ID_MASK);
	add_item(rule, RTE_FLOW_ITEM_TYPE_VLAN, &rule->vlans[index], &rule->vlan_mask);
}

static void build_pattern(struct rule *rule, const struct address *address,
                          const struct config_vlan *vlan, const struct port_mask *ports)
{
	memset(rule, 0, sizeof(*rule));
	add_item(rule, RTE_FLOW_ITEM_TYPE_ETH, NULL, NULL);
	if (vlan != NULL && vlan->outer_id != 0)
		add_vlan(rule, 0, vlan->outer_id);
	if (vlan != NULL)
		add_vlan(rule, 1, vlan->id);
	if (address->family == 4) {
		memcpy(&rule->ipv4.hdr.dst_addr, address->octets, sizeof(rule->ipv4.hdr.dst_addr));
		rule->ipv4_mask.hdr.dst_addr = RTE_BE32(UINT32_MAX);
		add_item(rule, RTE_FLOW_ITEM_TYPE_IPV4, &rule->ipv4, &rule->ipv4_mask);
	} else {
		memcpy(rule->ipv6.hdr.dst_addr, address->octets, sizeof(rule->ipv6.hdr.dst_addr));
		memset(rule->ipv6_mask.hdr.dst_addr, UINT8_MAX,
		       sizeof(rule->ipv6_mask.hdr.dst_addr));
		add_item(rule, RTE_FLOW_ITEM_TYPE_IPV6, &rule->ipv6, &rule->ipv6_mask);
	}
	rule->udp.hdr.dst_port = rte_cpu_to_be_16(ports->value);
	rule->udp_mask.hdr.dst_port = rte_cpu_to_be_16(ports->mask);
	add_item(rule, RTE_FLOW_ITEM_TYPE_UDP, &rule->udp, &rule->udp_mask);
	add_item(rule, RTE_FLOW_ITEM_TYPE_END, NULL, NULL);
}

static int install(const struct port *port, const struct rule *rule, struct error *error)
{
	static const struct rte_flow_attr attributes = {.ingress = 1};
	struct rte_flow_action_queue queue = {.index = 0};
	uint16_t queues[CONFIG_LCORES_MAX];
	struct rte_flow_action_rss rss = {
	        .types = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP,
	        .queue_num = port->queues,
	        .queue = queues,
	};
	struct rte_flow_action actions[] = {
	        {.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &queue},
	        {.type = RTE_FLOW_ACTION_TYPE_END},
	};
	struct rte_flow_error flow = {0};

	for (uint16_t i = 0; i < port->queues; i++)
		queues[i] = i;
	if (port->queues > 1)
		actions[0] =
		        (struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &rss};
	if (rte_flow_create(port->id, &attributes, rule->items, actions, &flow) == NULL)
		return refused(port->config, "a rule for test packets", -rte_errno, &flow, error);
	return 0;
}

static int install_addresses(const struct port *port, const struct config_test *test,
                             const struct config_vlan *vlan, const struct config_prefix *addresses,
                             unsigned address_count, struct error *error)
{
	struct port_mask masks[PORT_RANGE_MASKS_MAX];
	unsigned mask_count = port_range_split(test->port_lower, test->port_upper, masks);
	struct rule rule;

	for (unsigned i = 0; i < address_count; i++) {
		for (unsigned k = 0; k < mask_count; k++) {
			build_pattern(&rule, &addresses[i].address, vlan, &masks[k]);
			int status = install(port, &rule, error);
			if (status != 0)
				return status;
		}
	}
	return 0;
}

int flow_rules_install(const struct port *port, const struct config_test *test, struct error *error)
{
	const struct config_port *config = port->config;
	int status = install_addresses(port, test, NULL, config->addresses, config->address_count,
	                               error);

	for (unsigned i = 0; i < config->vlan_count && status == 0; i++) {
		const struct config_vlan *vlan = &config->vlans[i];
		status = install_addresses(port, test, vlan, vlan->addresses, vlan->address_count,
		                           error);
	}
	if (status != 0)
		flow_rules_remove(port);
	return status;
}

void flow_rules_remove(const struct port *port)
{
	struct rte_flow_error flow = {0};

	(void)rte_flow_flush(port->id, &flow);
}
