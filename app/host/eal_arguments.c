/* SPDX-License-Identifier: BSD-3-Clause */
#include "eal_arguments.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCI_SHORT_LENGTH 7u /* "01:00.0", without the domain */
#define AF_PACKET_DRIVER "net_af_packet"
#define AF_PACKET_OVERHEAD                                                                         \
	128u /* Ethernet header, VLAN tags, tpacket2 header and its sockaddr_ll */
#define AF_PACKET_FRAME_MINIMUM 2048u /* its default */
#define AF_PACKET_BLOCK         65536u
#define AF_PACKET_FRAME_COUNT   512u

uint64_t hugepages_free_mib(const char *sysfs)
{
	DIR *folder = opendir(sysfs);
	uint64_t free_kib = 0;
	struct dirent *entry;

	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL) {
		char path[512];
		uint64_t page_kib;
		uint64_t pages = 0;
		if (sscanf(entry->d_name, "hugepages-%" SCNu64 "kB", &page_kib) != 1)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s/free_hugepages", sysfs, entry->d_name);
		FILE *file = fopen(path, "re");
		if (file == NULL)
			continue;
		if (fscanf(file, "%" SCNu64, &pages) == 1)
			free_kib += pages * page_kib;
		(void)fclose(file);
	}
	(void)closedir(folder);
	return free_kib / 1024;
}

int hugepages_choose(const struct config_eal *eal, uint64_t free_mib, bool *use, bool *fallback,
                     struct error *error)
{
	bool enough = free_mib >= eal->memory_mib;

	*use = eal->hugepages != HUGEPAGES_NONE && enough;
	*fallback = eal->hugepages == HUGEPAGES_AUTO && !enough;
	if (eal->hugepages == HUGEPAGES_REQUIRED && !enough)
		return error_set(
		        error, ERROR_UNAVAILABLE,
		        "eal.hugepages is required, but of the %u MiB needed only %" PRIu64
		        " MiB are free; reserve some (echo %u > /proc/sys/vm/nr_hugepages) or "
		        "set eal.hugepages to auto",
		        eal->memory_mib, free_mib, eal->memory_mib / 2 + 1);
	return 0;
}

void eal_device_name(const struct config_port *port, char name[CONFIG_DEVARGS_SIZE])
{
	size_t length = strcspn(port->device, ",");
	const char *domain = !port->is_vdev && length == PCI_SHORT_LENGTH ? "0000:" : "";

	(void)snprintf(name, CONFIG_DEVARGS_SIZE, "%s%.*s", domain, (int)length, port->device);
}

bool eal_device_argument(const struct config_port *port, const char *key, char *value,
                         size_t value_size)
{
	size_t key_length = strlen(key);
	const char *at = strchr(port->device, ',');

	while (at != NULL) {
		at++;
		if (strncmp(at, key, key_length) == 0 && at[key_length] == '=') {
			const char *start = at + key_length + 1;
			size_t length = strcspn(start, ",");
			if (length >= value_size)
				return false;
			memcpy(value, start, length);
			value[length] = '\0';
			return true;
		}
		at = strchr(at, ',');
	}
	return false;
}

__attribute__((format(printf, 3, 4))) static int add(struct eal_arguments *arguments,
                                                     struct error *error, const char *format, ...)
{
	va_list list;

	if ((unsigned)arguments->count >= EAL_ARGUMENTS_MAX)
		return error_set(error, ERROR_LIMIT, "too many arguments for EAL");
	char *text = arguments->text[arguments->count];
	va_start(list, format);
	int length = vsnprintf(text, EAL_ARGUMENT_SIZE, format, list);
	va_end(list);
	if (length < 0 || (size_t)length >= EAL_ARGUMENT_SIZE)
		return error_set(error, ERROR_LIMIT, "an argument for EAL is too long: %.64s...",
		                 text);
	arguments->vector[arguments->count++] = text;
	arguments->vector[arguments->count] = NULL;
	return 0;
}

static int add_lcores(struct eal_arguments *arguments, const struct config_eal *eal,
                      struct error *error)
{
	char map[EAL_ARGUMENT_SIZE];
	int used = snprintf(map, sizeof(map), "--lcores=0@%u", eal->main_cpu);

	for (unsigned i = 0; i < eal->worker_count; i++)
		used += snprintf(map + used, sizeof(map) - (size_t)used, ",%u@%u", i + 1,
		                 eal->worker_cpus[i]);
	return add(arguments, error, "%s", map);
}

