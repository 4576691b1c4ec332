/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * exception: bifurcated. The NIC steers test packets (UDP to our addresses and test ports) to DPDK's queues and leaves all else to
 * the kernel's interface, as mlx5 can. Written against rte_flow's API; no device that has it was at hand to prove it.
 */
#ifndef SPECULAR_HOST_FLOW_RULES_H
#define SPECULAR_HOST_FLOW_RULES_H

#include "base/error.h"
#include "config/config.h"
#include "port.h"

/** Before rte_eth_dev_configure: the port receives only what rules send it. ERROR_UNAVAILABLE when the driver cannot. */
int flow_rules_isolate(uint16_t port_id, const struct config_port *config, struct error *error);

/** After the port's start: one rule for each address and part of the port range. On an error none stays. */
int flow_rules_install(const struct port *port, const struct config_test *test,
                       struct error *error);

/** Removes every rule of the port; before its stop. */
void flow_rules_remove(const struct port *port);

#endif
