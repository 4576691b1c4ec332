/* SPDX-License-Identifier: BSD-3-Clause */
#include "port.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "base/log.h"
#include "call_limit.h"
#include "dpdk_log.h"
#include "eal_arguments.h"
#include "flow_rules.h"
#include "reflect/buffer_pool.h"

#define POOL_CACHE         128u
#define POOL_EXTRA         4096u /* exception rings, bursts in hand, caches of the lcores */
#define POOL_REPEATED_FILE 32768u
#define POOL_NAME_SIZE     32u
#define RSS_WANTED         (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP)
#define STANDARD_MTU       RTE_ETHER_MTU
#define LCORES_AND_MAIN    (CONFIG_LCORES_MAX + 1u)
#define START_LIMIT_MS     5000u
#define LINK_LIMIT_MS      1000u

static int dpdk_error(struct error *error, const struct port *port, const char *what, int status)
{
	char said[DPDK_LOG_TEXT_SIZE];

	return error_set(error, ERROR_SYSTEM, "port %s: %s: %s; DPDK said: %s", port->config->name,
	                 what, strerror(-status), dpdk_log_recent(said));
}

static int find(struct port *port, struct error *error)
{
	char name[CONFIG_DEVARGS_SIZE];

	eal_device_name(port->config, name);
	if (rte_eth_dev_get_port_by_name(name, &port->id) != 0) {
		char said[DPDK_LOG_TEXT_SIZE];
		return error_set(
		        error, ERROR_NOT_FOUND,
		        "port %s: no DPDK driver took %s; check its devargs; DPDK said: %s",
		        port->config->name, port->config->device, dpdk_log_recent(said));
	}
	return 0;
}

static int choose_queues(struct port *port, const struct rte_eth_dev_info *info,
                         unsigned worker_count, struct error *error)
{
	const struct config_port *config = port->config;
	unsigned queues = eal_port_queues(config, worker_count);
	char pairs[16];

	queues = RTE_MIN(queues, info->max_rx_queues);
	queues = RTE_MIN(queues, info->max_tx_queues);
	port->queues = (uint16_t)RTE_MAX(queues, 1u);
	/* The kernel shares frames out over all of af_packet's queue pairs, polled or not. */
	if (eal_device_argument(config, "qpairs", pairs, sizeof(pairs)) &&
	    strtoul(pairs, NULL, 10) > port->queues)
		return error_set(error, ERROR_ARGUMENT,
		                 "port %s: the device has qpairs=%s but only %u are polled: the "
		                 "others' frames would be lost; leave qpairs out, queues sets it",
		                 config->name, pairs, port->queues);
	if (port->queues < config->queues)
		log_event(LOG_LEVEL_WARNING, "fewer-queues",
		          "port %s: %u of %u queues: the device has %u, its profile allows %u, and "
		          "%u cores poll",
		          config->name, port->queues, config->queues, info->max_rx_queues,
		          config->driver.max_queues, worker_count);
	return 0;
}

static int make_pool(struct port *port, const uint16_t descriptors[2], uint32_t more_buffers,
                     struct error *error)
{
	char name[POOL_NAME_SIZE];
	char repeated[8];
	uint32_t frame = RTE_MAX((uint32_t)port->mtu + (uint32_t)PORT_FRAME_OVERHEAD,
	                         eal_device_frame_size(port->config));
	uint32_t room = RTE_PKTMBUF_HEADROOM + frame;
	uint32_t count = port->queues * ((uint32_t)descriptors[0] + descriptors[1]) + POOL_EXTRA +
	                 LCORES_AND_MAIN * 2 + more_buffers;

	/* net_pcap keeps a file that it repeats in buffers of this pool. */
	if (eal_device_argument(port->config, "infinite_rx", repeated, sizeof(repeated)))
		count += POOL_REPEATED_FILE;
	room = RTE_MAX(RTE_ALIGN_CEIL(room, RTE_CACHE_LINE_SIZE),
	               (uint32_t)RTE_MBUF_DEFAULT_BUF_SIZE);
	if (room > UINT16_MAX)
		return error_set(error, ERROR_ARGUMENT, "port %s: mtu %u does not fit a buffer",
		                 port->config->name, port->mtu);
	(void)snprintf(name, sizeof(name), "port%u", port->id);
	port->pool = buffer_pool_create(name, count, POOL_CACHE, (uint16_t)room,
	                                rte_eth_dev_socket_id(port->id));
	if (port->pool == NULL)
		return error_set(error, ERROR_MEMORY,
		                 "port %s: no memory for %" PRIu32 " buffers of %" PRIu32
		                 " octets; raise eal.memory",
		                 port->config->name, count, room);
	return 0;
}

