/* SPDX-License-Identifier: BSD-3-Clause */
/** A port whose receive queue repeats requests of a world without end: DPDK's net_pcap with infinite_rx on a file in memory. */
#ifndef SPECULAR_BENCH_CAPTURE_PORT_H
#define SPECULAR_BENCH_CAPTURE_PORT_H

#include "traffic.h"

struct rte_mempool;

/** What the driver can hold of a file. */
#define CAPTURE_PACKETS_MAX 32768u
#define CAPTURE_PACKETS_MIN 1024u /**< of few sessions, so that captures differ in sessions only */

struct capture_port {
	uint16_t id;
	char name[32]; /**< of the device; "" when it is not open */
	struct rte_mempool *pool;
};

/**
 * Opens and starts the port number, whose file has as many requests of payload octets as there are sessions (within the bounds above),
 * each session once or as often as another, in random order. Sequence numbers repeat with the file. ERROR_SYSTEM.
 */
int capture_port_open(struct capture_port *port, unsigned number, struct traffic *traffic,
                      uint16_t payload, struct error *error);
void capture_port_close(struct capture_port *port);

#endif