unsigned eal_port_queues(const struct config_port *port, unsigned worker_count)
{
	unsigned queues = port->queues;

	if (queues > port->driver.max_queues)
		queues = port->driver.max_queues;
	if (queues > worker_count)
		queues = worker_count;
	return queues > 0 ? queues : 1;
}

static bool is_af_packet(const struct config_port *port)
{
	return strncmp(port->device, AF_PACKET_DRIVER, strlen(AF_PACKET_DRIVER)) == 0;
}

uint32_t eal_device_frame_size(const struct config_port *port)
{
	char value[16];
	uint32_t size = AF_PACKET_FRAME_MINIMUM;

	if (!is_af_packet(port))
		return 0;
	if (eal_device_argument(port, "framesz", value, sizeof(value)))
		return (uint32_t)strtoul(value, NULL, 10);
	while (size < port->mtu + AF_PACKET_OVERHEAD)
		size *= 2;
	return size;
}

/* What af_packet's defaults lack for more queues or jumbo frames, unless the user chose it. */
static void af_packet_defaults(const struct config_port *port, unsigned queues, char *text,
                               size_t size)
{
	char value[16];
	uint32_t frame = eal_device_frame_size(port);
	size_t used = 0;

	text[0] = '\0';
	if (!is_af_packet(port))
		return;
	if (queues > 1 && !eal_device_argument(port, "qpairs", value, sizeof(value)))
		used = (size_t)snprintf(text, size, ",qpairs=%u", queues);
	if (frame == AF_PACKET_FRAME_MINIMUM ||
	    eal_device_argument(port, "framesz", value, sizeof(value)))
		return;
	(void)snprintf(text + used, size - used, ",framesz=%u,blocksz=%u,framecnt=%u", frame,
	               frame < AF_PACKET_BLOCK ? AF_PACKET_BLOCK : frame, AF_PACKET_FRAME_COUNT);
}

static int add_device(struct eal_arguments *arguments, const struct config_port *port,
                      unsigned worker_count, struct error *error)
{
	char name[CONFIG_DEVARGS_SIZE];
	char defaults[96];
	const char *own = strchr(port->device, ',');
	const char *profile = port->driver.devargs;

	eal_device_name(port, name);
	af_packet_defaults(port, eal_port_queues(port, worker_count), defaults, sizeof(defaults));
	return add(arguments, error, "%s%s%s%s%s%s", port->is_vdev ? "--vdev=" : "--allow=", name,
	           own != NULL ? own : "", profile[0] != '\0' ? "," : "", profile, defaults);
}

/** Arbitrary but the same for the same text: FNV-1a. */
static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 16777619u;
	return hash;
}

/** Telemetry's socket is in a folder of EAL's that has the prefix's name: each appliance has one of its own, the same at each start. */
static int add_telemetry(struct eal_arguments *arguments, const struct config_operation *operation,
                         struct error *error)
{
	if (operation->socket[0] == '\0')
		return add(arguments, error, "--no-telemetry");
	if (operation->socket_preset)
		return add(arguments, error, "--file-prefix=specular");
	return add(arguments, error, "--file-prefix=specular-%08" PRIx32,
	           hash_of(operation->socket));
}

int eal_arguments_build(const struct config *config, bool hugepages,
                        struct eal_arguments *arguments, struct error *error)
{
	bool any_pci = false;
	int status;

	arguments->count = 0;
	if ((status = add(arguments, error, "specular")) != 0 ||
	    (status = add_lcores(arguments, &config->eal, error)) != 0 ||
	    (status = add(arguments, error, "--main-lcore=0")) != 0)
		return status;
	if (hugepages) {
		/* No mount needed, nothing left behind by a crash. */
		if ((status = add(arguments, error, "--in-memory")) != 0 ||
		    (status = add(arguments, error, "--single-file-segments")) != 0)
			return status;
	} else {
		/* EAL refuses --in-memory here; --no-shconf keeps its files away as well. */
		if ((status = add(arguments, error, "--no-huge")) != 0 ||
		    (status = add(arguments, error, "--no-shconf")) != 0 ||
		    (status = add(arguments, error, "-m%u", config->eal.memory_mib)) != 0)
			return status;
	}
	if ((status = add_telemetry(arguments, &config->operation, error)) != 0)
		return status;
	for (unsigned i = 0; i < config->port_count; i++) {
		any_pci = any_pci || !config->ports[i].is_vdev;
		if ((status = add_device(arguments, &config->ports[i], config->eal.worker_count,
		                         error)) != 0)
			return status;
	}
	return any_pci ? 0 : add(arguments, error, "--no-pci");
}
