/* SPDX-License-Identifier: BSD-3-Clause */
/** From the configuration to EAL's command line. No EAL call, so that unit tests can read the result. */
#ifndef SPECULAR_HOST_EAL_ARGUMENTS_H
#define SPECULAR_HOST_EAL_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"

#define EAL_ARGUMENTS_MAX (16u + 2u * CONFIG_PORTS_MAX)
#define EAL_ARGUMENT_SIZE 768u
#define HUGEPAGES_SYSFS   "/sys/kernel/mm/hugepages"

/** argv for rte_eal_init, which may reorder the pointers. */
struct eal_arguments {
	int count;
	char text[EAL_ARGUMENTS_MAX][EAL_ARGUMENT_SIZE];
	char *vector[EAL_ARGUMENTS_MAX + 1];
};

/** Free hugepages of every size below a folder laid out as HUGEPAGES_SYSFS, in MiB; 0 when it cannot be read. */
uint64_t hugepages_free_mib(const char *sysfs);

/**
 * Decides by eal.hugepages and what is free. ERROR_UNAVAILABLE with the remedy when they are required and too few; *fallback is
 * true when they were wished for (auto) and too few.
 */
int hugepages_choose(const struct config_eal *eal, uint64_t free_mib, bool *use, bool *fallback,
                     struct error *error);

/**
 * Telemetry is on where there is an operation.socket, under a file prefix that follows from that path: "specular" for the preset one.
 * Lcore 0 is the slow path on eal.main_cpu, lcore i + 1 the polling lcore on eal.worker_cpus[i]. ERROR_LIMIT when something does
 * not fit EAL_ARGUMENT_SIZE.
 */
int eal_arguments_build(const struct config *config, bool hugepages,
                        struct eal_arguments *arguments, struct error *error);

/** The device's name as ethdev knows it: devargs cut off, a PCI address with its domain. */
void eal_device_name(const struct config_port *port, char name[CONFIG_DEVARGS_SIZE]);

/** The value of KEY=value in the port's devargs; false when it is not there or does not fit. */
bool eal_device_argument(const struct config_port *port, const char *key, char *value,
                         size_t value_size);

/** Queues that the port may use: as configured, but no more than its profile allows and cores poll. */
unsigned eal_port_queues(const struct config_port *port, unsigned worker_count);

/**
 * The largest frame that the device may hand over whatever the MTU is, 0 when the MTU bounds it: af_packet wants buffers as large
 * as its ring's frames.
 */
uint32_t eal_device_frame_size(const struct config_port *port);

#endif
