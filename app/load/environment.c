/* SPDX-License-Identifier: BSD-3-Clause */
#include "environment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_version.h>

#include "clock/tsc_clock.h"
#include "crypto/digest.h"
#include "crypto/suite.h"
#include "port.h"

#define LINE_SIZE        1024u
#define BITS_PER_MEGABIT UINT64_C(1000000)
#define NS_PER_US        1000u

static void set(char text[RESULT_TEXT_SIZE], const char *value)
{
	(void)snprintf(text, RESULT_TEXT_SIZE, "%s", value);
}

static void read_cpu(char text[RESULT_TEXT_SIZE])
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[LINE_SIZE];

	set(text, "unknown");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *value = strchr(line, ':');
		if (strncmp(line, "model name", strlen("model name")) != 0 || value == NULL)
			continue;
		value += strspn(value, ": \t");
		(void)snprintf(text, RESULT_TEXT_SIZE, "%.*s", (int)strcspn(value, "\n"), value);
		break;
	}
	(void)fclose(file);
}

static void describe_reflectors(const struct load_config *config, char text[RESULT_TEXT_SIZE])
{
	char address[ADDRESS_TEXT_SIZE], server[ENDPOINT_TEXT_SIZE];
	size_t used = 0;

	for (unsigned i = 0; i < config->group_count && used < RESULT_TEXT_SIZE; i++) {
		bool seen = false;
		for (unsigned k = 0; k < i; k++)
			seen = seen || address_equal(&config->groups[k].reflector,
			                             &config->groups[i].reflector);
		if (!seen)
			used += (size_t)snprintf(
			        text + used, RESULT_TEXT_SIZE - used, "%s%s", i == 0 ? "" : ", ",
			        address_format(&config->groups[i].reflector, address));
	}
	if (used >= RESULT_TEXT_SIZE)
		return;
	if (config->peer == LOAD_PEER_SWAP)
		(void)snprintf(text + used, RESULT_TEXT_SIZE - used,
		               ", a forwarder that swaps addresses");
	else
		(void)snprintf(text + used, RESULT_TEXT_SIZE - used, ", control %s",
		               endpoint_format(&config->control.server, server));
}

void environment_begin(struct run_environment *environment, const struct load_config *config)
{
	struct utsname names;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	memset(environment, 0, sizeof(*environment));
	(void)clock_gettime(CLOCK_REALTIME, &environment->started);
	set(environment->version, "specular-load " SPECULAR_VERSION);
	if (uname(&names) == 0) {
		set(environment->host, names.nodename);
		(void)snprintf(environment->kernel, sizeof(environment->kernel), "%s %s %s",
		               names.sysname, names.release, names.machine);
	}
	read_cpu(environment->cpu);
	environment->cpus = cpus > 0 ? (unsigned)cpus : 0;
	set(environment->dpdk, rte_version());
	set(environment->device, config->host.ports[0].device);
	(void)snprintf(environment->config_path, sizeof(environment->config_path), "%s",
	               config->host.path);
	if (sha256_file(config->host.path, environment->config_sha256) != 0)
		environment->config_sha256[0] = '\0';
	describe_reflectors(config, environment->reflector);
	environment->link_rate = config->link_rate;
}

uint64_t environment_link_rate(const struct port *port)
{
	struct rte_eth_link link;

	memset(&link, 0, sizeof(link));
	if (rte_eth_link_get_nowait(port->id, &link) != 0 ||
	    link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN)
		return 0;
	return link.link_speed * BITS_PER_MEGABIT;
}

/** Drivers whose transmit ring is the other side's receive ring. */
static bool holds_back(const char *driver)
{
	return strcmp(driver, "net_memif") == 0 || strcmp(driver, "net_ring") == 0;
}

void environment_complete(struct run_environment *environment, const struct port *port,
                          const struct suite *suite, uint64_t tsc_hz, bool hugepages)
{
	struct clock_sample sample = clock_sample_take();
	struct rte_eth_dev_info info;

	memset(&info, 0, sizeof(info));
	if (rte_eth_dev_info_get(port->id, &info) == 0 && info.driver_name != NULL)
		set(environment->driver, info.driver_name);
	environment->lossless_link = holds_back(environment->driver);
	set(environment->crypto, suite_name(suite));
	environment->tsc_hz = tsc_hz;
	environment->hugepages = hugepages;
	if (environment->link_rate == 0)
		environment->link_rate = environment_link_rate(port);
	if (sample.synchronized)
		(void)snprintf(environment->timestamps, sizeof(environment->timestamps),
		               "TSC disciplined to CLOCK_REALTIME, synchronized, error %" PRIu64
		               " us",
		               (sample.kernel_error_ns + sample.uncertainty_ns) / NS_PER_US);
	else
		set(environment->timestamps,
		    "TSC disciplined to CLOCK_REALTIME, which is not synchronized");
}
