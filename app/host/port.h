/* SPDX-License-Identifier: BSD-3-Clause */
/** One DPDK port: found by its device's name, configured by its entry and driver profile, started and stopped. Slow path. */
#ifndef SPECULAR_HOST_PORT_H
#define SPECULAR_HOST_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>

#include "base/error.h"
#include "config/config.h"
#include "nic_clock.h"

struct rte_mempool;

/** Octets of a frame around its IP packet: Ethernet header and up to two VLAN tags. */
#define PORT_FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + 2u * 4u)
#define PORT_TEXT_SIZE      512u

struct port {
	const struct config_port *config;
	bool open;
	bool started;
	uint16_t id;
	uint16_t queues; /**< RX/TX pairs, not more than the device or the cores can */
	uint16_t mtu;
	struct rte_ether_addr mac;
	struct rte_mempool *pool; /**< received frames and frames from the kernel; owned */
	bool offload_ip_checksum; /**< RX flags of the IPv4 header checksum are valid */
	struct nic_clock nic_clock;
	bool link_up; /**< as last told by port_watch_link */
};

/**
 * Finds the port and configures its queues for worker_count polling lcores. The pool has buffers for these, and more_buffers for
 * whoever keeps some. Every error names the port and what to do. On an error nothing stays behind.
 */
int port_open(const struct config_port *config, unsigned worker_count, uint32_t more_buffers,
              struct port *port, struct error *error);
/** Starts the device, which takes five seconds at most (call_limit.h), and lets multicast in (IPv6 neighbour discovery needs it). */
int port_start(struct port *port, struct error *error);
void port_stop(struct port *port);
/** Also frees the mbufs' pool: nothing may hold its mbufs any more. */
void port_close(struct port *port);

/** What DPDK says of its link. A memif's client asks for its server meanwhile, for a second at most. */
bool port_link_is_up(uint16_t port_id);

/** Logs a change of the link. Called by a timer. */
void port_watch_link(struct port *port);

/** "port0 (net_af_packet, 02:00:00:00:00:01, 192.0.2.2/24 2001:db8::2/64)" for the start line; returns text. */
const char *port_format(const struct port *port, char text[PORT_TEXT_SIZE]);

#endif
