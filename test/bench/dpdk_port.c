/* SPDX-License-Identifier: BSD-3-Clause */
#include "dpdk_port.h"

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "reflect/buffer_pool.h"

/* What is on its way: descriptors of both queues, bursts in hand, caches of the lcores. */
#define POOL_MBUFS    8192u
#define POOL_CACHE    256u
#define ARGUMENT_SIZE 64u

/** The last two CPUs that this process may use; one of them twice when there is no other. */
static void choose_cpus(unsigned cpus[2])
{
	cpu_set_t allowed;

	cpus[0] = cpus[1] = 0;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return;
	unsigned found = 0;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		cpus[0] = found++ == 0 ? cpu : cpus[1];
		cpus[1] = cpu;
	}
}

int dpdk_start(const char *program, struct error *error)
{
	/* EAL keeps them. */
	static char arguments[][ARGUMENT_SIZE] = {
	        "",
	        "",
	        "--main-lcore=0",
	        "--no-huge",
	        "--no-shconf",
	        "-m512",
	        "--no-telemetry",
	        "--no-pci",
	        "--log-level=error",
	};
	char *vector[sizeof(arguments) / sizeof(arguments[0]) + 1] = {NULL};
	const int count = (int)(sizeof(arguments) / sizeof(arguments[0]));
	unsigned cpus[2];

	choose_cpus(cpus);
	(void)snprintf(arguments[0], ARGUMENT_SIZE, "%s", program);
	(void)snprintf(arguments[1], ARGUMENT_SIZE, "--lcores=0@%u,1@%u", cpus[0], cpus[1]);
	for (int i = 0; i < count; i++)
		vector[i] = arguments[i];
	if (rte_eal_init(count, vector) < 0)
		return error_set(error, ERROR_SYSTEM, "EAL: %s", rte_strerror(rte_errno));
	return 0;
}

void dpdk_stop(void)
{
	(void)rte_eal_cleanup();
}

int dpdk_port_pool(const char *name, unsigned held, struct rte_mempool **pool, struct error *error)
{
	*pool = buffer_pool_create(name, held + POOL_MBUFS, POOL_CACHE, RTE_MBUF_DEFAULT_BUF_SIZE,
	                           SOCKET_ID_ANY);
	return *pool != NULL ? 0
	                     : error_set(error, ERROR_MEMORY, "%s: no memory for %u buffers", name,
	                                 held + POOL_MBUFS);
}

int dpdk_port_open(const char *name, const char *arguments, struct rte_mempool *pool, uint16_t *id,
                   struct error *error)
{
	struct rte_eth_conf conf;
	int status = rte_eal_hotplug_add("vdev", name, arguments);

	memset(&conf, 0, sizeof(conf));
	if (status == 0)
		status = rte_eth_dev_get_port_by_name(name, id);
	if (status == 0)
		status = rte_eth_dev_configure(*id, 1, 1, &conf);
	if (status == 0)
		status = rte_eth_rx_queue_setup(*id, 0, DPDK_PORT_DESCRIPTORS,
		                                (unsigned)SOCKET_ID_ANY, NULL, pool);
	if (status == 0)
		status = rte_eth_tx_queue_setup(*id, 0, DPDK_PORT_DESCRIPTORS,
		                                (unsigned)SOCKET_ID_ANY, NULL);
	if (status == 0)
		status = rte_eth_dev_start(*id);
	return status == 0 ? 0
	                   : error_set(error, ERROR_SYSTEM,
	                               "port %s,%s: %s; is DPDK's driver "
	                               "installed?",
	                               name, arguments, rte_strerror(-status));
}

void dpdk_port_close(const char *name)
{
	uint16_t id;

	if (rte_eth_dev_get_port_by_name(name, &id) == 0) {
		(void)rte_eth_dev_stop(id);
		(void)rte_eth_dev_close(id);
	}
	(void)rte_eal_hotplug_remove("vdev", name);
}
