/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A NIC's clock for receive timestamps, disciplined like the TSC. Written against ethdev's API; no device that has it was at hand
 * to prove it.
 */
#ifndef SPECULAR_HOST_NIC_CLOCK_H
#define SPECULAR_HOST_NIC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "clock/tsc_clock.h"
#include "config/config.h"

struct nic_clock {
	bool wanted;   /**< RTE_ETH_RX_OFFLOAD_TIMESTAMP is to be asked for */
	bool readable; /**< started: clock turns the NIC's ticks into time */
	int rx_timestamp_offset;
	uint64_t rx_timestamp_flag;
	struct tsc_clock
	        clock; /**< its "TSC" is the NIC's clock. Written by the slow path, read by every lcore. */
};

/** Before the port is configured. capable: the port has the offload. ERROR_UNAVAILABLE when the profile insists on it in vain. */
int nic_clock_choose(const struct config_port *port, bool capable, struct nic_clock *clock,
                     struct error *error);

/** After the port's start, before polling: measures the clock's frequency for 50 ms. With timestamps: auto a failure means TSC. */
int nic_clock_start(const struct config_port *port, uint16_t port_id, struct nic_clock *clock,
                    struct error *error);

/** Every CLOCK_UPDATE_INTERVAL_MS. */
void nic_clock_update(uint16_t port_id, struct nic_clock *clock);

#endif