static bool interface_carries(const char *interface, uint16_t mtu)
{
	struct ifreq request;
	int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memset(&request, 0, sizeof(request));
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	bool known = probe >= 0 && ioctl(probe, SIOCGIFMTU, &request) == 0;
	if (probe >= 0)
		(void)close(probe);
	return known && request.ifr_mtu >= mtu;
}

/* Some drivers leave the MTU to the interface below them. */
static void set_mtu(const struct port *port)
{
	char interface[IF_NAMESIZE] = "NAME";
	int status = rte_eth_dev_set_mtu(port->id, port->mtu);

	if (status == 0 || (status == -ENOTSUP && port->mtu <= RTE_ETHER_MTU))
		return;
	if (eal_device_argument(port->config, "iface", interface, sizeof(interface)) &&
	    interface_carries(interface, port->mtu))
		return;
	log_event(LOG_LEVEL_WARNING, "mtu-not-set",
	          "port %s: the driver did not take mtu %u (%s); set it on the interface below it, "
	          "if any: ip link set %s mtu %u",
	          port->config->name, port->mtu, strerror(-status), interface, port->mtu);
}

static int set_up_queues(struct port *port, uint16_t descriptors[2], struct error *error)
{
	int socket = rte_eth_dev_socket_id(port->id);
	unsigned node = socket < 0 ? (unsigned)SOCKET_ID_ANY : (unsigned)socket;
	int status;

	for (uint16_t queue = 0; queue < port->queues; queue++) {
		if ((status = rte_eth_rx_queue_setup(port->id, queue, descriptors[0], node, NULL,
		                                     port->pool)) != 0)
			return dpdk_error(error, port, "receive queue", status);
		if ((status = rte_eth_tx_queue_setup(port->id, queue, descriptors[1], node,
		                                     NULL)) != 0)
			return dpdk_error(error, port, "transmit queue", status);
	}
	return 0;
}

static int configure(struct port *port, unsigned worker_count, uint32_t more_buffers,
                     struct error *error)
{
	const struct config_driver *driver = &port->config->driver;
	uint16_t descriptors[2] = {driver->rx_descriptors, driver->tx_descriptors};
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	int status;

	memset(&conf, 0, sizeof(conf));
	if ((status = rte_eth_dev_info_get(port->id, &info)) != 0)
		return dpdk_error(error, port, "its capabilities", status);
	if ((status = choose_queues(port, &info, worker_count, error)) != 0 ||
	    (status = nic_clock_choose(port->config,
	                               (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) != 0,
	                               &port->nic_clock, error)) != 0)
		return status;
	if (port->nic_clock.wanted)
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
	if (port->queues > 1 && driver->rss && info.flow_type_rss_offloads != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & RSS_WANTED;
	}
	if (driver->checksum_offload &&
	    (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0) {
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
		port->offload_ip_checksum = true;
	}
	/* A driver that announces less than the MTU may still be told on the interface below it: set_mtu. */
	if (port->mtu + PORT_FRAME_OVERHEAD <= info.max_rx_pktlen)
		conf.rxmode.mtu = port->mtu;
	if ((status = rte_eth_dev_configure(port->id, port->queues, port->queues, &conf)) != 0)
		return dpdk_error(error, port, "configuration", status);
	if ((status = rte_eth_dev_adjust_nb_rx_tx_desc(port->id, &descriptors[0],
	                                               &descriptors[1])) != 0)
		return dpdk_error(error, port, "descriptors", status);
	if ((status = make_pool(port, descriptors, more_buffers, error)) != 0)
		return status;
	set_mtu(port);
	if ((status = set_up_queues(port, descriptors, error)) != 0)
		return status;
	if ((status = rte_eth_macaddr_get(port->id, &port->mac)) != 0)
		return dpdk_error(error, port, "its MAC address", status);
	return 0;
}

int port_open(const struct config_port *config, unsigned worker_count, uint32_t more_buffers,
              struct port *port, struct error *error)
{
	int status;

	memset(port, 0, sizeof(*port));
	port->config = config;
	port->mtu = config->mtu;
	if ((status = find(port, error)) != 0)
		return status;
	port->open = true;
	if (config->exception == EXCEPTION_BIFURCATED)
		status = flow_rules_isolate(port->id, config, error);
	if (status == 0)
		status = configure(port, worker_count, more_buffers, error);
	if (status != 0)
		port_close(port);
	return status;
}

int port_start(struct port *port, struct error *error)
{
	struct call_limit limit;
	int multicast;

	call_limit_begin(&limit, START_LIMIT_MS);
	int status = rte_eth_dev_start(port->id);
	bool late = call_limit_end(&limit);
	if (status != 0 && late)
		return error_set(error, ERROR_UNAVAILABLE,
		                 "port %s: it did not start within %u s; of a memif: the server "
		                 "takes nobody, restart it",
		                 port->config->name, START_LIMIT_MS / 1000);
	if (status != 0)
		return dpdk_error(error, port, "start", status);
	port->started = true;
	port->link_up = true; /* so that a link that is down is told */
	multicast = rte_eth_allmulticast_enable(port->id);
	if (port->config->driver.promiscuous || multicast != 0) {
		status = rte_eth_promiscuous_enable(port->id);
		if (status != 0)
			log_event(LOG_LEVEL_WARNING, "no-promiscuous",
			          "port %s: neither all multicast nor promiscuous mode (%s): IPv6 "
			          "neighbours may not find it",
			          port->config->name, strerror(-status));
	}
	status = nic_clock_start(port->config, port->id, &port->nic_clock, error);
	if (status != 0)
		port_stop(port);
	return status;
}

void port_stop(struct port *port)
{
	if (!port->started)
		return;
	(void)rte_eth_dev_stop(port->id);
	port->started = false;
}

void port_close(struct port *port)
{
	if (!port->open)
		return;
	(void)rte_eth_dev_close(port->id);
	rte_mempool_free(port->pool);
	port->pool = NULL;
	port->open = false;
}

bool port_link_is_up(uint16_t port_id)
{
	struct rte_eth_link link;
	struct call_limit limit;

	memset(&link, 0, sizeof(link));
	call_limit_begin(&limit, LINK_LIMIT_MS);
	int status = rte_eth_link_get_nowait(port_id, &link);
	(void)call_limit_end(&limit);
	return status == 0 && link.link_status == RTE_ETH_LINK_UP;
}

void port_watch_link(struct port *port)
{
	bool up = port_link_is_up(port->id);

	if (up != port->link_up)
		log_event(LOG_LEVEL_INFO, "link", "port %s: link %s", port->config->name,
		          up ? "up" : "down");
	port->link_up = up;
}

static size_t append_addresses(const struct config_prefix *addresses, unsigned count, char *text,
                               size_t used)
{
	char address[ADDRESS_TEXT_SIZE];

	for (unsigned i = 0; i < count && used < PORT_TEXT_SIZE; i++)
		used += (size_t)snprintf(text + used, PORT_TEXT_SIZE - used, " %s/%u",
		                         address_format(&addresses[i].address, address),
		                         addresses[i].length);
	return used;
}

const char *port_format(const struct port *port, char text[PORT_TEXT_SIZE])
{
	const struct config_port *config = port->config;
	struct rte_eth_dev_info info;
	char mac[RTE_ETHER_ADDR_FMT_SIZE];

	memset(&info, 0, sizeof(info));
	(void)rte_eth_dev_info_get(port->id, &info);
	rte_ether_format_addr(mac, sizeof(mac), &port->mac);
	size_t used = (size_t)snprintf(
	        text, PORT_TEXT_SIZE, "%s (%s %s mtu %u queues %u", config->name,
	        info.driver_name != NULL ? info.driver_name : "?", mac, port->mtu, port->queues);
	used = append_addresses(config->addresses, config->address_count, text, used);
	for (unsigned i = 0; i < config->vlan_count && used < PORT_TEXT_SIZE; i++) {
		const struct config_vlan *vlan = &config->vlans[i];
		used += (size_t)(vlan->outer_id != 0
		                         ? snprintf(text + used, PORT_TEXT_SIZE - used,
		                                    " vlan %u.%u", vlan->outer_id, vlan->id)
		                         : snprintf(text + used, PORT_TEXT_SIZE - used, " vlan %u",
		                                    vlan->id));
		if (used < PORT_TEXT_SIZE)
			used = append_addresses(vlan->addresses, vlan->address_count, text, used);
	}
	if (used < PORT_TEXT_SIZE - 1)
		(void)snprintf(text + used, PORT_TEXT_SIZE - used, ")");
	return text;
}
